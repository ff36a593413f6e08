package analyzer_test

import (
	"context"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestPurgeForgetsAndRemoves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = writes("hello")
	w := b.worker(t, "one")
	start(t, w)
	id := b.add(t, analyzer.Options{})
	b.wait(t, id)
	purge := analyzer.Deletion{Purge: true}
	if err := b.control.Delete(t.Context(), workspace, id, purge); err != nil {
		t.Fatal(err)
	}
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, b, "blobs/*/*", 0)
	if err := b.control.Delete(t.Context(), workspace, id, purge); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("purged twice: %v", err)
	}
	purge.AllowMissing = true
	if err := b.control.Delete(t.Context(), workspace, id, purge); err != nil {
		t.Errorf("purged though it may be missing: %v", err)
	}
	if again := b.add(t, analyzer.Options{}); again == id {
		t.Error("a video came back under its id")
	}
}

// A video that is deleted while it is worked on is given up at once, and gone on
// with when it comes back.
func TestDeleteAndUndelete(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		begun, ended := make(chan struct{}, 2), make(chan struct{}, 2)
		b.speech.becomes("", func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
			begun <- struct{}{}
			<-ctx.Done()
			ended <- struct{}{}
			return nil, ctx.Err()
		})
		w := b.worker(t, "one")
		start(t, w)
		id := b.add(t, analyzer.Options{})
		ctx := analyzer.WithAnswer(t.Context(), func(ctx context.Context, lib store.TxLibrary, video string) error {
			return lib.PutOperation(ctx, models.Operation{ID: "o" + video, VideoID: video, Created: time.Now()})
		})
		if err := b.control.Replan(ctx, workspace, id); err != nil {
			t.Fatal(err)
		}
		<-begun
		before := time.Now()
		if err := b.control.Delete(t.Context(), workspace, id, analyzer.Deletion{}); err != nil {
			t.Fatal(err)
		}
		<-ended
		v, err := b.lib.Video(t.Context(), id)
		if err != nil || v.State != models.VideoDeleted || v.Purge.Before(before.Add(analyzer.KeepDeleted)) || v.Run("speech").Status == models.StageRunning {
			t.Errorf("deleted: %+v, %v", v, err)
		}
		if o, err := b.lib.Operation(t.Context(), "o"+id); err != nil || o.Error == nil || o.Error.Code != models.CodeCanceled {
			t.Errorf("its operation: %+v, %v", o, err)
		}
		for name, err := range map[string]error{
			"deleted":  b.control.Delete(t.Context(), workspace, id, analyzer.Deletion{}),
			"analyzed": b.control.Analyze(t.Context(), workspace, id),
			"another":  b.control.Undelete(t.Context(), workspace, "none"),
		} {
			if models.ErrorCode(err) != models.CodeNotFound {
				t.Errorf("%s while it is deleted: %v", name, err)
			}
		}
		if err := w.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.speech.becomes("", writes("hello"))
		if err := b.control.Undelete(t.Context(), workspace, id); err != nil {
			t.Fatal(err)
		}
		v = b.wait(t, id)
		wantStatus(t, v, "package done, speech done, index done")
		if v.Run("speech").Attempt != 1 || v.Revision != 0 {
			t.Errorf("undeleted: %+v", v)
		}
		b.packaging.wantRuns(t, 1)
		if err := b.control.Undelete(t.Context(), workspace, id); models.ErrorCode(err) != models.CodeAlreadyExists {
			t.Errorf("undeleted twice: %v", err)
		}
	})
}

func TestDeletedVideosAreForgottenInTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.control.KeepDeleted = time.Nanosecond
	w := b.worker(t, "one")
	id := b.add(t, analyzer.Options{})
	revision := int64(7)
	if err := b.control.Delete(t.Context(), workspace, id, analyzer.Deletion{IfRevision: &revision}); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("at another revision: %v", err)
	}
	if err := b.control.Delete(t.Context(), workspace, id, analyzer.Deletion{}); err != nil {
		t.Fatal(err)
	}
	again := b.add(t, analyzer.Options{}) // the same file
	if err := b.control.Undelete(t.Context(), workspace, id); models.ErrorCode(err) != models.CodeAlreadyExists {
		t.Errorf("its file came again: %v", err)
	}
	if err := w.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.lib.Video(t.Context(), id); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("after its time: %v", err)
	}
	if _, err := b.lib.Video(t.Context(), again); err != nil {
		t.Error(err)
	}
	wantLeft(t, b, "blobs/sources/*", 1)
}
