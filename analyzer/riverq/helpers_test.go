package riverq_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// opened is a database with a queue in it. again is the queue once more, on
// PostgreSQL as another process opens it.
type opened struct {
	store.Store
	analyzer.Queue
	again func() analyzer.Queue
}

func openSQLite(t testing.TB) opened {
	t.Helper()
	s := sqliteStore(t, filepath.Join(t.TempDir(), "cuepoint.db"))
	q := sqliteQueue(t, s)
	return opened{s, q, func() analyzer.Queue { return q }}
}

func openPostgres(t testing.TB) opened {
	t.Helper()
	url := testenv.Postgres(t)
	s := postgresStore(t, url)
	return opened{s, postgresQueue(t, s), func() analyzer.Queue { return postgresQueue(t, postgresStore(t, url)) }}
}

func sqliteStore(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func postgresStore(t testing.TB, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func sqliteQueue(t testing.TB, s *sqlite.Store) analyzer.Queue {
	t.Helper()
	q, err := riverq.OpenSQLite(t.Context(), s.Writer(), logger(t))
	if err != nil {
		t.Error(err)
	}
	return q
}

func postgresQueue(t testing.TB, s *postgres.Store) analyzer.Queue {
	t.Helper()
	q, err := riverq.OpenPostgres(t.Context(), s.Pool(), logger(t))
	if err != nil {
		t.Error(err)
	}
	return q
}

func logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(*testing.T, opened)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, openSQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); test(t, openPostgres(t)) })
}

func task(n int) analyzer.Task {
	return analyzer.Task{Workspace: "ours", Video: fmt.Sprintf("video%d", n), Stage: "probe", Fence: int64(n)}
}

func due(class analyzer.Class, ns ...int) []analyzer.Due {
	var tasks []analyzer.Due
	for _, n := range ns {
		tasks = append(tasks, analyzer.Due{Task: task(n), Class: class})
	}
	return tasks
}

func (o opened) put(t testing.TB, tasks ...analyzer.Due) {
	t.Helper()
	if err := o.Tx(t.Context(), func(tx store.Tx) error { return o.Put(t.Context(), tx, tasks...) }); err != nil {
		t.Fatal(err)
	}
}

// exec changes River's tables by a statement that both databases understand.
func (o opened) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	err := o.Tx(t.Context(), func(tx store.Tx) (err error) {
		switch tx := tx.Handle().(type) {
		case *sql.Tx:
			_, err = tx.ExecContext(t.Context(), statement, args...)
		case pgx.Tx:
			_, err = tx.Exec(t.Context(), statement, args...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// leaderDied leaves River with a leader that does nothing.
func (o opened) leaderDied(t testing.TB) {
	t.Helper()
	o.exec(t, `INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('dead', '2026-01-01', '9999-01-01')`)
}

// working is a Work under way.
type working struct {
	tasks chan analyzer.Task // that were handed out
	stop  context.CancelFunc
	ended chan struct{}
}

// work runs Work until the test ends, or it is stopped.
func work(t testing.TB, q analyzer.Queue, name string, slots map[analyzer.Class]int, do func(context.Context, analyzer.Task) error) *working {
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	w := &working{tasks: make(chan analyzer.Task, 10_000), stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		err := q.Work(ctx, name, slots, func(ctx context.Context, task analyzer.Task) error {
			w.tasks <- task
			return do(ctx, task)
		})
		if err != nil {
			t.Errorf("work: %v", err)
		}
	}()
	t.Cleanup(w.end)
	return w
}

func (w *working) end() { w.stop(); <-w.ended }

// patience is how long tests wait for what should be there at once.
const patience = 30 * time.Second

func receive[T any](t testing.TB, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
	}
	return v
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not so in time: %s", what)
		}
	}
}

func done(context.Context, analyzer.Task) error { return nil }
