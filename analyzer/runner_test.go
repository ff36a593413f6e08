package analyzer_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a stage whose work is a function.
type fake struct {
	spec   analyzer.Spec
	params string
	work   func(context.Context, *analyzer.Job) (*analyzer.Result, error)

	mu   sync.Mutex
	runs int
}

func (f *fake) Spec() analyzer.Spec         { return f.spec }
func (f *fake) Params(*analyzer.Job) string { return f.params }
func (f *fake) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	f.mu.Lock()
	f.runs++
	f.mu.Unlock()
	if f.work == nil {
		return &analyzer.Result{}, nil
	}
	return f.work(ctx, job)
}

// bench is a library with three stages: package is required, speech optional,
// index rests on both.
type bench struct {
	store                    store.Library
	files                    *disk.Store
	data                     string
	packaging, speech, index *fake
	runner                   *analyzer.Runner
	intake                   *analyzer.Intake
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		data:      t.TempDir(),
		packaging: &fake{spec: analyzer.Spec{Name: "package", Version: 1}},
		speech:    &fake{spec: analyzer.Spec{Name: "speech", Version: 1, Needs: []string{"package"}, Optional: true}},
		index:     &fake{spec: analyzer.Spec{Name: "index", Version: 1, Needs: []string{"package", "speech"}, Optional: true}},
	}
	var err error
	if b.files, err = disk.Open(b.data); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), b.files.Path("cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b.store = db.In(models.DefaultWorkspace)
	pipeline, err := analyzer.NewPipeline(b.packaging, b.speech, b.index)
	if err != nil {
		t.Fatal(err)
	}
	b.runner = &analyzer.Runner{Pipeline: pipeline, Store: b.store, Files: b.files, Log: slog.New(slog.DiscardHandler)}
	b.intake = &analyzer.Intake{Pipeline: pipeline, Store: b.store, Sources: b.files, MaxSize: 1 << 20, MaxCaptions: 1 << 10}
	return b
}

// wav is the shortest file that the intake takes for sound.
func wav(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	header := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"
	if err := os.WriteFile(path, []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (b *bench) add(t *testing.T, opt analyzer.Options) *models.Video {
	t.Helper()
	v, err := b.intake.Add(t.Context(), wav(t, "talk.wav"), opt)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *bench) run(t *testing.T, id string) *models.Video {
	t.Helper()
	v, err := b.runner.Run(t.Context(), id, quiet{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type quiet struct{}

func (quiet) StageStarted(string)           {}
func (quiet) StageProgress(string, float64) {}
func (quiet) StageEnded(models.StageRun)    {}

func wantRuns(t *testing.T, v *models.Video, want string) {
	t.Helper()
	var got []string
	for _, r := range v.Runs {
		got = append(got, r.Stage+" "+string(r.Status))
	}
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("stages: %s\nwant:   %s", s, want)
	}
}

func wantLeft(t *testing.T, b *bench, pattern string, n int) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(b.data, pattern))
	if err != nil || len(left) != n {
		t.Errorf("%d of %s (%v), want %d: %v", len(left), pattern, err, n, left)
	}
}

// writes is the work of a stage that publishes a file with this content and
// one cue with this text.
func writes(text string) func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
	return func(_ context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		if err := os.WriteFile(job.Path("a.vtt"), []byte(text), 0o600); err != nil {
			return nil, err
		}
		return &analyzer.Result{
			Cues:      []models.Cue{{Kind: models.CueSpeech, End: time.Second, Text: text}},
			Artifacts: []models.Artifact{{Kind: models.ArtifactCaptions, Path: "a.vtt"}},
		}, nil
	}
}

func TestRunCommitsWhatStagesFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = writes("hello")
	b.index.work = func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		cues, err := job.Inputs.Cues(ctx, models.CueSpeech)
		if err != nil || len(cues) != 1 || cues[0].Text != "hello" {
			t.Errorf("speech cues: %v, %v", cues, err)
		}
		path, artifact, ok := job.Inputs.File("speech", models.ArtifactCaptions)
		if body, err := os.ReadFile(path); !ok || string(body) != "hello" || artifact.Path != "a.vtt" {
			t.Errorf("captions %q of %s: %v", body, path, err)
		}
		if dir := job.Inputs.Dir("speech"); filepath.Dir(path) != dir {
			t.Errorf("directory %s does not hold %s", dir, path)
		}
		if _, _, ok := job.Inputs.File("package", models.ArtifactHLS); ok || job.Inputs.Dir("package") != "" {
			t.Error("package published nothing, but there is something")
		}
		return &analyzer.Result{}, nil
	}
	v := b.run(t, b.add(t, analyzer.Options{}).ID)
	wantRuns(t, v, "package done, speech done, index done")
	if v.State != models.VideoReady || v.Error != nil {
		t.Errorf("video is %s (%v), want ready", v.State, v.Error)
	}
	wantLeft(t, b, "scratch/*", 0)
	wantLeft(t, b, "videos/*/*", 1)
}

func TestRunDoesNothingTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = writes("one")
	id := b.add(t, analyzer.Options{}).ID
	b.run(t, id)
	b.run(t, id)
	if b.packaging.runs != 1 || b.speech.runs != 1 || b.index.runs != 1 {
		t.Errorf("runs: %d, %d, %d, want one each", b.packaging.runs, b.speech.runs, b.index.runs)
	}
	// Other parameters: the stage runs again, and what rests on it.
	b.speech.params, b.speech.work = "other", writes("two")
	v := b.run(t, id)
	wantRuns(t, v, "package done, speech done, index done")
	if b.packaging.runs != 1 || b.speech.runs != 2 || b.index.runs != 2 {
		t.Errorf("runs: %d, %d, %d, want 1, 2, 2", b.packaging.runs, b.speech.runs, b.index.runs)
	}
	if v.Run("speech").Attempt != 2 {
		t.Errorf("attempt is %d, want 2", v.Run("speech").Attempt)
	}
}

func TestRunSaysWhatFailed(t *testing.T) {
	t.Parallel()
	noMedia := models.Errorf(models.CodeNoMedia, "nothing in it")
	fails := func(err error) func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
		return func(_ context.Context, job *analyzer.Job) (*analyzer.Result, error) {
			return nil, errors.Join(err, os.WriteFile(job.Path("half"), []byte("x"), 0o600))
		}
	}
	for name, test := range map[string]struct {
		change func(*bench)
		state  models.VideoState
		code   models.Code
		runs   string
	}{
		"required": {
			func(b *bench) { b.packaging.work = fails(noMedia) },
			models.VideoFailed, models.CodeNoMedia, "package failed, speech canceled, index canceled",
		},
		"optional": {
			func(b *bench) { b.speech.work = fails(noMedia) },
			models.VideoPartial, models.CodeNoMedia, "package done, speech failed, index done",
		},
		"skipped": {
			func(b *bench) {
				b.speech.work = fails(analyzer.Skip(models.Errorf(models.CodeModelMissing, "get one")))
			},
			models.VideoReady, "", "package done, speech skipped, index done",
		},
		"unknown error": {
			func(b *bench) { b.speech.work = fails(errors.New("secret")) },
			models.VideoPartial, models.CodeInternal, "package done, speech failed, index done",
		},
		"panic": {
			func(b *bench) {
				b.speech.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) { panic("oh") }
			},
			models.VideoPartial, models.CodeInternal, "package done, speech failed, index done",
		},
		"warning": {
			func(b *bench) {
				b.packaging.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
					return &analyzer.Result{Warning: models.Errorf(models.CodeTruncatedMedia, "short")}, nil
				}
			},
			models.VideoPartial, models.CodeTruncatedMedia, "package done, speech done, index done",
		},
		"artifact that is not there": {
			func(b *bench) {
				b.speech.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
					return &analyzer.Result{Artifacts: []models.Artifact{{Path: "none.vtt"}}}, nil
				}
			},
			models.VideoPartial, models.CodeInternal, "package done, speech failed, index done",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			test.change(b)
			v := b.run(t, b.add(t, analyzer.Options{}).ID)
			wantRuns(t, v, test.runs)
			if v.State != test.state || models.ErrorCode(asError(v.Error)) != test.code {
				t.Errorf("video is %s, %v; want %s, %s", v.State, v.Error, test.state, test.code)
			}
			if v.Error != nil && strings.Contains(v.Error.Message, "secret") {
				t.Errorf("the cause is shown: %s", v.Error.Message)
			}
			wantLeft(t, b, "scratch/*", 0)
		})
	}
}

// asError keeps a nil *models.Error from becoming a non-nil error.
func asError(e *models.Error) error {
	if e == nil {
		return nil
	}
	return e
}

func TestInterruptedRunResumes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	started := make(chan struct{})
	b.speech.work = func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		_ = os.WriteFile(job.Path("half"), []byte("x"), 0o600)
		close(started)
		<-ctx.Done()
		return &analyzer.Result{}, nil // as a library that takes a stop for the end
	}
	id := b.add(t, analyzer.Options{}).ID
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if _, err := b.runner.Run(ctx, id, quiet{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want the context's", err)
	}
	v, err := b.store.Video(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	wantRuns(t, v, "package done, speech pending, index pending")
	wantLeft(t, b, "scratch/*", 0)

	b.speech.work = writes("hello")
	v = b.run(t, id)
	wantRuns(t, v, "package done, speech done, index done")
	if b.packaging.runs != 1 {
		t.Errorf("package ran %d times, want once", b.packaging.runs)
	}
	if v.Run("speech").Attempt != 1 {
		t.Errorf("an interruption counted as attempt: %d", v.Run("speech").Attempt)
	}
}

func TestPipelineRefuses(t *testing.T) {
	t.Parallel()
	stage := func(name string, optional bool, needs ...string) analyzer.Stage {
		return &fake{spec: analyzer.Spec{Name: name, Version: 1, Optional: optional, Needs: needs}}
	}
	for name, stages := range map[string][]analyzer.Stage{
		"a name twice":                     {stage("a", false), stage("a", false)},
		"a need that is unknown":           {stage("a", false, "b")},
		"a need that stands later":         {stage("a", false, "b"), stage("b", false, "a")},
		"a name that is no file name":      {stage("../a", false)},
		"no version":                       {&fake{spec: analyzer.Spec{Name: "a"}}},
		"a need that is itself":            {stage("a", false, "a")},
		"a need twice":                     {stage("a", false), stage("b", false, "a", "a")},
		"required resting on the optional": {stage("a", true), stage("b", false, "a")},
	} {
		if _, err := analyzer.NewPipeline(stages...); err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
	p, err := analyzer.NewPipeline(stage("a", false), stage("b", true, "a"))
	if err != nil || !slices.Equal(p.Names(), []string{"a", "b"}) {
		t.Errorf("pipeline %v, %v", p.Names(), err)
	}
}
