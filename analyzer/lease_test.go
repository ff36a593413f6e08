package analyzer_test

import (
	"context"
	"sync"
	"testing"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

// zombie is a stage's work that goes on whatever its context says, as a worker
// does that was stopped for a while and does not know.
func zombie(begun chan<- struct{}, end <-chan struct{}, text string) work {
	return func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		begun <- struct{}{}
		<-end
		return writes(text)(ctx, job)
	}
}

func TestALostAttemptIsTakenOverAndItsLateCommitChangesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		begun, end := make(chan struct{}, 1), make(chan struct{})
		b.speech.becomes("", inTurn(zombie(begun, end, "late"), writes("in time")))
		id := b.add(t, analyzer.Options{})
		still := b.worker(t, "still")
		still.StandStill() // it never beats, and never looks
		stop := start(t, still)
		<-begun
		start(t, b.worker(t, "other"))
		v := b.wait(t, id)
		wantStatus(t, v, "package done, speech done, index done")
		done := v.Run("speech")
		if done.Losses != 1 || done.Attempt != 2 || done.Failures != 0 {
			t.Errorf("speech is %+v", done)
		}
		close(end)
		stop() // which waits for the zombie
		if got := b.said(t, id); got != "in time" {
			t.Errorf("the transcript is %q", got)
		}
		after, err := b.lib.Video(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got := after.Run("speech"); got.Result != done.Result || got.Fence != done.Fence || got.Status != models.StageDone {
			t.Errorf("the late commit changed %+v\nto %+v", done, got)
		}
		b.index.wantRuns(t, 1)
	})
}

func TestAWorkerTakesUpAtOnceWhatItHadWhenItDied(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		begun, end := make(chan struct{}, 1), make(chan struct{})
		b.speech.becomes("", inTurn(zombie(begun, end, "late"), writes("in time")))
		id := b.add(t, analyzer.Options{})
		before := b.worker(t, "one")
		before.StandStill()
		stop := start(t, before)
		<-begun
		again := b.worker(t, "one-again")
		again.Name = "one" // the same data directory, after a crash
		again.NeverReap()
		start(t, again)
		wantStatus(t, b.wait(t, id), "package done, speech done, index done")
		close(end)
		stop()
		if got := b.said(t, id); got != "in time" {
			t.Errorf("the transcript is %q", got)
		}
	})
}

func TestManySubmissionsOfOneFileAreOneVideo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		b.speech.work = writes("hello")
		start(t, b.worker(t, "one"))
		path := wav(t, "talk.wav")
		ids := make([]string, 50)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				v, err := b.intake.Add(t.Context(), workspace, path, analyzer.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = v.ID
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("videos %s and %s", ids[0], id)
			}
		}
		wantStatus(t, b.wait(t, ids[0]), "package done, speech done, index done")
		b.packaging.wantRuns(t, 1)
		b.speech.wantRuns(t, 1)
		b.index.wantRuns(t, 1)
		wantLeft(t, b, "blobs/sources/*", 1)
	})
}
