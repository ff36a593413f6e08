package events

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

var errAway = models.Errorf(models.CodeDatabaseUnavailable, "the database is away")

// start runs a feed with a small memory until the test ends.
func start(t *testing.T, source Source, log *slog.Logger) *Feed {
	t.Helper()
	f := New(source, log)
	f.page, f.keep = 3, 5
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return f
}

func subscribe(t *testing.T, f *Feed, after int64, filter Filter) *Subscription {
	t.Helper()
	s, err := f.Subscribe(t.Context(), after, filter)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// next is the cursor of the next event, and 0 if none came for a while.
func next(t *testing.T, s *Subscription) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := s.Next(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return e.Cursor
}

func TestASubscriptionReplaysAndGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		source.record("a", "b", "a")
		f := start(t, source, slog.New(slog.DiscardHandler))
		all, later := subscribe(t, f, 0, Filter{}), subscribe(t, f, 2, Filter{VideoID: "a"})
		live, theirs := subscribe(t, f, Now, Filter{Workspace: "ours"}), subscribe(t, f, 0, Filter{Workspace: "theirs"})
		synctest.Wait()
		source.record("b", "a")
		for _, test := range []struct {
			name string
			s    *Subscription
			want []int64
		}{
			{"all", all, []int64{2, 4, 6, 8, 10, 0}},
			{"of one video after a cursor", later, []int64{6, 10, 0}},
			{"from now on", live, []int64{8, 10, 0}},
			{"of another workspace", theirs, []int64{0}},
		} {
			var got []int64
			for range test.want {
				got = append(got, next(t, test.s))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
	})
}

func TestALostHintDelaysByASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		f := start(t, source, slog.New(slog.DiscardHandler))
		s := subscribe(t, f, Now, Filter{})
		synctest.Wait()
		recorded := time.Now()
		source.recordInSilence("a")
		if got, took := next(t, s), time.Since(recorded); got != 2 || took > poll {
			t.Errorf("event %d came after %v", got, took)
		}
	})
}

func TestAHintIsFollowedAtOnceAndTheNextAfterARest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		f := start(t, source, slog.New(slog.DiscardHandler))
		s := subscribe(t, f, Now, Filter{})
		<-time.After(2 * rest)
		for i, want := range []time.Duration{0, rest} {
			recorded := time.Now()
			source.record("a")
			if got, took := next(t, s), time.Since(recorded); got != int64(2*i+2) || took != want {
				t.Errorf("event %d came after %v, want %v", got, took, want)
			}
			synctest.Wait()
		}
	})
}

func TestADatabaseThatIsAwayOnlyDelaysAndIsLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		source.record("a", "b")
		source.be(errAway)
		var log bytes.Buffer
		f := start(t, source, slog.New(slog.NewTextHandler(&log, nil)))
		if _, err := f.Subscribe(t.Context(), Now, Filter{}); !errors.Is(err, errAway) {
			t.Errorf("subscribing from now on: %v, want that the database is away", err)
		}
		s := subscribe(t, f, 0, Filter{})
		<-time.After(30 * time.Second)
		source.be(nil)
		if a, b := next(t, s), next(t, s); a != 2 || b != 4 {
			t.Errorf("events %d, %d", a, b)
		}
		<-time.After(2 * poll)
		source.be(errAway)
		<-time.After(30 * time.Second)
		source.record("c")
		behind := subscribe(t, f, 0, Filter{})
		<-time.After(30 * time.Second)
		source.be(nil)
		if a, b := next(t, s), next(t, behind); a != 6 || b != 2 {
			t.Errorf("events %d, %d", a, b)
		}
		synctest.Wait()
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 4 || !strings.Contains(lines[0], "WARN") || !strings.Contains(lines[3], "INFO") {
			t.Errorf("log:\n%s", &log)
		}
	})
}

func TestWhatTheDatabaseCannotGiveIsSaidToWhoAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		source.record("a")
		f := start(t, source, slog.New(slog.DiscardHandler))
		s := subscribe(t, f, 0, Filter{})
		synctest.Wait()
		broken := errors.New("row 1 cannot be read")
		source.be(broken)
		if e, err := s.Next(t.Context()); !errors.Is(err, broken) {
			t.Errorf("event %v, error %v", e, err)
		}
		source.be(nil)
		if got := next(t, s); got != 2 {
			t.Errorf("then event %d", got)
		}
	})
}

func TestDroppedEventsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		source.record("a", "a", "a")
		source.drop(6)
		f := start(t, source, slog.New(slog.DiscardHandler))
		s := subscribe(t, f, 0, Filter{})
		if got := next(t, s); got != 0 {
			t.Errorf("event %d, want none", got)
		}
		source.record("a")
		if got := next(t, s); got != 8 {
			t.Errorf("event %d, want 8", got)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		f := start(t, source, slog.New(slog.DiscardHandler))
		slow := subscribe(t, f, Now, Filter{})
		synctest.Wait()
		for range 1000 {
			source.record("a")
			synctest.Wait()
			if len(f.recent) > 2*f.keep || len(slow.pending) > f.page {
				t.Fatalf("%d events are kept, %d for one who is slow", len(f.recent), len(slow.pending))
			}
		}
		for want := int64(2); want <= 2000; want += 2 {
			if got := next(t, slow); got != want {
				t.Fatalf("event %d, want %d", got, want)
			}
		}
	})
}

func TestASubscriptionEndsWithItsContextOrItsFeed(t *testing.T) {
	t.Parallel()
	source := newOutbox()
	f := New(source, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	s := subscribe(t, f, Now, Filter{})
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.Next(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("its context: %v", err)
	}
	stop()
	f.Run(ctx)
	if _, err := s.Next(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("its feed: %v", err)
	}
}

// TestEveryoneSeesEverythingOnce lets subscribers of any pace join anywhere,
// while events are recorded, hints are lost and the database goes and comes.
func TestEveryoneSeesEverythingOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 40).Draw(rt, "steps")
		synctest.Test(t, func(t *testing.T) {
			source := newOutbox()
			f := start(t, source, slog.New(slog.DiscardHandler))
			var readers []*reader
			for _, step := range steps {
				if r := step.take(t, f, source); r != nil {
					readers = append(readers, r)
				}
			}
			source.be(nil)
			<-time.After(10 * time.Minute) // the slowest has read all by then
			synctest.Wait()
			for _, r := range readers {
				r.check(t, source.all())
			}
		})
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// step is one thing that happens.
type step struct {
	Pause  time.Duration // before it
	Record []string
	Mute   bool
	Away   bool
	Join   bool
	After  int64 // in hundredths of what there is, or Now
	Filter Filter
	Pace   time.Duration
}

func drawStep(t *rapid.T) step {
	video := rapid.SampledFrom([]string{"a", "b", "c"})
	return step{
		Pause:  time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * time.Millisecond,
		Record: rapid.SliceOfN(video, 0, 12).Draw(t, "record"),
		Mute:   rapid.Bool().Draw(t, "mute"),
		Away:   rapid.IntRange(0, 4).Draw(t, "away") == 0,
		Join:   rapid.Bool().Draw(t, "join"),
		After:  rapid.Int64Range(-1, 100).Draw(t, "after"),
		Filter: Filter{VideoID: rapid.SampledFrom([]string{"", "", "a"}).Draw(t, "filter")},
		Pace:   time.Duration(rapid.SampledFrom([]int{0, 0, 10, 1000}).Draw(t, "pace")) * time.Millisecond,
	}
}

func (s step) take(t *testing.T, f *Feed, source *outbox) *reader {
	t.Helper()
	<-time.After(s.Pause)
	source.be(nil)
	newest, err := source.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var r *reader
	if s.Join {
		r = &reader{after: s.After, filter: s.Filter, pace: s.Pace}
		if s.After != Now {
			r.after = newest * s.After / 100
		}
		subscription := subscribe(t, f, r.after, s.Filter)
		if r.after == Now {
			r.after = newest
		}
		go r.read(t.Context(), subscription)
	}
	if s.Away {
		source.be(errAway)
	}
	if s.Mute {
		source.recordInSilence(s.Record...)
	} else {
		source.record(s.Record...)
	}
	return r
}

// reader notes what it sees.
type reader struct {
	after  int64
	filter Filter
	pace   time.Duration
	seen   []int64
}

func (r *reader) read(ctx context.Context, s *Subscription) {
	for {
		e, err := s.Next(ctx)
		if err != nil {
			return
		}
		r.seen = append(r.seen, e.Cursor)
		<-time.After(r.pace)
	}
}

// check compares what was seen with what there is.
func (r *reader) check(t *testing.T, events []models.Event) {
	t.Helper()
	var want []int64
	for _, e := range events {
		if e.Cursor > r.after && r.filter.matches(e) {
			want = append(want, e.Cursor)
		}
	}
	if diff := cmp.Diff(want, r.seen); diff != "" {
		t.Errorf("after %d, %+v, at %v (-want +got):\n%s", r.after, r.filter, r.pace, diff)
	}
}
