package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// txLibrary is a library within a transaction.
type txLibrary struct{ library }

// Lock implements [store.TxLibrary]. The runs are read by a statement of their
// own, which sees what those changed who held the video before.
func (l *txLibrary) Lock(ctx context.Context, id string) (*models.Video, error) {
	var videos []*models.Video
	var runs []store.Running
	var batch pgx.Batch
	batch.Queue(`SELECT `+videoColumns+` FROM videos WHERE workspace = $1 AND id = $2 FOR UPDATE`, l.workspace, clean(id)).
		Query(into(&videos, scanVideo))
	batch.Queue(runsOf+`= $1 ORDER BY n`, clean(id)).Query(into(&runs, scanRunning))
	if err := l.write(ctx, func(tx pgx.Tx) error { return tx.SendBatch(ctx, &batch).Close() }); err != nil {
		return nil, fmt.Errorf("lock video %s: %w", id, err)
	}
	if len(videos) == 0 {
		return nil, sqldb.NoVideo(id)
	}
	for _, one := range runs {
		videos[0].Runs = append(videos[0].Runs, one.Run)
	}
	return videos[0], nil
}

// into keeps the rows of an answer.
func into[T any](all *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*all, err = pgx.CollectRows(rows, scan)
		return err
	}
}

const eventColumns = `workspace, video_id, type, state, stage, status, attempt, error_code, error_message, time, upload_id`

// Record implements [store.TxLibrary].
func (l *txLibrary) Record(ctx context.Context, events ...models.Event) error {
	var batch pgx.Batch
	l.queueEvents(&batch, events...)
	return l.write(ctx, func(tx pgx.Tx) error { return tx.SendBatch(ctx, &batch).Close() })
}

func (l *library) queueEvents(batch *pgx.Batch, events ...models.Event) {
	for _, e := range events {
		code, message := sqldb.ErrorColumns(e.Error)
		batch.Queue(`INSERT INTO events (`+eventColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			l.workspace, clean(e.VideoID), e.Type, e.State, clean(e.Stage), e.Status, e.Attempt, code, clean(message), e.Time, clean(e.UploadID))
		l.tx.recorded = true
	}
}

// Events implements [store.Store].
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]models.Event, error) {
	if err := s.number(ctx); err != nil {
		return nil, coded(ctx, fmt.Errorf("number events: %w", err))
	}
	events, err := query(ctx, s.pool, func(row pgx.CollectableRow) (models.Event, error) {
		var e models.Event
		var code, message string
		err := row.Scan(&e.Cursor, &e.Workspace, &e.VideoID, &e.Type, &e.State, &e.Stage, &e.Status, &e.Attempt, &code, &message, &e.Time, &e.UploadID)
		e.Error, e.Time = sqldb.ErrorFrom(code, message), e.Time.UTC()
		return e, err
	}, `SELECT cursor, `+eventColumns+` FROM events WHERE cursor > $1 ORDER BY cursor LIMIT $2`, after, limit)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("read events: %w", err))
	}
	return events, nil
}

// numberLock is the advisory lock of who numbers events: any number that no
// other program of the database takes.
const numberLock = 0x63756571

// numberAtOnce bounds one statement.
const numberAtOnce = 10_000

// number gives the events that have appeared their cursors. One at a time does
// so, and is done before the next one looks, so that cursors appear in order.
// All of it is one message to the server: a process that stops here holds up
// nobody.
func (s *Store) number(ctx context.Context) error {
	for numbered := int64(numberAtOnce); numbered == numberAtOnce; {
		var batch pgx.Batch // which is a transaction of its own
		batch.Queue(`SELECT pg_advisory_xact_lock($1)`, numberLock)
		batch.Queue(`WITH appeared AS (SELECT id FROM events WHERE cursor IS NULL ORDER BY id LIMIT $1),
			numbered AS (SELECT id, nextval('event_cursors') AS cursor FROM appeared)
			UPDATE events SET cursor = numbered.cursor FROM numbered WHERE events.id = numbered.id`, numberAtOnce).
			Exec(func(tag pgconn.CommandTag) error {
				numbered = tag.RowsAffected()
				return nil
			})
		if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
	}
	return nil
}

// LastEvent implements [store.Store].
func (s *Store) LastEvent(ctx context.Context) (cursor int64, err error) {
	if err = s.number(ctx); err == nil {
		err = s.pool.QueryRow(ctx, `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_cursors`).Scan(&cursor)
	}
	return cursor, coded(ctx, err)
}

// DropEvents implements [store.Store]. Who numbers events has those alone that
// have no number.
func (s *Store) DropEvents(ctx context.Context, before time.Time) error {
	err := s.number(ctx)
	if err == nil {
		_, err = s.pool.Exec(ctx, `DELETE FROM events WHERE time < $1 AND cursor IS NOT NULL`, before)
	}
	return coded(ctx, err)
}

// Discard implements [store.TxLibrary].
func (l *txLibrary) Discard(ctx context.Context, due time.Time, prefixes ...string) error {
	var batch pgx.Batch
	for _, prefix := range prefixes {
		batch.Queue(`INSERT INTO garbage (prefix, due) VALUES ($1, $2)
			ON CONFLICT (prefix) DO UPDATE SET due = least(garbage.due, excluded.due)`, clean(prefix), due)
	}
	return l.write(ctx, func(tx pgx.Tx) error { return tx.SendBatch(ctx, &batch).Close() })
}

// Garbage implements [store.Store].
func (s *Store) Garbage(ctx context.Context, now time.Time, limit int) ([]string, error) {
	prefixes, err := query(ctx, s.pool, pgx.RowTo[string],
		`SELECT prefix FROM garbage WHERE due <= $1 ORDER BY due, prefix LIMIT $2`, now, limit)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list garbage: %w", err))
	}
	return prefixes, nil
}

// Forget implements [store.Store].
func (s *Store) Forget(ctx context.Context, prefix string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM garbage WHERE prefix = $1`, clean(prefix))
	return coded(ctx, err)
}
