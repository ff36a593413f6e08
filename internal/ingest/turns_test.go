package ingest

import (
	"context"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

func TestTurnsGoToTheHighestFence(t *testing.T) {
	t.Parallel()
	turns := &turns{patience: time.Minute}
	first, leave, err := turns.take(t.Context(), "u", 2)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = turns.take(t.Context(), "u", 1)
	wantCode(t, err, models.CodeConflict)
	if first.Err() != nil {
		t.Error("who has a lower fence disturbs who has a higher one")
	}
	if _, other, err := turns.take(t.Context(), "another", 1); err != nil {
		t.Error(err)
	} else {
		other()
	}
	waiting := make(chan error, 1)
	go func() { // waits for the first
		_, leave, err := turns.take(context.Background(), "u", 3)
		if err == nil {
			leave()
		}
		waiting <- err
	}()
	<-first.Done()
	wantCode(t, context.Cause(first), models.CodeConflict)
	taken := make(chan error, 1)
	go func() { // and this one for both, of whom one does not get its turn
		_, leave, err := turns.take(context.Background(), "u", 4)
		if err == nil {
			leave()
		}
		taken <- err
	}()
	wantCode(t, <-waiting, models.CodeConflict)
	select {
	case err := <-taken:
		t.Errorf("there are two at once: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	leave()
	if err := <-taken; err != nil {
		t.Error(err)
	}
	if len(turns.last) != 0 {
		t.Errorf("%d turns are left", len(turns.last))
	}
}
