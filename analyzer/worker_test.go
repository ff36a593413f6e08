package analyzer_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestAVideoGoesThroughItsStages(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		b.speech.work = writes("hello")
		b.index.work = func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
			cues, err := job.Inputs.Cues(ctx, models.CueSpeech)
			if err != nil || len(cues) != 1 || cues[0].Text != "hello" {
				t.Errorf("speech cues: %v, %v", cues, err)
			}
			path, artifact, err := job.Inputs.File(ctx, "speech", models.ArtifactCaptions)
			if body, read := os.ReadFile(path); err != nil || string(body) != "hello" || artifact.Path != "a.vtt" {
				t.Errorf("captions %q of %s: %v, %v", body, path, err, read)
			}
			if _, _, err := job.Inputs.File(ctx, "package", models.ArtifactHLS); models.ErrorCode(err) != models.CodeNotFound {
				t.Errorf("package published nothing: %v", err)
			}
			source, err := job.Inputs.Source(ctx)
			if body, read := os.ReadFile(source); err != nil || !strings.HasPrefix(string(body), "RIFF") {
				t.Errorf("source %q: %v, %v", body, err, read)
			}
			return &analyzer.Result{}, nil
		}
		id := b.add(t, analyzer.Options{})
		stop := start(t, b.worker(t, "one"))
		v := b.wait(t, id)
		stop()
		wantStatus(t, v, "package done, speech done, index done")
		if v.State != models.VideoReady || v.Error != nil {
			t.Errorf("video is %s (%v), want ready", v.State, v.Error)
		}
		wantLeft(t, b, "one/scratch/*", 0)
		wantLeft(t, b, "blobs/videos/*/*", 1)
		wantLeft(t, b, "blobs/videos/*/speech@"+v.Run("speech").Result.Run+"/a.vtt", 1)
		b.wantEvents(t, id, "video.created queued", "package pending", "speech pending", "index pending",
			"package running", "video.state processing", "package done", "speech running", "speech done",
			"index running", "index done", "video.state ready")
	})
}

// wantEvents compares what was recorded of a video, in short.
func (b *bench) wantEvents(t *testing.T, id string, want ...string) {
	t.Helper()
	events, err := b.db.Events(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		switch {
		case e.VideoID != id || e.Workspace != workspace:
		case e.Stage == "":
			got = append(got, string(e.Type)+" "+string(e.State))
		default:
			got = append(got, e.Stage+" "+string(e.Status))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("events:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNothingIsDoneTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = writes("one")
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{})
	b.wait(t, id)
	if again := b.add(t, analyzer.Options{}); again != id {
		t.Errorf("the same bytes are the videos %s and %s", id, again)
	}
	b.wait(t, id)
	b.packaging.wantRuns(t, 1)
	b.speech.wantRuns(t, 1)
	b.index.wantRuns(t, 1)

	// Other settings: the stage runs again, and what rests on it.
	b.speech.becomes("other", writes("two"))
	b.add(t, analyzer.Options{})
	v := b.wait(t, id)
	wantStatus(t, v, "package done, speech done, index done")
	b.packaging.wantRuns(t, 1)
	b.speech.wantRuns(t, 2)
	b.index.wantRuns(t, 2)
}

func TestRerun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = writes("one")
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{})
	before := b.wait(t, id).Run("speech").Result
	if err := b.control.Rerun(t.Context(), workspace, id, []string{"speech"}, false); err != nil {
		t.Fatal(err)
	}
	b.wait(t, id)
	b.speech.wantRuns(t, 1) // its result stands

	begun, end := make(chan struct{}, 1), make(chan struct{})
	b.speech.becomes("", hangs(begun, end, writes("two")))
	if err := b.control.Rerun(t.Context(), workspace, id, []string{"speech"}, true); err != nil {
		t.Fatal(err)
	}
	<-begun
	if got := b.said(t, id); got != "one" {
		t.Errorf("while it runs again the transcript is %q, want the old one", got)
	}
	close(end)
	v := b.wait(t, id)
	b.packaging.wantRuns(t, 1)
	b.speech.wantRuns(t, 2)
	b.index.wantRuns(t, 2)
	if got := b.said(t, id); got != "two" || v.Run("speech").Result.Run == before.Run {
		t.Errorf("transcript %q, result %+v", got, v.Run("speech").Result)
	}
	wantLeft(t, b, "blobs/videos/*/speech@*", 2) // who plays the old one still can
	if err := b.control.Rerun(t.Context(), workspace, id, []string{"none"}, true); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("a stage that does not exist: %v", err)
	}
}

// said is the transcript as it can be read now.
func (b *bench) said(t *testing.T, id string) string {
	t.Helper()
	cues, err := b.lib.Cues(t.Context(), store.CueQuery{VideoID: id, Kind: models.CueSpeech})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, cue := range cues {
		all = append(all, cue.Text)
	}
	return strings.Join(all, " ")
}

func TestAWorkerThatStopsHandsBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		begun := make(chan struct{}, 1)
		b.speech.becomes("", hangs(begun, nil, nil))
		id := b.add(t, analyzer.Options{})
		stop := start(t, b.worker(t, "one"))
		<-begun
		stop()
		v, err := b.lib.Video(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, v, "package done, speech pending, index pending")
		wantLeft(t, b, "one/scratch/*", 0)

		b.speech.becomes("", writes("hello"))
		start(t, b.worker(t, "two"))
		v = b.wait(t, id)
		wantStatus(t, v, "package done, speech done, index done")
		b.packaging.wantRuns(t, 1)
		if got := v.Run("speech"); got.Attempt != 1 || got.Losses != 0 {
			t.Errorf("being handed back counted: %+v", got)
		}
	})
}

func TestAWorkerWaitsForWhatEndsInItsGrace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun, end := make(chan struct{}, 1), make(chan struct{})
	b.speech.becomes("", hangs(begun, end, writes("hello")))
	id := b.add(t, analyzer.Options{})
	w := b.worker(t, "one")
	w.Grace = time.Hour
	stop := start(t, w)
	<-begun
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	close(end)
	<-stopped
	v, err := b.lib.Video(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if run := v.Run("speech"); run.Status != models.StageDone || run.Attempt != 1 {
		t.Errorf("speech is %+v", run)
	}
	wantLeft(t, b, filepath.Join("blobs/videos", id, "speech@*"), 1)
}

func TestAStageThatHangsIsStopped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.spec.Pace = 1e-6 // of the six hours that a video without a duration may have
	b.speech.becomes("", func(ctx context.Context, _ *analyzer.Job) (*analyzer.Result, error) {
		<-ctx.Done()
		return &analyzer.Result{}, nil // as a library that takes a stop for the end
	})
	w := b.worker(t, "one")
	w.GiveNoTime()
	start(t, w)
	v := b.wait(t, b.add(t, analyzer.Options{}))
	wantStatus(t, v, "package done, speech failed, index done")
	if run := v.Run("speech"); run.Error.Code != models.CodeStageTimeout || run.Failures != 3 {
		t.Errorf("speech is %+v", run)
	}
}

func TestAWorkerThatIsToldToEndBeforeItBegan(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.worker(t, "w").Run(ctx); err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
}
