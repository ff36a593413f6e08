package bench

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// plain does the stages of so many videos by River alone, and returns how long
// it took.
type plain func(b *testing.B, videos int) time.Duration

// step is a stage of a video as a job: no state but River's own.
type step struct {
	Video int    `json:"video"`
	Stage string `json:"stage"`
}

// Kind implements [river.JobArgs].
func (step) Kind() string { return "step" }

// workflow is what a user of River writes for our graph of stages: a job does
// its work, counts itself for those that wait for more than one, inserts those
// that can begin, and is completed, all in one transaction.
type workflow[D riverdriver.Driver[Tx], Tx any] struct {
	river.WorkerDefaults[step]

	driver D
	inTx   func(ctx context.Context, f func(Tx) error) error
	// arrived counts one more of the stages that a stage waits for, and returns
	// how many have come.
	arrived func(ctx context.Context, tx Tx, video int, stage string) (int, error)

	left  atomic.Int64 // videos
	ended chan struct{}
}

// The counters of stages that wait for more than one. It reads the same in both
// dialects.
const (
	createArrivals = `CREATE TABLE arrivals (video integer, stage text, n integer, PRIMARY KEY (video, stage))`
	countArrival   = `INSERT INTO arrivals (video, stage, n) VALUES ($1, $2, 1)
		ON CONFLICT (video, stage) DO UPDATE SET n = arrivals.n + 1 RETURNING n`
)

// plainSQLite opens a database as River's users are told to, set up as ours is.
func plainSQLite(b *testing.B) plain {
	b.Helper()
	writer, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "river.db")+
		"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = writer.Close() })
	writer.SetMaxOpenConns(1)
	migrator, err := rivermigrate.New(riversqlite.New(writer), &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := migrator.Migrate(b.Context(), rivermigrate.DirectionUp, nil); err != nil {
		b.Fatal(err)
	}
	if _, err := writer.ExecContext(b.Context(), createArrivals); err != nil {
		b.Fatal(err)
	}
	w := &workflow[*riversqlite.Driver, *sql.Tx]{
		driver: riversqlite.New(writer),
		inTx: func(ctx context.Context, f func(*sql.Tx) error) error {
			tx, err := writer.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback() // after Commit it does nothing
			if err := f(tx); err != nil {
				return err
			}
			return tx.Commit()
		},
		arrived: func(ctx context.Context, tx *sql.Tx, video int, stage string) (n int, err error) {
			err = tx.QueryRowContext(ctx, countArrival, video, stage).Scan(&n)
			return n, err
		},
	}
	return w.run
}

func plainPostgres(b *testing.B, pool *pgxpool.Pool) plain {
	b.Helper()
	if _, err := pool.Exec(b.Context(), createArrivals); err != nil {
		b.Fatal(err)
	}
	w := &workflow[*riverpgxv5.Driver, pgx.Tx]{
		driver: riverpgxv5.New(pool),
		inTx: func(ctx context.Context, f func(pgx.Tx) error) error {
			return pgx.BeginFunc(ctx, pool, f)
		},
		arrived: func(ctx context.Context, tx pgx.Tx, video int, stage string) (n int, err error) {
			err = tx.QueryRow(ctx, countArrival, video, stage).Scan(&n)
			return n, err
		},
	}
	return w.run
}

// Work implements [river.Worker].
func (w *workflow[D, Tx]) Work(ctx context.Context, job *river.Job[step]) error {
	err := w.inTx(ctx, func(tx Tx) error {
		var next []river.InsertManyParams
		for _, spec := range graph {
			if !slices.Contains(spec.Needs, job.Args.Stage) {
				continue
			}
			if len(spec.Needs) > 1 {
				n, err := w.arrived(ctx, tx, job.Args.Video, spec.Name)
				if err != nil {
					return err
				}
				if n < len(spec.Needs) {
					continue
				}
			}
			next = append(next, w.job(job.Args.Video, spec.Name))
		}
		if len(next) > 0 {
			if _, err := river.ClientFromContext[Tx](ctx).InsertManyTx(ctx, tx, next); err != nil {
				return err
			}
		}
		_, err := river.JobCompleteTx[D](ctx, tx, job)
		return err
	})
	if err == nil && job.Args.Stage == last && w.left.Add(-1) == 0 {
		close(w.ended)
	}
	return err
}

func (w *workflow[D, Tx]) job(video int, stage string) river.InsertManyParams {
	i := slices.IndexFunc(graph, func(s spec) bool { return s.Name == stage })
	return river.InsertManyParams{
		Args: step{Video: video, Stage: stage}, InsertOpts: &river.InsertOpts{Queue: string(graph[i].Class)},
	}
}

// run puts the first stage of each video, and then works until the last has
// ended. River gets the same slots as we have, and looks as eagerly for jobs.
func (w *workflow[D, Tx]) run(b *testing.B, videos int) time.Duration {
	b.Helper()
	w.left.Store(int64(videos))
	w.ended = make(chan struct{})
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	queues := map[string]river.QueueConfig{}
	for class, n := range slots {
		queues[string(class)] = river.QueueConfig{MaxWorkers: n}
	}
	client, err := river.NewClient[Tx](w.driver, &river.Config{
		FetchCooldown: time.Millisecond, Logger: quiet(), Queues: queues, Workers: workers,
	})
	if err != nil {
		b.Fatal(err)
	}
	err = w.inTx(b.Context(), func(tx Tx) error {
		var first []river.InsertManyParams
		for video := range videos {
			first = append(first, w.job(video, graph[0].Name))
		}
		_, err := client.InsertManyFastTx(b.Context(), tx, first)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := client.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	<-w.ended
	took := time.Since(start)
	if err := client.Stop(context.WithoutCancel(b.Context())); err != nil {
		b.Fatal(err)
	}
	return took
}
