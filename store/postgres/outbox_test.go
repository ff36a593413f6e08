package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/postgres"
)

func record(ctx context.Context, s *postgres.Store, video string) error {
	return s.Tx(ctx, func(tx store.Tx) error {
		return tx.In("ours").Record(ctx, models.Event{VideoID: video})
	})
}

func TestAnEventThatIsLateComesAfterThoseThatWereRead(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Postgres(t))
	var first []models.Event
	err := s.Tx(t.Context(), func(tx store.Tx) error {
		late := tx.In("ours").Record(t.Context(), models.Event{VideoID: "late"})
		early := record(t.Context(), s, "early")
		var err error
		first, err = s.Events(t.Context(), 0, 10)
		return errors.Join(late, early, err)
	})
	if err != nil || len(first) != 1 || first[0].VideoID != "early" {
		t.Fatalf("%v, %v, want the early one", first, err)
	}
	next, err := s.Events(t.Context(), first[0].Cursor, 10)
	if err != nil || len(next) != 1 || next[0].VideoID != "late" {
		t.Errorf("then %v, %v, want the late one", next, err)
	}
}

func TestABeatWaitsForNobodyWhoHoldsTheVideo(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Postgres(t)+"&statement_timeout=10s")
	l := s.In("ours")
	if err := errors.Join(
		l.CreateVideo(t.Context(), &models.Video{ID: "v", SHA256: "v", State: models.VideoQueued}),
		l.SetRun(t.Context(), "v", models.StageRun{Stage: "speech", Status: models.StageRunning, Fence: 1}),
	); err != nil {
		t.Fatal(err)
	}
	err := s.Tx(t.Context(), func(tx store.Tx) error {
		_, err := tx.In("ours").Lock(t.Context(), "v")
		if alive, late := l.Beat(t.Context(), store.Beat{VideoID: "v", Stage: "speech", Fence: 1, At: time.Now()}); late != nil || !alive {
			t.Errorf("alive %v, %v", alive, late)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listeners counts the connections that listen, and ends them if asked to.
func listeners(t *testing.T, s *postgres.Store, end bool) (n int) {
	t.Helper()
	err := s.Pool().QueryRow(t.Context(), `SELECT count(*), count(CASE WHEN $1 THEN pg_terminate_backend(pid) END)
		FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`, end).Scan(&n, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhoListensConnectsAgain(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Postgres(t)+"&pool_max_conns=1") // none of which is for listening
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hints := s.Changes(ctx)
	late, again := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer again.Stop()
	await := func() {
		t.Helper()
		select {
		case <-hints:
		case <-late:
			t.Fatal("no hint came")
		}
	}
	await() // for what there was before
	if err := record(t.Context(), s, "v"); err != nil {
		t.Fatal(err)
	}
	await()
	if n := listeners(t, s, true); n != 1 {
		t.Errorf("%d connections listen, want one", n)
	}
	await() // for what was missed
	cancel()
	for listeners(t, s, false) > 0 {
		select {
		case <-again.C:
		case <-late:
			t.Fatal("it listens on")
		}
	}
}

func TestReadersAtOnceNumberAnEventOnce(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Postgres(t)+"&pool_max_conns=5")
	if err := record(t.Context(), s, "v"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const readers = 3 // and one connection to hold them up, and one to see that they wait
	var reading sync.WaitGroup
	err := s.Tx(ctx, func(tx store.Tx) error { // holds the event up until all are there
		if _, err := tx.Handle().(pgx.Tx).Exec(ctx, `SELECT FROM events FOR UPDATE`); err != nil {
			return err
		}
		for range readers {
			reading.Go(func() {
				events, err := s.Events(ctx, 0, 10)
				if err != nil || len(events) != 1 || events[0].Cursor != 1 {
					t.Errorf("%v, %v, want one event with cursor 1", events, err)
				}
			})
		}
		for {
			var waiting int
			err := s.Pool().QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
			if err != nil || waiting == readers {
				return err
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	reading.Wait()
	if last, err := s.LastEvent(ctx); err != nil || last != 1 {
		t.Errorf("the last event is %d, %v, want 1", last, err)
	}
}
