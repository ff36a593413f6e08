package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const operationColumns = `id, workspace, video_id, method, created, done, error_code, error_message`

// PutOperation implements [store.TxLibrary].
func (l *txLibrary) PutOperation(ctx context.Context, o models.Operation) error {
	code, message := sqldb.ErrorColumns(o.Error)
	return l.alter(ctx, o.VideoID, `INSERT INTO operations (`+operationColumns+`) SELECT $3, workspace, id, $4, $5, $6, $7, $8 FROM videos`+live,
		l.workspace, clean(o.VideoID), clean(o.ID), clean(o.Method), o.Created, nullTime(o.Done), code, clean(message))
}

// FinishOperations implements [store.TxLibrary].
func (l *txLibrary) FinishOperations(ctx context.Context, videoID string, failure *models.Error, at time.Time) error {
	code, message := sqldb.ErrorColumns(failure)
	_, err := l.exec(ctx, `UPDATE operations SET done = $3, error_code = $4, error_message = $5
		WHERE workspace = $1 AND video_id = $2 AND done IS NULL`, l.workspace, clean(videoID), at, code, clean(message))
	return err
}

// Operation implements [store.Library].
func (l *library) Operation(ctx context.Context, id string) (models.Operation, error) {
	found, err := query(ctx, l.read(), scanOperation,
		`SELECT `+operationColumns+` FROM operations WHERE workspace = $1 AND id = $2`, l.workspace, clean(id))
	if err == nil && len(found) == 0 {
		err = sqldb.NoOperation(id)
	}
	if err != nil {
		return models.Operation{}, coded(ctx, err)
	}
	return found[0], nil
}

// Operations implements [store.Library].
func (l *library) Operations(ctx context.Context, q store.OperationQuery) (store.OperationPage, error) {
	list, err := sqldb.ListOperations(q)
	if err != nil {
		return store.OperationPage{}, err
	}
	where, args := "workspace = $1", []any{l.workspace, list.Limit}
	if list.From {
		where, args = where+" AND (created, id) < ($3, $4)", append(args, list.Created, list.ID)
	}
	all, err := query(ctx, l.read(), scanOperation, `SELECT `+operationColumns+` FROM operations WHERE `+where+`
		ORDER BY created DESC, id DESC LIMIT $2`, args...)
	if err != nil {
		return store.OperationPage{}, coded(ctx, fmt.Errorf("list operations: %w", err))
	}
	return sqldb.OperationPage(list, all)
}

func scanOperation(row pgx.CollectableRow) (models.Operation, error) {
	var o models.Operation
	var code, message string
	var done *time.Time
	err := row.Scan(&o.ID, &o.Workspace, &o.VideoID, &o.Method, &o.Created, &done, &code, &message)
	o.Created, o.Done, o.Error = o.Created.UTC(), timeFrom(done), sqldb.ErrorFrom(code, message)
	return o, err
}

// Remember implements [store.TxLibrary].
func (l *txLibrary) Remember(ctx context.Context, r models.Request) error {
	_, err := l.exec(ctx, `INSERT INTO requests (workspace, method, id, digest, video_id, response, created) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
		l.workspace, clean(r.Method), clean(r.ID), clean(r.Digest), clean(r.VideoID), r.Response, r.Created)
	return err
}

// Recall implements [store.Library].
func (l *library) Recall(ctx context.Context, method, id string) (models.Request, error) {
	found, err := query(ctx, l.read(), func(row pgx.CollectableRow) (models.Request, error) {
		var r models.Request
		err := row.Scan(&r.Method, &r.ID, &r.Digest, &r.VideoID, &r.Response, &r.Created)
		r.Created = r.Created.UTC()
		return r, err
	}, `SELECT method, id, digest, video_id, response, created FROM requests WHERE workspace = $1 AND method = $2 AND id = $3`,
		l.workspace, clean(method), clean(id))
	if err == nil && len(found) == 0 {
		err = sqldb.NoRequest()
	}
	if err != nil {
		return models.Request{}, coded(ctx, err)
	}
	return found[0], nil
}

// DropRequests implements [store.Store].
func (s *Store) DropRequests(ctx context.Context, before time.Time) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM requests WHERE created < $1`, before)
	return coded(ctx, err)
}
