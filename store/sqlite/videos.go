package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const videoColumns = `id, workspace, title, source, state, error_code, error_message, blob, sha256, size,
	language, captions_name, captions_blob, captions_sha256, media, created, updated, deleted`

// live bounds a statement on videos to one of the workspace that is not deleted.
const live = ` WHERE workspace = ? AND id = ? AND deleted IS NULL`

// CreateVideo implements [store.Library].
func (l *library) CreateVideo(ctx context.Context, v *models.Video) error {
	media, err := nullJSON(v.Media)
	if err != nil {
		return err
	}
	v.Workspace = l.workspace
	code, message := sqldb.ErrorColumns(v.Error)
	captions, captionsBlob, captionsSum := sqldb.SidecarColumns(v.Captions)
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO videos (`+videoColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL)`,
			v.ID, v.Workspace, v.Title, v.Source, v.State, code, message, v.Blob, v.SHA256, v.Size,
			v.Language, captions, captionsBlob, captionsSum, media, v.Created.UnixMicro(), v.Updated.UnixMicro())
		return err
	})
}

// Video implements [store.Library].
func (l *library) Video(ctx context.Context, id string) (*models.Video, error) {
	return l.video(ctx, "id = ?", id)
}

// VideoBySHA256 implements [store.Library].
func (l *library) VideoBySHA256(ctx context.Context, sum string) (*models.Video, error) {
	return l.video(ctx, "sha256 = ? AND deleted IS NULL", sum)
}

func (l *library) video(ctx context.Context, condition, value string) (*models.Video, error) {
	v, err := scanVideo(l.read().QueryRowContext(ctx,
		`SELECT `+videoColumns+` FROM videos WHERE workspace = ? AND `+condition, l.workspace, value))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, sqldb.NoVideo(value)
	}
	if err == nil {
		err = loadRuns(ctx, l.read(), []*models.Video{v})
	}
	if err != nil {
		return nil, coded(fmt.Errorf("read video %s: %w", value, err))
	}
	return v, nil
}

// Videos implements [store.Library].
func (l *library) Videos(ctx context.Context, q store.VideoQuery) (store.VideoPage, error) {
	size := q.Size
	if size <= 0 {
		size = sqldb.DefaultPage
	}
	where, args := []string{"workspace = ?"}, []any{l.workspace}
	switch q.State {
	case models.VideoDeleted:
		where = append(where, "deleted IS NOT NULL")
	case "":
		where = append(where, "deleted IS NULL")
	default:
		where, args = append(where, "deleted IS NULL AND state = ?"), append(args, q.State)
	}
	if q.Token != "" {
		created, id, err := sqldb.ReadToken(q.Token)
		if err != nil {
			return store.VideoPage{}, err
		}
		where, args = append(where, "(created, id) < (?, ?)"), append(args, created.UnixMicro(), id)
	}
	// One row more than asked for tells whether there is a next page.
	rows, err := l.read().QueryContext(ctx, `SELECT `+videoColumns+` FROM videos WHERE `+strings.Join(where, " AND ")+
		` ORDER BY created DESC, id DESC LIMIT ?`, append(args, size+1)...)
	if err != nil {
		return store.VideoPage{}, coded(fmt.Errorf("list videos: %w", err))
	}
	videos, err := collect(rows, scanVideo)
	page := sqldb.Page(videos, size)
	if err == nil {
		err = loadRuns(ctx, l.read(), page.Videos)
	}
	if err != nil {
		return store.VideoPage{}, coded(fmt.Errorf("list videos: %w", err))
	}
	return page, nil
}

// EachVideo implements [store.Store].
func (s *Store) EachVideo(ctx context.Context, after string, limit int) ([]*models.Video, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+videoColumns+` FROM videos WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, coded(fmt.Errorf("list all videos: %w", err))
	}
	videos, err := collect(rows, scanVideo)
	if err == nil {
		err = loadRuns(ctx, s.read, videos)
	}
	if err != nil {
		return nil, coded(fmt.Errorf("list all videos: %w", err))
	}
	return videos, nil
}

// UpdateVideo implements [store.Library].
func (l *library) UpdateVideo(ctx context.Context, id string, u store.VideoUpdate) error {
	return l.change(ctx, store.Change{VideoID: id, Video: u})
}

// update changes a video, and tells it that it was changed.
func (l *library) update(ctx context.Context, tx *sql.Tx, id string, u store.VideoUpdate) error {
	set, args := "updated = ?", []any{time.Now().UnixMicro()}
	columns, values := sqldb.Changes(u)
	for _, column := range columns {
		set += ", " + column + " = ?"
	}
	result, err := tx.ExecContext(ctx, `UPDATE videos SET `+set+live, append(append(args, values...), l.workspace, id)...)
	return found(result, err, id)
}

// DeleteVideo implements [store.Library].
func (l *library) DeleteVideo(ctx context.Context, id string) error {
	now := time.Now().UnixMicro()
	return l.alter(ctx, id, `UPDATE videos SET deleted = ?, updated = ?`+live, now, now, l.workspace, id)
}

// UndeleteVideo implements [store.Library].
func (l *library) UndeleteVideo(ctx context.Context, id string) error {
	return l.alter(ctx, id, `UPDATE videos SET deleted = NULL, updated = ?
		WHERE workspace = ? AND id = ? AND deleted IS NOT NULL`, time.Now().UnixMicro(), l.workspace, id)
}

// PurgeVideo implements [store.Library].
func (l *library) PurgeVideo(ctx context.Context, id string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM cue_terms
			WHERE rowid IN (SELECT n FROM cues WHERE workspace = ? AND video_id = ?)`, l.workspace, id); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM videos WHERE workspace = ? AND id = ?`, l.workspace, id)
		return found(result, err, id)
	})
}

// alter runs one statement on a video. NOT_FOUND where it hits none.
func (l *library) alter(ctx context.Context, id, statement string, args ...any) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, statement, args...)
		return found(result, err, id)
	})
}

// found turns a change that hit no row into NOT_FOUND.
func found(result sql.Result, err error, id string) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return sqldb.NoVideo(id)
}

func scanVideo(row scanner) (*models.Video, error) {
	var v models.Video
	var code, message, captions, captionsBlob, captionsSum string
	var media sql.NullString
	var created, updated int64
	var deleted sql.NullInt64
	err := row.Scan(&v.ID, &v.Workspace, &v.Title, &v.Source, &v.State, &code, &message, &v.Blob, &v.SHA256, &v.Size,
		&v.Language, &captions, &captionsBlob, &captionsSum, &media, &created, &updated, &deleted)
	if err != nil {
		return nil, err
	}
	v.Error = sqldb.ErrorFrom(code, message)
	v.Captions = sqldb.SidecarFrom(captions, captionsBlob, captionsSum)
	v.Created, v.Updated, v.Deleted = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC(), timeFrom(deleted)
	if deleted.Valid {
		v.State = models.VideoDeleted
	}
	if media.Valid {
		v.Media = new(models.MediaInfo)
		if err := json.Unmarshal([]byte(media.String), v.Media); err != nil {
			return nil, fmt.Errorf("media of video %s: %w", v.ID, err)
		}
	}
	return &v, nil
}
