package sqldb

import (
	"context"
	"sync"
)

// Hints tells all who wait that something may have changed. Its zero value is
// ready.
type Hints struct {
	mu      sync.Mutex
	waiting map[chan struct{}]struct{}
}

// Wait returns a channel that receives after each Send until ctx ends. It holds
// one hint.
func (h *Hints) Wait(ctx context.Context) <-chan struct{} {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting == nil {
		h.waiting = map[chan struct{}]struct{}{}
	}
	h.waiting[c] = struct{}{}
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiting, c)
	})
	return c
}

// Send never blocks.
func (h *Hints) Send() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.waiting {
		Hint(c)
	}
}

// Hint sends to c unless it is full.
func Hint(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
