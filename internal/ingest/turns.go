package ingest

import (
	"context"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// turns lets one at a time at each upload: always who came last. Who was there
// before is told to stop, and waited for.
type turns struct {
	patience time.Duration // that one waits

	mu   sync.Mutex
	last map[string]*turn // that came last to an upload
}

// turn is somebody's time at an upload, which begins when that of who came before
// is over.
type turn struct {
	stop context.CancelCauseFunc
	over chan struct{}
}

// take waits for the caller's turn, which lasts until release is called. The
// context that is returned ends, also before, when somebody newer waits for theirs:
// who may take long heeds it, who does not has them wait. CONFLICT where who is
// there does not let go in time.
func (t *turns) take(given context.Context, id string) (_ context.Context, release func(), err error) {
	ctx, stop := context.WithCancelCause(given)
	mine := &turn{stop: stop, over: make(chan struct{})}
	before := t.enter(id, mine)
	release = func() {
		stop(nil)
		t.leave(id, mine, before)
	}
	if before == nil {
		return ctx, release, nil
	}
	before.stop(errOvertaken())
	patience := time.NewTimer(t.patience)
	defer patience.Stop()
	select {
	case <-before.over:
		return ctx, release, nil
	case <-given.Done():
		err = context.Cause(given)
	case <-patience.C:
		err = models.Errorf(models.CodeConflict, "another request is at this upload and does not let go; try again in a while")
	}
	release()
	return nil, nil, err
}

// enter makes a turn the last one of an upload, and returns the one before.
func (t *turns) enter(id string, mine *turn) (before *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[string]*turn{}
	}
	before = t.last[id]
	t.last[id] = mine
	return before
}

// leave ends a turn, which is over once the one before is, too.
func (t *turns) leave(id string, mine, before *turn) {
	over := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.last[id] == mine {
			delete(t.last, id)
		}
		close(mine.over)
	}
	if before == nil {
		over()
		return
	}
	select {
	case <-before.over:
		over()
	default: // the caller gave up waiting
		go func() { <-before.over; over() }()
	}
}

func errOvertaken() error {
	return models.Errorf(models.CodeConflict, "another request goes on with this upload; ask how far it is, and go on from there")
}
