package events

import (
	"context"
	"slices"
	"sync"

	"github.com/cuepoint/cuepoint/models"
)

// outbox is a source in memory that can be in trouble.
type outbox struct {
	mu      sync.Mutex
	events  []models.Event
	last    int64
	trouble error
	hints   chan struct{}
}

func newOutbox() *outbox { return &outbox{hints: make(chan struct{}, 1)} }

func (o *outbox) Events(ctx context.Context, after int64, limit int) ([]models.Event, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.trouble != nil {
		return nil, o.trouble
	}
	first := slices.IndexFunc(o.events, func(e models.Event) bool { return e.Cursor > after })
	if first < 0 {
		return nil, ctx.Err()
	}
	return slices.Clone(o.events[first:min(first+limit, len(o.events))]), ctx.Err()
}

func (o *outbox) LastEvent(ctx context.Context) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.trouble != nil {
		return 0, o.trouble
	}
	return o.last, ctx.Err()
}

func (o *outbox) Changes(context.Context) <-chan struct{} { return o.hints }

// record adds an event of each of these videos and hints at them.
func (o *outbox) record(videos ...string) {
	o.recordInSilence(videos...)
	select {
	case o.hints <- struct{}{}:
	default:
	}
}

// recordInSilence adds events whose hint is lost. There are gaps between cursors.
func (o *outbox) recordInSilence(videos ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, video := range videos {
		o.last += 2
		o.events = append(o.events, models.Event{Cursor: o.last, Workspace: "ours", VideoID: video})
	}
}

func (o *outbox) be(trouble error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble = trouble
}

// drop forgets all events up to a cursor.
func (o *outbox) drop(to int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = slices.DeleteFunc(o.events, func(e models.Event) bool { return e.Cursor <= to })
}

func (o *outbox) all() []models.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.events)
}
