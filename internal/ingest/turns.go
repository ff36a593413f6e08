package ingest

import (
	"context"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// turns lets one at a time at each upload: always who has its highest fence. Who was
// there before is told to stop, and waited for.
type turns struct {
	patience time.Duration // that one waits

	mu   sync.Mutex
	last map[string]*turn // that came last to an upload
}

// turn is somebody's time at an upload, which begins when that of who came before
// is over.
type turn struct {
	fence int64
	stop  context.CancelCauseFunc
	over  chan struct{}
}

// take waits for the turn of who has a fence. It ends with the context that is
// returned, after which the caller lets go by calling release. CONFLICT where
// somebody has a higher one, or who is there does not let go in time.
func (t *turns) take(ctx context.Context, id string, fence int64) (_ context.Context, release func(), err error) {
	ctx, stop := context.WithCancelCause(ctx)
	mine := &turn{fence: fence, stop: stop, over: make(chan struct{})}
	before, err := t.enter(id, mine)
	if err != nil {
		stop(nil)
		return nil, nil, err
	}
	release = func() {
		stop(nil)
		t.leave(id, mine, before)
	}
	if before == nil {
		return ctx, release, nil
	}
	if err := t.await(ctx, before); err != nil {
		release()
		return nil, nil, err
	}
	return ctx, release, nil
}

// clear waits until nobody has a turn at an upload: who has is told to stop.
func (t *turns) clear(ctx context.Context, id string) error {
	t.mu.Lock()
	last := t.last[id]
	t.mu.Unlock()
	if last == nil {
		return nil
	}
	return t.await(ctx, last)
}

// await tells somebody to stop, and waits until he has.
func (t *turns) await(ctx context.Context, other *turn) error {
	other.stop(errOvertaken())
	patience := time.NewTimer(t.patience)
	defer patience.Stop()
	select {
	case <-other.over:
		return context.Cause(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-patience.C:
		return models.Errorf(models.CodeConflict, "another request is at this upload and does not let go; try again in a while")
	}
}

// enter makes a turn the last one of an upload, and returns the one before.
func (t *turns) enter(id string, mine *turn) (before *turn, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[string]*turn{}
	}
	before = t.last[id]
	if before != nil && before.fence > mine.fence {
		return nil, errOvertaken()
	}
	t.last[id] = mine
	return before, nil
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
