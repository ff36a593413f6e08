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
var ErrStopped error = models.Errorf(models.CodeShuttingDown, "the server is stopping; ask again from the last cursor on")

// Filter chooses events. An empty field is for all.
type Filter struct {
	Workspace string
	VideoID   string
	Types     []models.EventType
}

func (f Filter) matches(e models.Event) bool {
	return (f.Workspace == "" || f.Workspace == e.Workspace) && (f.VideoID == "" || f.VideoID == e.VideoID) &&
		(len(f.Types) == 0 || slices.Contains(f.Types, e.Type))
}

// Subscription hands out events one by one. It is for one goroutine, and needs
// no closing.
type Subscription struct {
	feed    *Feed
	filter  Filter
	cursor  int64          // all up to it were handed out, are pending or do not match
	at      time.Time      // all after it happened after that, or just before
	pending []models.Event // to be handed out
}

// Subscribe returns the events after a cursor that match: those that are kept
// still and then those to come. The cursor is that of the last event one has
// seen, 0 for the first one kept, or [Now]: then what happens after this call
// comes, and perhaps what happened just before.
func (f *Feed) Subscribe(ctx context.Context, after int64, filter Filter) (*Subscription, error) {
	if after == Now {
		last, err := f.Last(ctx)
		if err != nil {
			return nil, fmt.Errorf("find the newest event: %w", err)
		}
		after = last
	}
	return &Subscription{feed: f, filter: filter, cursor: after, at: time.Now()}, nil
}

// Cursor is one that all that was not handed out yet comes after, and a time
// that it happened after. It moves on with events that do not match as well.
func (s *Subscription) Cursor() (after int64, at time.Time) {
	if len(s.pending) > 0 {
		return s.pending[0].Cursor - 1, s.pending[0].Time
	}
	return s.cursor, s.at
}

// Next waits for the next event and returns it. A database that is away only
// delays it. It fails with ctx's error, with [ErrStopped], or where the database
// answers that it cannot give the events; calling it again goes on where it was.
func (s *Subscription) Next(ctx context.Context) (models.Event, error) {
	e, _, err := s.next(ctx, nil)
	return e, err
}

// NextWithin is [Subscription.Next] for who has something else to do when there
// is no event for a while: ok says whether there was one.
func (s *Subscription) NextWithin(ctx context.Context, patience time.Duration) (e models.Event, ok bool, err error) {
	return s.next(ctx, time.After(patience))
}

// next gives up, without an error, when there is something on enough.
func (s *Subscription) next(ctx context.Context, enough <-chan time.Time) (e models.Event, ok bool, err error) {
	for len(s.pending) == 0 {
		select {
		case <-enough:
			return e, false, nil
		default:
		}
		if idle, err := s.fetch(ctx, enough); idle || err != nil {
			return e, false, err
		}
	}
	e = s.pending[0]
	s.pending = s.pending[1:]
	return e, true, nil
}

// fetch takes a page from the feed's memory or from the source, or waits for
// news; idle says that there was enough of waiting.
func (s *Subscription) fetch(ctx context.Context, enough <-chan time.Time) (idle bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	v := s.feed.look(s.cursor)
	switch {
	case v.behind:
		return s.catchUp(ctx, v.to, enough)
	case len(v.events) > 0:
		s.take(v.events)
		return false, nil
	}
	s.at = time.Now()
	return wait(ctx, s.feed, v.news, enough)
}

// catchUp takes a page from the source, which holds all up to the cursor to
// that it has not dropped.
func (s *Subscription) catchUp(ctx context.Context, to int64, enough <-chan time.Time) (idle bool, err error) {
	events, err := s.feed.read(ctx, s.cursor)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case away(err):
		return wait(ctx, s.feed, time.After(poll), enough)
	case err != nil:
		return false, fmt.Errorf("read events after %d: %w", s.cursor, err)
	case len(events) == 0:
		s.cursor = to
	default:
		s.take(events)
	}
	return false, nil
}

func (s *Subscription) take(events []models.Event) {
	last := events[len(events)-1]
	s.cursor, s.at = last.Cursor, last.Time
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

// wait returns when there is something on the channel, or enough of waiting.
func wait[T any](ctx context.Context, f *Feed, something <-chan T, enough <-chan time.Time) (idle bool, err error) {
	select {
	case <-something:
		return false, nil
	case <-enough:
		return true, nil
	case <-f.ended:
		return false, ErrStopped
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
