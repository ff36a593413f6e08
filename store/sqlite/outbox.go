package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// txLibrary is a library within a transaction.
type txLibrary struct{ library }

// Lock implements [store.TxLibrary]. Who is in a transaction is the only writer.
func (l *txLibrary) Lock(ctx context.Context, id string) (*models.Video, error) {
	return l.Video(ctx, id)
}

const eventColumns = `workspace, video_id, type, state, stage, status, attempt, error_code, error_message, time, upload_id`

// Record implements [store.TxLibrary].
func (l *txLibrary) Record(ctx context.Context, events ...models.Event) error {
	return l.write(ctx, func(tx *sql.Tx) error { return l.record(ctx, tx, events...) })
}

func (l *library) record(ctx context.Context, tx *sql.Tx, events ...models.Event) error {
	rows := make([][]any, 0, len(events))
	for _, e := range events {
		code, message := sqldb.ErrorColumns(e.Error)
		rows = append(rows, []any{l.workspace, e.VideoID, e.Type, e.State, e.Stage, e.Status, e.Attempt, code, message,
			e.Time.UnixMicro(), e.UploadID})
		l.tx.recorded = true
	}
	return insert(ctx, tx, `INSERT INTO events (`+eventColumns+`) VALUES %VALUES%`, rows)
}

// Events implements [store.Store].
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]models.Event, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT cursor, `+eventColumns+` FROM events WHERE cursor > ? ORDER BY cursor LIMIT ?`, after, limit)
	if err != nil {
		return nil, coded(fmt.Errorf("read events: %w", err))
	}
	events, err := collect(rows, func(row scanner) (models.Event, error) {
		var e models.Event
		var code, message string
		var at int64
		err := row.Scan(&e.Cursor, &e.Workspace, &e.VideoID, &e.Type, &e.State, &e.Stage, &e.Status, &e.Attempt, &code, &message, &at, &e.UploadID)
		e.Error, e.Time = sqldb.ErrorFrom(code, message), time.UnixMicro(at).UTC()
		return e, err
	})
	return events, coded(err)
}

// LastEvent implements [store.Store].
func (s *Store) LastEvent(ctx context.Context) (cursor int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'`).Scan(&cursor)
	return cursor, coded(err)
}

// Changes implements [store.Store]. It hears of what this process commits.
func (s *Store) Changes(ctx context.Context) <-chan struct{} { return s.changes.Wait(ctx) }

// DropEvents implements [store.Store].
func (s *Store) DropEvents(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM events WHERE time < ?`, before.UnixMicro())
	return coded(err)
}

// Discard implements [store.TxLibrary].
func (l *txLibrary) Discard(ctx context.Context, due time.Time, prefixes ...string) error {
	rows := make([][]any, 0, len(prefixes))
	for _, prefix := range prefixes {
		rows = append(rows, []any{prefix, due.UnixMicro()})
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		return insert(ctx, tx, `INSERT INTO garbage (prefix, due) VALUES %VALUES%
			ON CONFLICT (prefix) DO UPDATE SET due = min(due, excluded.due)`, rows)
	})
}

// Garbage implements [store.Store].
func (s *Store) Garbage(ctx context.Context, now time.Time, limit int) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT prefix FROM garbage WHERE due <= ? ORDER BY due, prefix LIMIT ?`, now.UnixMicro(), limit)
	if err != nil {
		return nil, coded(fmt.Errorf("list garbage: %w", err))
	}
	prefixes, err := collect(rows, func(row scanner) (prefix string, err error) {
		err = row.Scan(&prefix)
		return prefix, err
	})
	return prefixes, coded(err)
}

// Forget implements [store.Store].
func (s *Store) Forget(ctx context.Context, prefix string) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM garbage WHERE prefix = ?`, prefix)
	return coded(err)
}
