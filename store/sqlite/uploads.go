package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const uploadColumns = `workspace, id, fence, ` + sqldb.UploadColumns + `, created`

// uploadMarks stand for the values of [sqldb.UploadColumns].
var uploadMarks = marks(23)

// uploadValues are those of [sqldb.UploadColumns].
func uploadValues(u models.Upload) ([]any, error) {
	code, message := sqldb.ErrorColumns(u.Error)
	video, err := sqldb.UploadVideoColumn(u.Video)
	return []any{
		u.Method, u.State, code, message, u.Filename, u.ContentType, u.Length, u.Offset, u.SHA256, u.Metadata, u.Source, u.Download, u.Origin,
		u.TokenHash, video, u.VideoID, u.Duplicate, u.Key, u.Growth, nullMicros(u.Due), u.Attempts, u.Updated.UnixMicro(), nullMicros(u.Expires),
	}, err
}

func scanUpload(row scanner) (models.Upload, error) {
	var u models.Upload
	var code, message string
	var video []byte
	var created, updated int64
	var due, expires sql.NullInt64
	err := row.Scan(&u.Workspace, &u.ID, &u.Fence,
		&u.Method, &u.State, &code, &message, &u.Filename, &u.ContentType, &u.Length, &u.Offset, &u.SHA256, &u.Metadata, &u.Source, &u.Download, &u.Origin,
		&u.TokenHash, &video, &u.VideoID, &u.Duplicate, &u.Key, &u.Growth, &due, &u.Attempts, &updated, &expires, &created)
	if err != nil {
		return u, err
	}
	u.Error, u.Due, u.Expires = sqldb.ErrorFrom(code, message), timeFrom(due), timeFrom(expires)
	u.Created, u.Updated = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	return u, sqldb.UploadVideoFrom(&u, video)
}

// CreateUpload implements [store.Library]. Who writes is alone, so that nobody
// takes the room in between.
func (l *library) CreateUpload(ctx context.Context, u models.Upload, quota int64) error {
	values, err := uploadValues(u)
	if err != nil {
		return err
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		if quota > 0 {
			used, err := l.usage(ctx, tx)
			if err == nil {
				err = sqldb.CheckQuota(u, used, quota)
			}
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO uploads (`+uploadColumns+`) VALUES (?,?,?,`+uploadMarks+`,?)`,
			slices.Concat([]any{l.workspace, u.ID, u.Fence}, values, []any{u.Created.UnixMicro()})...)
		return err
	})
}

// SaveUpload implements [store.Library]. How far an upload is is told to who sends
// it, and must stand then: see [Store.settle].
func (l *library) SaveUpload(ctx context.Context, u models.Upload) error {
	if u.Updated.IsZero() {
		u.Updated = time.Now()
	}
	values, err := uploadValues(u)
	if err != nil {
		return err
	}
	err = l.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE uploads SET (`+sqldb.UploadColumns+`) = (`+uploadMarks+`) WHERE workspace = ? AND id = ? AND fence = ? AND `+sqldb.Onward("?"),
			append(values, l.workspace, u.ID, u.Fence, u.State, u.State)...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		if _, err := l.findUpload(ctx, tx, u.ID); err != nil {
			return err
		}
		return sqldb.Overtaken(u.ID)
	})
	switch {
	case err != nil:
		return err
	case l.tx != nil:
		l.tx.settle = true
		return nil
	}
	return l.store.settle()
}

// TakeUpload implements [store.Library].
func (l *library) TakeUpload(ctx context.Context, id string) (u models.Upload, err error) {
	err = l.write(ctx, func(tx *sql.Tx) error {
		u, err = oneUpload(tx.QueryRowContext(ctx,
			`UPDATE uploads SET fence = fence + 1 WHERE workspace = ? AND id = ? RETURNING `+uploadColumns, l.workspace, id))
		return err
	})
	return u, err
}

// Upload implements [store.Library].
func (l *library) Upload(ctx context.Context, id string) (models.Upload, error) {
	return l.findUpload(ctx, l.read(), id)
}

func (l *library) findUpload(ctx context.Context, from reader, id string) (models.Upload, error) {
	return oneUpload(from.QueryRowContext(ctx, `SELECT `+uploadColumns+` FROM uploads WHERE workspace = ? AND id = ?`, l.workspace, id))
}

// AnyUpload implements [store.Store].
func (s *Store) AnyUpload(ctx context.Context, id string) (models.Upload, error) {
	return oneUpload(s.read.QueryRowContext(ctx, `SELECT `+uploadColumns+` FROM uploads WHERE id = ?`, id))
}

// oneUpload is NOT_FOUND without a row.
func oneUpload(row scanner) (models.Upload, error) {
	u, err := scanUpload(row)
	if errors.Is(err, sql.ErrNoRows) {
		return u, sqldb.NoUpload()
	}
	return u, coded(err)
}

// Uploads implements [store.Library].
func (l *library) Uploads(ctx context.Context, q store.UploadQuery) (store.UploadPage, error) {
	list, err := sqldb.ListUploads(l.workspace, q)
	if err != nil {
		return store.UploadPage{}, err
	}
	where, args := "workspace = ?", []any{l.workspace}
	if len(q.States) > 0 {
		where, args = where+" AND state IN ("+marks(len(q.States))+")", append(args, anys(q.States)...)
	}
	if list.From {
		where, args = where+" AND (created, id) < (?, ?)", append(args, list.Created.UnixMicro(), list.ID)
	}
	all, err := uploads(ctx, l.read(), where+` ORDER BY created DESC, id DESC LIMIT ?`, append(args, list.Limit)...)
	if err != nil {
		return store.UploadPage{}, err
	}
	return sqldb.UploadPage(list, all)
}

// DueUploads implements [store.Store].
func (s *Store) DueUploads(ctx context.Context, now time.Time, limit int) ([]models.Upload, error) {
	return uploads(ctx, s.read, sqldb.Unended+` AND due <= ? ORDER BY due, id LIMIT ?`, now.UnixMicro(), limit)
}

// ExpiredUploads implements [store.Store].
func (s *Store) ExpiredUploads(ctx context.Context, now time.Time, limit int) ([]models.Upload, error) {
	return uploads(ctx, s.read, sqldb.Unended+` AND state = 'receiving' AND expires <= ? ORDER BY expires, id LIMIT ?`, now.UnixMicro(), limit)
}

func uploads(ctx context.Context, from reader, where string, args ...any) ([]models.Upload, error) {
	rows, err := from.QueryContext(ctx, `SELECT `+uploadColumns+` FROM uploads WHERE `+where, args...)
	if err != nil {
		return nil, coded(fmt.Errorf("list uploads: %w", err))
	}
	all, err := collect(rows, scanUpload)
	return all, coded(err)
}

// Growing implements [store.Store].
func (s *Store) Growing(ctx context.Context, key string) (growing bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM uploads WHERE key = ? AND key <> '' AND `+sqldb.Unended+`)`, key).Scan(&growing)
	return growing, coded(err)
}

// DropUploads implements [store.Store].
func (s *Store) DropUploads(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM uploads WHERE NOT `+sqldb.Unended+` AND updated < ?`, before.UnixMicro())
	return coded(err)
}

// Usage implements [store.Library].
func (l *library) Usage(ctx context.Context) (int64, error) {
	used, err := l.usage(ctx, l.read())
	return used, coded(err)
}

func (l *library) usage(ctx context.Context, from reader) (used int64, err error) {
	err = from.QueryRowContext(ctx, sqldb.Used("?1"), l.workspace).Scan(&used)
	return used, err
}
