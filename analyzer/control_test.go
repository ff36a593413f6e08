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

func TestDeleteForgetsAndRemoves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = writes("hello")
	w := b.worker(t, "one")
	start(t, w)
	id := b.add(t, analyzer.Options{})
	b.wait(t, id)
	if err := b.control.Delete(t.Context(), workspace, id); err != nil {
		t.Fatal(err)
	}
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, b, "blobs/*/*", 0)
	if err := b.control.Delete(t.Context(), workspace, id); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if again := b.add(t, analyzer.Options{}); again == id {
		t.Error("a video came back under its id")
	}
}
