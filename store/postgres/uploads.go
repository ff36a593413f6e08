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

const uploadColumns = `workspace, id, fence, ` + sqldb.UploadColumns + `, created`

// uploadMarks stand for the values of [sqldb.UploadColumns].
const uploadMarks = `$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26`

// uploadValues are those of uploadColumns but the last.
func (l *library) uploadValues(u models.Upload) ([]any, error) {
	code, message := sqldb.ErrorColumns(u.Error)
	video, err := sqldb.UploadVideoColumn(u.Video)
	return []any{
		l.workspace, clean(u.ID), u.Fence,
		clean(u.Method), clean(u.State), code, clean(message), clean(u.Filename), clean(u.ContentType), u.Length, u.Offset,
		clean(u.SHA256), clean(u.Metadata), clean(u.Source), u.Download, clean(u.Origin), clean(u.TokenHash), video, clean(u.VideoID), u.Duplicate,
		clean(u.Key), u.Growth, nullTime(u.Due), u.Attempts, u.Updated, nullTime(u.Expires),
	}, err
}

func scanUpload(row pgx.CollectableRow) (models.Upload, error) {
	var u models.Upload
	var code, message string
	var video []byte
	var due, expires *time.Time
	err := row.Scan(&u.Workspace, &u.ID, &u.Fence,
		&u.Method, &u.State, &code, &message, &u.Filename, &u.ContentType, &u.Length, &u.Offset,
		&u.SHA256, &u.Metadata, &u.Source, &u.Download, &u.Origin, &u.TokenHash, &video, &u.VideoID, &u.Duplicate,
		&u.Key, &u.Growth, &due, &u.Attempts, &u.Updated, &expires, &u.Created)
	if err != nil {
		return u, err
	}
	u.Error, u.Due, u.Expires = sqldb.ErrorFrom(code, message), timeFrom(due), timeFrom(expires)
	u.Created, u.Updated = u.Created.UTC(), u.Updated.UTC()
	return u, sqldb.UploadVideoFrom(&u, video)
}

// quotaLock is the class of the advisory locks of who makes sure that there is
// room in a workspace: any number that no other program of the database takes.
const quotaLock = 0x63756572

// CreateUpload implements [store.Library].
func (l *library) CreateUpload(ctx context.Context, u models.Upload, quota int64) error {
	values, err := l.uploadValues(u)
	if err != nil {
		return err
	}
	return l.write(ctx, func(tx pgx.Tx) error {
		if quota > 0 {
			if err := l.checkQuota(ctx, tx, u, quota); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO uploads (`+uploadColumns+`) VALUES ($1,$2,$3,`+uploadMarks+`,$27)`, append(values, u.Created)...)
		return err
	})
}

// checkQuota is QUOTA_EXCEEDED where an upload does not fit. The room it has
// found is nobody else's until the transaction ends.
func (l *library) checkQuota(ctx context.Context, tx pgx.Tx, u models.Upload, quota int64) error {
	var used int64
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, quotaLock, l.workspace); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, sqldb.Used("$1"), l.workspace).Scan(&used); err != nil {
		return err
	}
	return sqldb.CheckQuota(u, used, quota)
}

// SaveUpload implements [store.Library].
func (l *library) SaveUpload(ctx context.Context, u models.Upload) error {
	if u.Updated.IsZero() {
		u.Updated = time.Now()
	}
	values, err := l.uploadValues(u)
	if err != nil {
		return err
	}
	tag, err := l.exec(ctx, `UPDATE uploads SET (`+sqldb.UploadColumns+`) = (`+uploadMarks+`)
		WHERE workspace = $1 AND id = $2 AND fence = $3 AND `+sqldb.Onward("$5"), values...)
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	if _, err := l.Upload(ctx, u.ID); err != nil {
		return err
	}
	if err = sqldb.Overtaken(u.ID); l.tx == nil {
		return err
	}
	return l.tx.noted(err)
}

// TakeUpload implements [store.Library].
func (l *library) TakeUpload(ctx context.Context, id string) (u models.Upload, err error) {
	err = l.write(ctx, func(tx pgx.Tx) error {
		u, err = oneUpload(ctx, tx, `UPDATE uploads SET fence = fence + 1 WHERE workspace = $1 AND id = $2 RETURNING `+uploadColumns,
			l.workspace, clean(id))
		return err
	})
	return u, err
}

// Upload implements [store.Library].
func (l *library) Upload(ctx context.Context, id string) (models.Upload, error) {
	return oneUpload(ctx, l.read(), `SELECT `+uploadColumns+` FROM uploads WHERE workspace = $1 AND id = $2`, l.workspace, clean(id))
}

// AnyUpload implements [store.Store].
func (s *Store) AnyUpload(ctx context.Context, id string) (models.Upload, error) {
	return oneUpload(ctx, s.pool, `SELECT `+uploadColumns+` FROM uploads WHERE id = $1`, clean(id))
}

// oneUpload is NOT_FOUND without a row.
func oneUpload(ctx context.Context, r reader, statement string, args ...any) (models.Upload, error) {
	found, err := query(ctx, r, scanUpload, statement, args...)
	if err == nil && len(found) == 0 {
		err = sqldb.NoUpload()
	}
	if err != nil {
		return models.Upload{}, coded(ctx, err)
	}
	return found[0], nil
}

// Uploads implements [store.Library].
func (l *library) Uploads(ctx context.Context, q store.UploadQuery) (store.UploadPage, error) {
	list, err := sqldb.ListUploads(l.workspace, q)
	if err != nil {
		return store.UploadPage{}, err
	}
	where, args := "workspace = $1 AND (cardinality($2::text[]) = 0 OR state = ANY ($2))", []any{l.workspace, cleaned(q.States), list.Limit}
	if list.From {
		where, args = where+" AND (created, id) < ($4, $5)", append(args, list.Created, list.ID)
	}
	all, err := uploads(ctx, l.read(), where+` ORDER BY created DESC, id DESC LIMIT $3`, args...)
	if err != nil {
		return store.UploadPage{}, err
	}
	return sqldb.UploadPage(list, all)
}

// DueUploads implements [store.Store].
func (s *Store) DueUploads(ctx context.Context, now time.Time, limit int) ([]models.Upload, error) {
	return uploads(ctx, s.pool, sqldb.Unended+` AND due <= $1 ORDER BY due, id LIMIT $2`, now, limit)
}

// ExpiredUploads implements [store.Store].
func (s *Store) ExpiredUploads(ctx context.Context, now time.Time, limit int) ([]models.Upload, error) {
	return uploads(ctx, s.pool, sqldb.Unended+` AND state = 'receiving' AND expires <= $1 ORDER BY expires, id LIMIT $2`, now, limit)
}

func uploads(ctx context.Context, r reader, where string, args ...any) ([]models.Upload, error) {
	all, err := query(ctx, r, scanUpload, `SELECT `+uploadColumns+` FROM uploads WHERE `+where, args...)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list uploads: %w", err))
	}
	return all, nil
}

// Growing implements [store.Store].
func (s *Store) Growing(ctx context.Context, key string) (growing bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM uploads WHERE key = $1 AND key <> '' AND `+sqldb.Unended+`)`, clean(key)).Scan(&growing)
	return growing, coded(ctx, err)
}

// DropUploads implements [store.Store].
func (s *Store) DropUploads(ctx context.Context, before time.Time) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM uploads WHERE NOT `+sqldb.Unended+` AND updated < $1`, before)
	return coded(ctx, err)
}

// Usage implements [store.Library].
func (l *library) Usage(ctx context.Context) (int64, error) {
	used, err := query(ctx, l.read(), pgx.RowTo[int64], sqldb.Used("$1"), l.workspace)
	if err != nil {
		return 0, coded(ctx, err)
	}
	return used[0], nil
}
