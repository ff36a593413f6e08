package stages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/analyzertest"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/models/weights"
	"github.com/cuepoint/cuepoint/transcribe"
)

const length = 3 * time.Second

// hears is an engine that hears the same whatever it is asked.
type hears struct {
	heard models.Transcript
	err   error
	asked atomic.Pointer[transcribe.Request]
}

func (h *hears) Transcribe(ctx context.Context, r transcribe.Request, on transcribe.Handler) (*models.Transcript, error) {
	h.asked.Store(&r)
	on.Progress(0.5)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := h.heard
	for _, s := range t.Segments {
		on.Segment(s)
	}
	return &t, h.err
}

// speechBundle is a speech stage with a model "m" and a detector "v" that its
// host has.
type speechBundle struct {
	*Speech
	engine *hears
	job    analyzer.Job
	pulls  atomic.Int32
}

const modelBytes = "the weights of a model"

func setupSpeech(t *testing.T) *speechBundle {
	t.Helper()
	b := &speechBundle{engine: &hears{heard: models.Transcript{
		Language: "en", Source: models.SourceRecognized, Model: "file",
		Segments: []models.Segment{{
			Start: time.Second, End: 5 * time.Second, Text: "Hello there.", Confidence: 0.5,
			Words: []models.Word{
				{Text: "Hello", Start: time.Second, End: 2 * time.Second, Confidence: 0.5},
				{Text: "there.", Start: 2 * time.Second, End: 5 * time.Second, Confidence: 0.5},
			},
		}},
	}}}
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b.pulls.Add(1)
		w.Write([]byte(modelBytes))
	}))
	t.Cleanup(host.Close)
	sum := sha256.Sum256([]byte(modelBytes))
	store := weights.New(filepath.Join(t.TempDir(), "models"))
	store.BaseURL = host.URL
	for _, name := range []string{"m", "v"} {
		store.Catalogue = append(store.Catalogue, weights.Model{
			Name: name, File: name + ".bin", Bytes: int64(len(modelBytes)), SHA256: hex.EncodeToString(sum[:]),
		})
	}
	b.Speech = NewSpeech(SpeechConfig{
		Engine: b.engine, FFmpeg: testenv.FFmpeg(t), Models: store, Model: "m", VAD: "v", Pull: true,
	})
	sound := t.TempDir()
	if err := os.WriteFile(filepath.Join(sound, "speech.flac"), []byte("sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.job = analyzer.Job{
		Video: &models.Video{Media: &models.MediaInfo{Duration: length}},
		Inputs: &analyzertest.Inputs{Published: map[string]analyzertest.Published{
			"package": {Dir: sound, Artifacts: []models.Artifact{{Kind: models.ArtifactSpeech, Path: "speech.flac"}}},
		}},
	}
	return b
}

// bringCaptions has a job's video come with captions.
func bringCaptions(job *analyzer.Job, path string) {
	job.Video.Captions = &models.Sidecar{Name: filepath.Base(path), SHA256: "hash of " + filepath.Base(path)}
	job.Inputs.(*analyzertest.Inputs).CaptionsFile = path
}

// run runs the stage and returns the transcript in its cues.
func (b *speechBundle) run(t *testing.T) (models.Transcript, *analyzer.Result, string) {
	t.Helper()
	result, scratch := analyzertest.Run(t, b.Speech, b.job)
	got, err := models.TranscriptOf(result.Cues)
	if err != nil {
		t.Fatal(err)
	}
	return got, result, scratch
}

// fails runs the stage, which must not succeed.
func (b *speechBundle) fails(t *testing.T) error {
	t.Helper()
	job := b.job
	job.Scratch, job.Progress, job.Log = t.TempDir(), func(float64) {}, slog.New(slog.DiscardHandler)
	job.Provisional = func(...models.Cue) {}
	_, err := b.Run(t.Context(), &job)
	if err == nil {
		t.Fatal("no error")
	}
	return err
}

func TestSpeechKeepsTheStageContract(t *testing.T) {
	t.Parallel()
	t.Run("listening", func(t *testing.T) {
		t.Parallel()
		b := setupSpeech(t)
		analyzertest.StageContract(t, b.Speech, b.job)
	})
	t.Run("importing", func(t *testing.T) {
		t.Parallel()
		b := setupSpeech(t)
		bringCaptions(&b.job, "testdata/speech/talk.de.vtt")
		analyzertest.StageContract(t, b.Speech, b.job)
	})
}

func TestSpeechListens(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	b.job.Video.Language = "en"
	got, result, scratch := b.run(t)
	want := b.engine.heard
	want.Model = "m"
	want.Segments = transcribe.Fit(want.Segments, length)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	asked := *b.engine.asked.Load()
	dir := b.Models.Dir
	if diff := cmp.Diff(transcribe.Request{
		Audio: asked.Audio, Model: filepath.Join(dir, "m.bin"), VAD: filepath.Join(dir, "v.bin"), Language: "en", Duration: length,
	}, asked); diff != "" || filepath.Base(asked.Audio) != "speech.flac" {
		t.Errorf("asked for %s: %s", asked.Audio, diff)
	}
	var files []string
	for _, a := range result.Artifacts {
		files = append(files, a.Path)
		if a.Kind != models.ArtifactCaptions || a.Language != "en" || a.Type == "" {
			t.Errorf("artifact %+v", a)
		}
	}
	if diff := cmp.Diff([]string{"captions.en.vtt", "captions.en.srt", "captions.en.txt", "captions.en.json"}, files); diff != "" {
		t.Error(diff)
	}
	vtt, err := os.ReadFile(filepath.Join(scratch, "captions.en.vtt"))
	if err != nil || string(vtt) != "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nHello there.\n" {
		t.Errorf("%v\n%s", err, vtt)
	}
}

func TestSpeechTellsWhatItHearsAsItHearsIt(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	b.job.Video.Language = "en"
	job := b.job
	job.Scratch, job.Progress, job.Log = t.TempDir(), func(float64) {}, slog.New(slog.DiscardHandler)
	var told []models.Cue
	job.Provisional = func(cues ...models.Cue) { told = append(told, cues...) }
	result, err := b.Run(t.Context(), &job)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result.Cues, told); diff != "" || len(told) == 0 {
		t.Errorf("(-result +told):\n%s", diff)
	}
}

func TestSpeechWithoutWordsMakesNoCaptions(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	b.engine.heard.Segments = nil
	_, result, _ := b.run(t)
	if len(result.Cues)+len(result.Artifacts) > 0 {
		t.Errorf("result %+v", result)
	}
}

func TestSpeechImportsTheSidecar(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	bringCaptions(&b.job, "testdata/speech/talk.de.vtt")
	got, _, _ := b.run(t)
	want := models.Transcript{Language: "de", Source: models.SourceImported, Segments: []models.Segment{
		{Start: 500 * time.Millisecond, End: 1500 * time.Millisecond, Text: "Guten Tag.", Confidence: 1},
		{Start: 2 * time.Second, End: length, Text: "Ende & aus.", Confidence: 1},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// A library keeps the file under another name than the one it came with.
	b.job.Video.Captions.Name = "talk.fr.vtt"
	if got, _, _ := b.run(t); got.Language != "fr" {
		t.Errorf("language %q", got.Language)
	}
	b.job.Video.Language = "nl"
	if got, _, _ := b.run(t); got.Language != "nl" {
		t.Errorf("language %q", got.Language)
	}
	if b.engine.asked.Load() != nil {
		t.Error("the engine was asked")
	}
}

func TestSpeechRefusesASidecarThatIsNone(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	bringCaptions(&b.job, "speech_test.go")
	if err := b.fails(t); models.ErrorCode(err) != models.CodeCaptionsInvalid || analyzer.Skipped(err) != nil {
		t.Errorf("got %v", err)
	}
}

func TestSpeechSkipsWhatHasNoSound(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	b.job.Inputs = &analyzertest.Inputs{}
	if reason := analyzer.Skipped(b.fails(t)); reason == nil || reason.Code != models.CodeNotApplicable {
		t.Errorf("got %v", reason)
	}
}

func TestSpeechSkipsWithoutAModelAndSaysHowToGetIt(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	asked := 0
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.NotFound(w, r)
	}))
	defer host.Close()
	b.Models.BaseURL = host.URL
	for range 3 {
		reason := analyzer.Skipped(b.fails(t))
		if reason == nil || reason.Code != models.CodeModelMissing || !strings.Contains(reason.Message, "cuepoint models pull m") {
			t.Errorf("got %v", reason)
		}
	}
	if asked != 1 {
		t.Errorf("the host was asked %d times", asked)
	}
	// The model can be brought by hand meanwhile.
	if err := os.WriteFile(filepath.Join(b.Models.Dir, "m.bin"), []byte(modelBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	b.run(t)
	if vad := b.engine.asked.Load().VAD; vad != "" {
		t.Errorf("voice detection with %q", vad)
	}
}

func TestSpeechDoesNotDownloadUnlessAllowed(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	b.Pull = false
	if reason := analyzer.Skipped(b.fails(t)); reason == nil || reason.Code != models.CodeModelMissing {
		t.Errorf("got %v", reason)
	}
	if b.pulls.Load() > 0 {
		t.Error("the host was asked")
	}
}

func TestSpeechFailsOverADamagedModel(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	if err := os.MkdirAll(b.Models.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.Models.Dir, "m.bin"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.fails(t); models.ErrorCode(err) != models.CodeModelCorrupt || analyzer.Skipped(err) != nil {
		t.Errorf("got %v", err)
	}
}

func TestSpeechPassesTheEnginesErrorsOn(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	b.engine.err = models.Errorf(models.CodeEngineMissing, "cuepoint-speech is not installed")
	if err := b.fails(t); models.ErrorCode(err) != models.CodeEngineMissing || analyzer.Skipped(err) != nil {
		t.Errorf("got %v", err)
	}
}

func TestSpeechParamsNameWhatTheResultDependsOn(t *testing.T) {
	t.Parallel()
	b := setupSpeech(t)
	seen := map[string]string{}
	for name, change := range map[string]func(*analyzer.Job, *SpeechConfig){
		"as it is":       func(*analyzer.Job, *SpeechConfig) {},
		"language":       func(j *analyzer.Job, _ *SpeechConfig) { j.Video.Language = "de" },
		"captions":       func(j *analyzer.Job, _ *SpeechConfig) { bringCaptions(j, "testdata/speech/full.srt") },
		"other captions": func(j *analyzer.Job, _ *SpeechConfig) { bringCaptions(j, "testdata/speech/ganz.srt") },
		"captions' name": func(j *analyzer.Job, _ *SpeechConfig) {
			bringCaptions(j, "testdata/speech/full.srt")
			j.Video.Captions.Name = "x.de.srt"
		},
		"model":             func(_ *analyzer.Job, c *SpeechConfig) { c.Model = "v" },
		"detector":          func(_ *analyzer.Job, c *SpeechConfig) { c.VAD = "m" },
		"a model by a path": func(_ *analyzer.Job, c *SpeechConfig) { c.Model = "testdata/speech/full.srt" },
	} {
		job, config := b.job, b.SpeechConfig
		job.Video = new(*b.job.Video)
		change(&job, &config)
		params := NewSpeech(config).Params(&job)
		if other, ok := seen[params]; ok {
			t.Errorf("%s and %s have the same params %q", name, other, params)
		}
		seen[params] = name
	}
	before := b.Params(&b.job)
	b.run(t) // which brings the models
	if after := b.Params(&b.job); after != before {
		t.Errorf("params %q, then %q", before, after)
	}
}
