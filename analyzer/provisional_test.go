package analyzer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// tells is the work of a stage that tells so many cues and goes on.
func tells(count int, then work) work {
	return func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		for n := range count {
			job.Provisional(models.Cue{Kind: models.CueSpeech, End: time.Second, Text: fmt.Sprint("word ", n)})
		}
		return then(ctx, job)
	}
}

// after is the work of a stage that waits to be told to go on.
func after(end <-chan struct{}, then work) work {
	return func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		select {
		case <-end:
			return then(ctx, job)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// addNamed adds a video that is like no other.
func (b *bench) addNamed(t *testing.T, name string) string {
	t.Helper()
	path := wav(t, "talk.wav")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(name)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	v, err := b.intake.Add(t.Context(), workspace, path, analyzer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v.ID
}

// provisional is what can be seen of speech while it runs.
func (b *bench) provisional(t *testing.T, id, run string) (texts []string) {
	t.Helper()
	cues, err := b.lib.Provisional(t.Context(), store.ProvisionalQuery{VideoID: id, Stage: "speech", Run: run, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, cue := range cues {
		texts = append(texts, cue.Text)
	}
	return texts
}

// untilTold returns the run of speech once so many of its cues can be seen.
func (b *bench) untilTold(t *testing.T, id string, count int) models.StageRun {
	t.Helper()
	v := b.until(t, id, func(v *models.Video) bool { return len(b.provisional(t, id, v.Run("speech").ID)) == count })
	return *v.Run("speech")
}

func TestWhatAnAttemptTellsIsSeenBeforeItEndsAndNotAfter(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		const many = 1234 // more than fit in one beat
		end := make(chan struct{})
		b.speech.becomes("", tells(many, after(end, writes("whole"))))
		one := b.worker(t, "one")
		one.NeverReap() // however slow the machine is
		start(t, one)
		id := b.add(t, analyzer.Options{})
		run := b.untilTold(t, id, many)
		var want []string
		for n := range many {
			want = append(want, fmt.Sprint("word ", n))
		}
		if diff := cmp.Diff(want, b.provisional(t, id, run.ID)); diff != "" {
			t.Errorf("(-told +seen):\n%s", diff)
		}
		if said := b.said(t, id); said != "" || run.Status != models.StageRunning {
			t.Errorf("while it is %s, %q is said", run.Status, said)
		}
		close(end)
		wantStatus(t, b.wait(t, id), "package done, speech done, index done")
		if left := b.provisional(t, id, run.ID); left != nil || b.said(t, id) != "whole" {
			t.Errorf("of it %q is left, and %q is said", left, b.said(t, id))
		}
	})
}

func TestNothingProvisionalOutlivesItsAttempt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		one := b.worker(t, "one")
		one.NeverReap() // however slow the machine is
		start(t, one)
		for name, tt := range map[string]struct {
			then work
			do   func(id string) error
			want string
		}{
			"a failure": {fails(models.Errorf(models.CodeModelCorrupt, "damaged")), nil, "package done, speech failed, index done"},
			"a try that is not the last": {inTurn(fails(errors.New("once")), writes("hello")), nil,
				"package done, speech done, index done"},
			"a cancellation": {writes("never"), func(id string) error { return b.control.Cancel(t.Context(), workspace, id) },
				"package done, speech canceled, index canceled"},
			"a rerun": {writes("hello"), func(id string) error {
				return b.control.Rerun(t.Context(), workspace, id, []string{"speech"}, true)
			}, "package done, speech done, index done"},
		} {
			end := make(chan struct{})
			b.speech.becomes(name, inTurn(tells(3, after(end, tt.then)), tt.then))
			id := b.addNamed(t, name)
			run := b.untilTold(t, id, 3)
			if tt.do == nil {
				close(end)
			} else if err := tt.do(id); err != nil {
				t.Fatal(err)
			}
			b.until(t, id, func(v *models.Video) bool {
				return v.Run("speech").ID != run.ID || v.Run("speech").Status != models.StageRunning
			})
			if left := b.provisional(t, id, run.ID); left != nil {
				t.Errorf("after %s %q is left", name, left)
			}
			wantStatus(t, b.wait(t, id), tt.want)
		}
	})
}

func TestAnAttemptThatWasTakenBackTellsNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		more, end := make(chan struct{}), make(chan struct{})
		first := func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
			return tells(3, func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
				<-more // as a worker does that stood still
				return tells(2, writes("late"))(ctx, job)
			})(ctx, job)
		}
		b.speech.becomes("", inTurn(first, tells(1, after(end, writes("in time")))))
		id := b.add(t, analyzer.Options{})
		dead := b.worker(t, "one")
		dead.NeverReap()
		dead.Slots[analyzer.CPU] = 1 // so that it takes nothing else
		stop := start(t, dead)
		lost := b.untilTold(t, id, 3)
		again := b.worker(t, "one-again")
		again.Name = "one" // the same data directory, after a crash
		again.NeverReap()
		start(t, again)
		run := b.untilTold(t, id, 1)
		close(more)
		stop() // which waits for the one before
		if left := b.provisional(t, id, lost.ID); left != nil || run.ID == lost.ID {
			t.Errorf("of the run before %q is left", left)
		}
		if got := b.provisional(t, id, run.ID); len(got) != 1 {
			t.Errorf("of the run %q is seen", got)
		}
		close(end)
		wantStatus(t, b.wait(t, id), "package done, speech done, index done")
	})
}
