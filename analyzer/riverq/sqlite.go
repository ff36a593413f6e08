package riverq

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/cuepoint/cuepoint/analyzer"
)

var _ analyzer.Queue = (*Queue[*sql.Tx])(nil)

// OpenSQLite makes a queue in a SQLite database and brings River's tables there
// up to date; of several processes that do so at once, one does it. The pool
// must have one connection, whose transactions begin as writers, because
// River's writes would fail where others write; Put takes its transactions. Who
// works on it hears at once of what is put into the same queue, and within a
// second of the rest.
func OpenSQLite(ctx context.Context, writer *sql.DB, log *slog.Logger) (*Queue[*sql.Tx], error) {
	driver := &local{Driver: riversqlite.New(writer), listeners: map[*listener]bool{}}
	q, err := open(driver, driver.ring, log)
	if err != nil {
		return nil, err
	}
	if err := migrateSQLite(ctx, writer, q.rivers); err != nil {
		return nil, fmt.Errorf("bring the queue up to date: %w", err)
	}
	q.waiting = func(ctx context.Context) (map[analyzer.Class]analyzer.Backlog, error) {
		return waitingSQLite(ctx, writer)
	}
	return q, nil
}

// migrateSQLite does all in one transaction, so that who comes second waits
// until the first has finished, and finds nothing left to do.
func migrateSQLite(ctx context.Context, writer *sql.DB, log *slog.Logger) error {
	migrator, err := rivermigrate.New(riversqlite.New(writer), &rivermigrate.Config{Logger: log})
	if err != nil {
		return err
	}
	tx, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	//nolint:staticcheck // deprecated because PostgreSQL refuses some migrations in one transaction; SQLite does not
	if _, err := migrator.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	return tx.Commit()
}

// waitingSQLite counts in one statement, over the index that workers fetch by.
// River's own way to ask returns the jobs themselves.
func waitingSQLite(ctx context.Context, db *sql.DB) (_ map[analyzer.Class]analyzer.Backlog, err error) {
	rows, err := db.QueryContext(ctx, `SELECT queue, count(*), unixepoch('now', 'subsec') - unixepoch(min(scheduled_at), 'subsec')
		FROM river_job WHERE state = 'available' AND scheduled_at <= datetime('now', 'subsec') GROUP BY queue`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	waiting := map[analyzer.Class]analyzer.Backlog{}
	for rows.Next() {
		var class analyzer.Class
		var tasks int
		var seconds float64
		if err := rows.Scan(&class, &tasks, &seconds); err != nil {
			return nil, err
		}
		waiting[class] = analyzer.Backlog{Tasks: tasks, Oldest: time.Duration(seconds * float64(time.Second))}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return waiting, nil
}
