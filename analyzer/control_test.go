package analyzer_test

import (
	"context"
	"testing"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		begun, ended := make(chan struct{}, 1), make(chan struct{})
		b.speech.becomes("", func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
			defer close(ended)
			if _, err := writes("half")(ctx, job); err != nil {
				return nil, err
			}
			begun <- struct{}{}
			<-ctx.Done()
			return &analyzer.Result{}, nil // as a library that takes a stop for the end
		})
		start(t, b.worker(t, "one"))
		id := b.add(t, analyzer.Options{})
		<-begun
		if err := b.control.Cancel(t.Context(), workspace, id); err != nil {
			t.Fatal(err)
		}
		<-ended
		v := b.wait(t, id)
		wantStatus(t, v, "package done, speech canceled, index canceled")
		if v.State != models.VideoCanceled || v.Error.Code != models.CodeCanceled {
			t.Errorf("video is %s, %v", v.State, v.Error)
		}
		if err := b.control.Cancel(t.Context(), workspace, id); models.ErrorCode(err) != models.CodeNotRunning {
			t.Errorf("canceled twice: %v", err)
		}
		if err := b.control.Cancel(t.Context(), workspace, "none"); models.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("a video that is not there: %v", err)
		}
		if took := v.Run("index").Elapsed(); took != 0 {
			t.Errorf("a stage that never began took %v", took)
		}
		wantLeft(t, b, "blobs/videos/*/speech@*", 0)

		b.speech.becomes("", writes("hello"))
		b.add(t, analyzer.Options{}) // the same file: it goes on
		wantStatus(t, b.wait(t, id), "package done, speech done, index done")
		b.packaging.wantRuns(t, 1)
		if err := b.control.Cancel(t.Context(), workspace, id); models.ErrorCode(err) != models.CodeNotRunning {
			t.Errorf("canceled after the end: %v", err)
		}
	})
}

// newer is the control of a program that has one more stage.
func (b *bench) newer(t *testing.T) (*analyzer.Control, *fake) {
	t.Helper()
	extra := &fake{spec: analyzer.Spec{Name: "extra", Version: 1, Class: analyzer.Light, Needs: []string{"speech"}, Optional: true}}
	pipeline, err := analyzer.NewPipeline(b.packaging, b.speech, b.index, extra)
	if err != nil {
		t.Fatal(err)
	}
	newer := *b.control
	newer.Pipeline = pipeline
	return &newer, extra
}

func TestAStageThatIsNewRunsForVideosThatWereReady(t *testing.T) {
	t.Parallel()
	b := setup(t)
	newer, extra := b.newer(t)
	w := b.worker(t, "one")
	w.Control = newer
	stop := start(t, b.worker(t, "older"))
	id := b.add(t, analyzer.Options{})
	b.wait(t, id)
	stop()
	start(t, w)
	for range 2 {
		if err := newer.Analyze(t.Context(), workspace, id); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, b.wait(t, id), "package done, speech done, index done, extra done")
	}
	for _, stage := range []*fake{b.packaging, b.speech, b.index, extra} {
		stage.wantRuns(t, 1)
	}
}

func TestAProgramLeavesStagesItDoesNotKnowToThoseThatDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	newer, extra := b.newer(t)
	begun, end := make(chan struct{}, 1), make(chan struct{})
	extra.work = inTurn(zombie(begun, end, "late"), writes("in time"))
	w := b.worker(t, "one")
	w.Control = newer
	w.StandStill()
	b.intake.Control = newer
	id := b.add(t, analyzer.Options{})
	stop := start(t, w)
	<-begun

	older := b.worker(t, "older")
	older.Name = "one" // it comes after the other, which it believes to have died
	if err := older.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.control.Replan(t.Context(), workspace, id); err != nil {
		t.Fatal(err)
	}
	v := b.until(t, id, func(*models.Video) bool { return true })
	if run := v.Run("extra"); run.Status != models.StageRunning || run.Fence != 1 {
		t.Errorf("the older program changed %+v", run)
	}

	again := b.worker(t, "again")
	again.Control, again.Name = newer, "one"
	start(t, again)
	b.until(t, id, func(v *models.Video) bool { return v.Run("extra").Status == models.StageDone })
	close(end)
	stop()
	extra.wantRuns(t, 2)
}

func TestAWarningStandsAsLongAsItsResult(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.packaging.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
		return &analyzer.Result{Warning: models.Errorf(models.CodeTruncatedMedia, "short")}, nil
	}
	b.speech.work = fails(analyzer.Skip(models.Errorf(models.CodeModelMissing, "get one")))
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{})
	for range 2 {
		v := b.wait(t, id)
		if v.State != models.VideoPartial || v.Error.Code != models.CodeTruncatedMedia {
			t.Errorf("video is %s, %v", v.State, v.Error)
		}
		b.add(t, analyzer.Options{}) // in the hope of a model
	}
	b.wait(t, id)
	b.packaging.wantRuns(t, 1)
}
