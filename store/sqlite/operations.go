package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const operationColumns = `id, workspace, video_id, method, created, done, error_code, error_message`

// PutOperation implements [store.TxLibrary].
func (l *txLibrary) PutOperation(ctx context.Context, o models.Operation) error {
	code, message := sqldb.ErrorColumns(o.Error)
	return l.alter(ctx, o.VideoID, `INSERT INTO operations (`+operationColumns+`) SELECT ?, workspace, id, ?, ?, ?, ?, ? FROM videos`+live,
		o.ID, o.Method, o.Created.UnixMicro(), nullMicros(o.Done), code, message, l.workspace, o.VideoID)
}

// FinishOperations implements [store.TxLibrary].
func (l *txLibrary) FinishOperations(ctx context.Context, videoID string, failure *models.Error, at time.Time) error {
	code, message := sqldb.ErrorColumns(failure)
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE operations SET done = ?, error_code = ?, error_message = ?
			WHERE workspace = ? AND video_id = ? AND done IS NULL`, at.UnixMicro(), code, message, l.workspace, videoID)
		return err
	})
}

// Operation implements [store.Library].
func (l *library) Operation(ctx context.Context, id string) (models.Operation, error) {
	o, err := scanOperation(l.read().QueryRowContext(ctx,
		`SELECT `+operationColumns+` FROM operations WHERE workspace = ? AND id = ?`, l.workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return models.Operation{}, sqldb.NoOperation(id)
	}
	return o, coded(err)
}

// Operations implements [store.Library].
func (l *library) Operations(ctx context.Context, q store.OperationQuery) (store.OperationPage, error) {
	list, err := sqldb.ListOperations(q)
	if err != nil {
		return store.OperationPage{}, err
	}
	where, args := "workspace = ?", []any{l.workspace}
	if list.From {
		where, args = where+" AND (created, id) < (?, ?)", append(args, list.Created.UnixMicro(), list.ID)
	}
	rows, err := l.read().QueryContext(ctx, `SELECT `+operationColumns+` FROM operations WHERE `+where+`
		ORDER BY created DESC, id DESC LIMIT ?`, append(args, list.Limit)...)
	if err != nil {
		return store.OperationPage{}, coded(fmt.Errorf("list operations: %w", err))
	}
	all, err := collect(rows, scanOperation)
	if err != nil {
		return store.OperationPage{}, coded(err)
	}
	return sqldb.OperationPage(list, all)
}

func scanOperation(row scanner) (models.Operation, error) {
	var o models.Operation
	var code, message string
	var created int64
	var done sql.NullInt64
	err := row.Scan(&o.ID, &o.Workspace, &o.VideoID, &o.Method, &created, &done, &code, &message)
	o.Created, o.Done, o.Error = time.UnixMicro(created).UTC(), timeFrom(done), sqldb.ErrorFrom(code, message)
	return o, err
}

// Remember implements [store.TxLibrary].
func (l *txLibrary) Remember(ctx context.Context, r models.Request) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO requests (workspace, method, id, digest, video_id, response, created) VALUES (?,?,?,?,?,?,?)`,
			l.workspace, r.Method, r.ID, r.Digest, r.VideoID, r.Response, r.Created.UnixMicro())
		return err
	})
}

// Recall implements [store.Library].
func (l *library) Recall(ctx context.Context, method, id string) (models.Request, error) {
	r := models.Request{Method: method, ID: id}
	var created int64
	err := l.read().QueryRowContext(ctx, `SELECT digest, video_id, response, created FROM requests WHERE workspace = ? AND method = ? AND id = ?`,
		l.workspace, method, id).Scan(&r.Digest, &r.VideoID, &r.Response, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return models.Request{}, sqldb.NoRequest()
	}
	r.Created = time.UnixMicro(created).UTC()
	return r, coded(err)
}

// DropRequests implements [store.Store].
func (s *Store) DropRequests(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM requests WHERE created < ?`, before.UnixMicro())
	return coded(err)
}
