package events

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Now is a cursor for who wants only what happens from now on.
const Now int64 = -1

// ErrStopped is what a subscription ends with when its feed has stopped.
var ErrStopped error = models.Errorf(models.CodeCanceled, "the server is stopping; ask again from the last cursor on")

// Filter chooses events. An empty field is for all.
type Filter struct {
	Workspace string
	VideoID   string
}

func (f Filter) matches(e models.Event) bool {
	return (f.Workspace == "" || f.Workspace == e.Workspace) && (f.VideoID == "" || f.VideoID == e.VideoID)
}

// Subscription hands out events one by one. It is for one goroutine, and needs
// no closing.
type Subscription struct {
	feed    *Feed
	filter  Filter
	cursor  int64          // all up to it were handed out, are pending or do not match
	pending []models.Event // to be handed out
}

// Subscribe returns the events after a cursor that match: those that are kept
// still and then those to come. The cursor is that of the last event one has
// seen, 0 for the first one kept, or [Now]: then what happens after this call
// comes, and perhaps what happened just before.
func (f *Feed) Subscribe(ctx context.Context, after int64, filter Filter) (*Subscription, error) {
	if after == Now {
		last, err := f.last(ctx)
		if err != nil {
			return nil, fmt.Errorf("find the newest event: %w", err)
		}
		after = last
	}
	return &Subscription{feed: f, filter: filter, cursor: after}, nil
}

// Next waits for the next event and returns it. A database that is away only
// delays it. It fails with ctx's error, with [ErrStopped], or where the database
// answers that it cannot give the events; calling it again goes on where it was.
func (s *Subscription) Next(ctx context.Context) (models.Event, error) {
	for len(s.pending) == 0 {
		if err := s.fetch(ctx); err != nil {
			return models.Event{}, err
		}
	}
	e := s.pending[0]
	s.pending = s.pending[1:]
	return e, nil
}

// fetch takes a page from the feed's memory or from the source, or waits for
// news.
func (s *Subscription) fetch(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v := s.feed.look(s.cursor)
	switch {
	case v.behind:
		return s.catchUp(ctx, v.to)
	case len(v.events) > 0:
		s.take(v.events)
		return nil
	}
	return wait(ctx, s.feed, v.news)
}

// catchUp takes a page from the source, which holds all up to the cursor to
// that it has not dropped.
func (s *Subscription) catchUp(ctx context.Context, to int64) error {
	events, err := s.feed.read(ctx, s.cursor)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case away(err):
		return wait(ctx, s.feed, time.After(poll))
	case err != nil:
		return fmt.Errorf("read events after %d: %w", s.cursor, err)
	case len(events) == 0:
		s.cursor = to
	default:
		s.take(events)
	}
	return nil
}

func (s *Subscription) take(events []models.Event) {
	s.cursor = events[len(events)-1].Cursor
	s.pending = slices.DeleteFunc(events, func(e models.Event) bool { return !s.filter.matches(e) })
}

// away says whether an error will go when the database comes back.
func away(err error) bool {
	switch models.ErrorCode(err) {
	case models.CodeDatabaseUnavailable, models.CodeDataInUse, models.CodeStageTimeout:
		return true
	default:
		return false
	}
}

// wait returns when there is something on the channel.
func wait[T any](ctx context.Context, f *Feed, something <-chan T) error {
	select {
	case <-something:
		return nil
	case <-f.ended:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}
