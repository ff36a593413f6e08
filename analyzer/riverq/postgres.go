package riverq

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/cuepoint/cuepoint/analyzer"
)

var _ analyzer.Queue = (*Queue[pgx.Tx])(nil)

// migrationLock is the advisory lock of who changes River's tables: any number
// that no other program of the database takes.
const migrationLock = 0x63756571 // "cueq"

// OpenPostgres makes a queue in a PostgreSQL database and brings River's tables
// there up to date; of several processes that do so at once, one does it. Put
// takes transactions of the same database. While it works, the queue holds one
// connection of the pool.
func OpenPostgres(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) (*Queue[pgx.Tx], error) {
	driver := riverpgxv5.New(pool)
	q, err := open(driver, ringServer(driver), log)
	if err != nil {
		return nil, err
	}
	if err := migratePostgres(ctx, pool.Config(), q.rivers); err != nil {
		return nil, fmt.Errorf("bring the queue up to date: %w", err)
	}
	q.waiting = func(ctx context.Context) (map[analyzer.Class]analyzer.Backlog, error) {
		return waitingPostgres(ctx, pool)
	}
	return q, nil
}

// migratePostgres uses connections of its own, which may take as long as they
// need: one holds the lock, one changes the tables.
func migratePostgres(ctx context.Context, config *pgxpool.Config, log *slog.Logger) error {
	config.MinConns, config.MinIdleConns, config.MaxConns = 0, 0, 2
	config.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	return pool.AcquireFunc(ctx, func(guard *pgxpool.Conn) error {
		if _, err := guard.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
			return fmt.Errorf("wait to change the schema: %w", err)
		}
		migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: log})
		if err != nil {
			return err
		}
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err // the pool is closed, which gives up the lock
	})
}

// waitingPostgres counts in one statement, over the index that workers fetch
// by. River's own way to ask returns the jobs themselves.
func waitingPostgres(ctx context.Context, pool *pgxpool.Pool) (map[analyzer.Class]analyzer.Backlog, error) {
	rows, err := pool.Query(ctx, `SELECT queue, count(*), extract(epoch FROM now() - min(scheduled_at))::float8
		FROM river_job WHERE state = 'available' AND scheduled_at <= now() GROUP BY queue`)
	if err != nil {
		return nil, err
	}
	waiting := map[analyzer.Class]analyzer.Backlog{}
	var class analyzer.Class
	var tasks int
	var seconds float64
	if _, err := pgx.ForEachRow(rows, []any{&class, &tasks, &seconds}, func() error {
		waiting[class] = analyzer.Backlog{Tasks: tasks, Oldest: time.Duration(seconds * float64(time.Second))}
		return nil
	}); err != nil {
		return nil, err
	}
	return waiting, nil
}
