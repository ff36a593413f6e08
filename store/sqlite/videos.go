package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const videoColumns = `id, workspace, title, source, state, error_code, error_message, blob, sha256, size,
	language, captions_name, captions_blob, captions_sha256, media, created, updated, deleted, purge, labels, external_id, poster_ns, revision,
	duplicate`

// live bounds a statement on videos to one of the workspace that is not deleted.
const live = ` WHERE workspace = ? AND id = ? AND deleted IS NULL`

// CreateVideo implements [store.Library].
func (l *library) CreateVideo(ctx context.Context, v *models.Video) error {
	media, err := nullJSON(v.Media)
	if err != nil {
		return err
	}
	v.Workspace, v.Revision = l.workspace, 0
	code, message := sqldb.ErrorColumns(v.Error)
	captions, captionsBlob, captionsSum := sqldb.SidecarColumns(v.Captions)
	labels, labelsFolded := sqldb.LabelColumns(v.Labels)
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO videos (`+videoColumns+`,
				duration_ns, title_folded, source_folded, language_folded, external_id_folded, labels_folded)
			VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL,NULL,?,?,?,?,?,?,?,?,?,?,?)`,
			v.ID, v.Workspace, v.Title, v.Source, v.State, code, message, v.Blob, v.SHA256, v.Size,
			v.Language, captions, captionsBlob, captionsSum, media, v.Created.UnixMicro(), v.Updated.UnixMicro(), labels, v.ExternalID, (*int64)(v.Poster), v.Revision, v.Duplicate,
			sqldb.Duration(v.Media), sqldb.Folded(v.Title), sqldb.Folded(v.Source), sqldb.Folded(v.Language), sqldb.Folded(v.ExternalID), labelsFolded)
		return err
	})
}

// Video implements [store.Library].
func (l *library) Video(ctx context.Context, id string) (*models.Video, error) {
	return l.video(ctx, "id = ?", id)
}

// VideoBySHA256 implements [store.Library].
func (l *library) VideoBySHA256(ctx context.Context, sum string) (*models.Video, error) {
	return l.video(ctx, "sha256 = ? AND deleted IS NULL ORDER BY duplicate, created, id LIMIT 1", sum)
}

// Duplicates implements [store.Library].
func (l *library) Duplicates(ctx context.Context, sum string) ([]*models.Video, error) {
	all, err := videos(ctx, l.read(), `workspace = ? AND sha256 = ? AND deleted IS NULL AND duplicate = TRUE ORDER BY created, id`, l.workspace, sum)
	if err != nil {
		return nil, coded(fmt.Errorf("list duplicates: %w", err))
	}
	return all, nil
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
	var args []any
	list, err := sqldb.List(l.workspace, q, sqldb.Dialect{Position: "instr", Argument: func(value any) string {
		if at, ok := value.(time.Time); ok {
			value = at.UnixMicro()
		}
		args = append(args, value)
		return "?"
	}})
	if err != nil {
		return store.VideoPage{}, err
	}
	rows, err := l.read().QueryContext(ctx, `SELECT `+videoColumns+` FROM videos`+list.Clause, args...)
	if err != nil {
		return store.VideoPage{}, coded(fmt.Errorf("list videos: %w", err))
	}
	videos, err := collect(rows, scanVideo)
	var page store.VideoPage
	if err == nil {
		page, err = list.Page(videos)
	}
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
	all, err := videos(ctx, s.read, `id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, coded(fmt.Errorf("list all videos: %w", err))
	}
	return all, nil
}

// Expired implements [store.Store].
func (s *Store) Expired(ctx context.Context, now time.Time, limit int) ([]*models.Video, error) {
	expired, err := videos(ctx, s.read, `purge <= ? ORDER BY purge, id LIMIT ?`, now.UnixMicro(), limit)
	if err != nil {
		return nil, coded(fmt.Errorf("list expired videos: %w", err))
	}
	return expired, nil
}

// videos reads videos with their runs.
func videos(ctx context.Context, from reader, where string, args ...any) ([]*models.Video, error) {
	rows, err := from.QueryContext(ctx, `SELECT `+videoColumns+` FROM videos WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	all, err := collect(rows, scanVideo)
	if err != nil {
		return nil, err
	}
	return all, loadRuns(ctx, from, all)
}

// UpdateVideo implements [store.Library].
func (l *library) UpdateVideo(ctx context.Context, id string, u store.VideoUpdate) error {
	return l.change(ctx, store.Change{VideoID: id, Video: u})
}

// update changes a video, and tells it that it was changed.
func (l *library) update(ctx context.Context, tx *sql.Tx, c store.Change) error {
	set, args := "updated = ?", []any{time.Now().UnixMicro()}
	columns, values := sqldb.Changes(c.Video)
	for _, column := range columns {
		set += ", " + column + " = ?"
	}
	if sqldb.Edits(c) {
		set += ", revision = revision + 1"
	}
	result, err := tx.ExecContext(ctx, `UPDATE videos SET `+set+live, append(append(args, values...), l.workspace, c.VideoID)...)
	return found(result, err, c.VideoID)
}

// expect is CONFLICT where a video is not at a revision any more.
func (l *library) expect(ctx context.Context, tx *sql.Tx, id string, revision *int64) error {
	if revision == nil {
		return nil
	}
	var is int64
	err := tx.QueryRowContext(ctx, `SELECT revision FROM videos`+live, l.workspace, id).Scan(&is)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return sqldb.NoVideo(id)
	case err != nil:
		return err
	case is != *revision:
		return sqldb.Changed(id)
	}
	return nil
}

// DeleteVideo implements [store.Library].
func (l *library) DeleteVideo(ctx context.Context, id string, until time.Time) error {
	now := time.Now().UnixMicro()
	return l.alter(ctx, id, `UPDATE videos SET deleted = ?, updated = ?, purge = ?`+live, now, now, nullMicros(until), l.workspace, id)
}

// UndeleteVideo implements [store.Library].
func (l *library) UndeleteVideo(ctx context.Context, id string) error {
	return l.alter(ctx, id, `UPDATE videos SET deleted = NULL, purge = NULL, updated = ?
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
	var labels []byte
	var media sql.NullString
	var created, updated int64
	var deleted, purge sql.NullInt64
	var poster *int64
	err := row.Scan(&v.ID, &v.Workspace, &v.Title, &v.Source, &v.State, &code, &message, &v.Blob, &v.SHA256, &v.Size,
		&v.Language, &captions, &captionsBlob, &captionsSum, &media, &created, &updated, &deleted, &purge, &labels, &v.ExternalID, &poster, &v.Revision,
		&v.Duplicate)
	if err == nil {
		v.Labels, err = sqldb.LabelsFrom(v.ID, labels)
	}
	if err != nil {
		return nil, err
	}
	v.Error, v.Poster = sqldb.ErrorFrom(code, message), (*time.Duration)(poster)
	v.Captions = sqldb.SidecarFrom(captions, captionsBlob, captionsSum)
	v.Created, v.Updated, v.Deleted = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC(), timeFrom(deleted)
	v.Purge = timeFrom(purge)
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
