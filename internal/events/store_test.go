package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestEveryoneSeesEverythingOnceInSQLite(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	checkStore(t, s)
}

func TestEveryoneSeesEverythingOnceInPostgreSQL(t *testing.T) {
	t.Parallel()
	s, err := postgres.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	checkStore(t, s)
}

// checkStore lets several write at once, round after round, while others
// subscribe at any cursor and read at any pace.
func checkStore(t *testing.T, s store.Store) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		rounds := rapid.SliceOfN(rapid.Custom(drawRound), 1, 4).Draw(rt, "rounds")
		if err := checkRounds(t.Context(), s, rounds); err != nil {
			rt.Fatal(err)
		}
	})
}

func checkRounds(ctx context.Context, s store.Store, rounds []round) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	f := New(s, slog.New(slog.DiscardHandler))
	f.page, f.keep = 3, 5
	var running, reading sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	defer reading.Wait()
	defer running.Wait()
	defer cancel()

	before, err := s.LastEvent(ctx)
	recorded := 0
	var followers []*follower
	for _, round := range rounds {
		for _, one := range round.Joining {
			if err := one.join(ctx, f, s); err != nil {
				return err
			}
			followers = append(followers, &one)
			reading.Go(func() { one.read(ctx) })
		}
		err = errors.Join(err, round.write(ctx, s))
		recorded += round.events()
	}
	err = errors.Join(err, record(ctx, s, "ours", end), record(ctx, s, "theirs", end))
	reading.Wait()
	all, listed := s.Events(ctx, before, 1000)
	if got, want := len(all), recorded+2; got != want {
		err = errors.Join(err, fmt.Errorf("%d events are there, want %d", got, want))
	}
	for _, one := range followers {
		err = errors.Join(err, one.check(ctx, s))
	}
	return errors.Join(err, listed)
}

// round is what several do at once.
type round struct {
	Joining []follower
	Writers [][]int // how many events each of their transactions records, and none is one that is given up
}

func drawRound(t *rapid.T) round {
	return round{
		Joining: rapid.SliceOfN(rapid.Custom(drawFollower), 0, 3).Draw(t, "joining"),
		Writers: rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 3), 1, 4), 1, 3).Draw(t, "writers"),
	}
}

func (r round) events() (n int) {
	for _, transactions := range r.Writers {
		for _, events := range transactions {
			n += events
		}
	}
	return n
}

func (r round) write(ctx context.Context, s store.Store) error {
	failed := make([]error, len(r.Writers))
	var writing sync.WaitGroup
	for i, transactions := range r.Writers {
		workspace := []string{"ours", "theirs"}[i%2]
		writing.Go(func() {
			for _, events := range transactions {
				err := record(ctx, s, workspace, slices.Repeat([]string{"a"}, events)...)
				if !errors.Is(err, errGivenUp) {
					failed[i] = errors.Join(failed[i], err)
				}
			}
		})
	}
	writing.Wait()
	return errors.Join(failed...)
}

var errGivenUp = errors.New("given up")

// record adds an event of each of these videos in one transaction, or one that
// is given up.
func record(ctx context.Context, s store.Store, workspace string, videos ...string) error {
	return s.Tx(ctx, func(tx store.Tx) error {
		library := tx.In(workspace)
		if len(videos) == 0 {
			return errors.Join(library.Record(ctx, models.Event{VideoID: "never"}), errGivenUp)
		}
		for _, video := range videos {
			if err := library.Record(ctx, models.Event{VideoID: video, Type: models.EventVideoState, Time: time.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
}

// end is the video of a workspace's last event.
const end = "end"

// follower notes what it sees until the end.
type follower struct {
	Back      int64 // from how far back: 0 is Now
	Workspace string
	Slow      bool

	after, last  int64 // where it begins, and the newest cursor when it joined
	subscription *Subscription
	seen         []models.Event
	err          error
}

func drawFollower(t *rapid.T) follower {
	return follower{
		Back:      rapid.Int64Range(0, 40).Draw(t, "back"),
		Workspace: rapid.SampledFrom([]string{"ours", "theirs"}).Draw(t, "workspace"),
		Slow:      rapid.Bool().Draw(t, "slow"),
	}
}

func (o *follower) join(ctx context.Context, f *Feed, s store.Store) (err error) {
	if o.last, err = s.LastEvent(ctx); err != nil {
		return err
	}
	o.after = max(0, o.last-o.Back)
	cursor := o.after
	if o.Back == 0 {
		cursor = Now
	}
	o.subscription, err = f.Subscribe(ctx, cursor, Filter{Workspace: o.Workspace})
	return err
}

// read ends with the first end after it joined: those before are of earlier
// checks, and events like others.
func (o *follower) read(ctx context.Context) {
	for {
		e, err := o.subscription.Next(ctx)
		if err != nil {
			o.err = err
			return
		}
		o.seen = append(o.seen, e)
		if e.VideoID == end && e.Cursor > o.last {
			return
		}
		if o.Slow {
			<-time.After(time.Millisecond)
		}
	}
}

func (o *follower) check(ctx context.Context, s store.Store) error {
	all, err := s.Events(ctx, o.after, 1000)
	want := slices.DeleteFunc(all, func(e models.Event) bool { return e.Workspace != o.Workspace })
	if diff := cmp.Diff(want, o.seen); diff != "" {
		err = errors.Join(err, fmt.Errorf("after %d, slow: %t (-want +got):\n%s", o.after, o.Slow, diff))
	}
	return errors.Join(err, o.err)
}
