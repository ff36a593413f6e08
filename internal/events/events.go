// Package events hands out what happens to videos, as it happens and again from
// any point on: a [Feed] follows the outbox of events in the database, and who
// asks it gets every event after a cursor exactly once, in order. Recording
// events is not its business; that is done in the transactions they tell of.
package events

import (
	"context"
	"log/slog"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Source is the outbox. A store.Store is one.
type Source interface {
	// Events returns the first events after a cursor, fewer than limit only if
	// there are no more. None appears later before one that was returned.
	Events(ctx context.Context, after int64, limit int) ([]models.Event, error)

	// LastEvent is the newest cursor, and 0 if there is none.
	LastEvent(ctx context.Context) (int64, error)

	// Changes hints that there may be new events, until ctx ends; the channel is
	// not closed. Hints can be lost.
	Changes(ctx context.Context) <-chan struct{}
}

// Keep is how long events are kept.
const Keep = 30 * 24 * time.Hour

const (
	rest        = 10 * time.Millisecond // from one look to the next at least, so that many changes cost few of them
	poll        = time.Second           // between looks without a hint, and before trying again
	readTimeout = 10 * time.Second      // a connection that died in silence must not hold up the feed
	pageSize    = 256                   // events per read
	keepSize    = 1024                  // events kept in memory for those who follow closely
)

// Feed follows a source. It keeps the newest events in memory, which is where
// subscriptions read them; those that have fallen further behind, or begin
// further back, read the source. So none waits for another, and memory is
// bounded however many there are and however slow.
type Feed struct {
	source     Source
	log        *slog.Logger
	page, keep int

	ended chan struct{} // closed when Run returns

	mu       sync.Mutex
	recent   []models.Event // all events after from, up to to
	from, to int64
	news     chan struct{} // closed, and another put in its place, when to has changed
}

// New returns a feed, which stands still until Run.
func New(source Source, log *slog.Logger) *Feed {
	return &Feed{
		source: source, log: log, page: pageSize, keep: keepSize,
		ended: make(chan struct{}), news: make(chan struct{}),
	}
}

// Run follows the source until ctx ends. While the source fails, it tries
// again every second, and says so once. It is called once.
func (f *Feed) Run(ctx context.Context) {
	defer close(f.ended)
	changes := f.source.Changes(ctx)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	started, failing := false, false
	for {
		rested := time.After(rest)
		err := f.follow(ctx, &started)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			f.log.WarnContext(ctx, "events are delayed until the database can be read again", "error", err)
		} else if err == nil && failing {
			f.log.InfoContext(ctx, "the database can be read again; events go on")
		}
		failing = err != nil
		select {
		case <-changes:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-rested:
		case <-ctx.Done():
			return
		}
	}
}

// follow reads all there is after the newest event that was read, or begins
// with the newest there is.
func (f *Feed) follow(ctx context.Context, started *bool) error {
	if !*started {
		last, err := f.Last(ctx)
		if err != nil {
			return err
		}
		f.begin(last)
		*started = true
	}
	for {
		events, err := f.read(ctx, f.to) // nobody but this goroutine changes it
		if err != nil {
			return err
		}
		f.add(events)
		if len(events) < f.page {
			return nil
		}
	}
}

func (f *Feed) read(ctx context.Context, after int64) ([]models.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return f.source.Events(ctx, after, f.page)
}

// Last is the cursor of the newest event there is, and 0 if there is none.
func (f *Feed) Last(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return f.source.LastEvent(ctx)
}

func (f *Feed) begin(cursor int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.from, f.to = cursor, cursor
	f.announce()
}

// add keeps new events, and lets go of the oldest once there are twice as many
// as are to be kept.
func (f *Feed) add(events []models.Event) {
	if len(events) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent = append(f.recent, events...)
	f.to = events[len(events)-1].Cursor
	if drop := len(f.recent) - f.keep; drop > f.keep {
		f.from = f.recent[drop-1].Cursor
		f.recent = slices.Clone(f.recent[drop:])
	}
	f.announce()
}

// announce wakes who waits. The feed is locked.
func (f *Feed) announce() {
	close(f.news)
	f.news = make(chan struct{})
}

// view is what the feed can say to who has read up to a cursor.
type view struct {
	events []models.Event  // a page of those that follow
	behind bool            // those that follow are not in memory any more
	to     int64           // how far the feed has come
	news   <-chan struct{} // closed when it has come further
}

func (f *Feed) look(cursor int64) view {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := sort.Search(len(f.recent), func(i int) bool { return f.recent[i].Cursor > cursor })
	end := min(next+f.page, len(f.recent))
	return view{
		events: slices.Clone(f.recent[next:end]), // a copy, lest one who is slow holds on to all
		behind: cursor < f.from,
		to:     f.to,
		news:   f.news,
	}
}
