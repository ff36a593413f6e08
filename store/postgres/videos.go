package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const videoColumns = `id, workspace, title, source, state, error_code, error_message, blob, sha256, size,
	language, captions_name, captions_blob, captions_sha256, media, created, updated, deleted, purge, labels, external_id, poster_ns, revision,
	duplicate`

// live bounds a statement on videos to one of the workspace that is not deleted.
const live = ` WHERE workspace = $1 AND id = $2 AND deleted IS NULL`

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
	return l.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO videos (`+videoColumns+`,
				duration_ns, title_folded, source_folded, language_folded, external_id_folded, labels_folded)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,NULL,NULL,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28)`,
			clean(v.ID), v.Workspace, clean(v.Title), clean(v.Source), v.State, code, clean(message), clean(v.Blob), clean(v.SHA256), v.Size,
			clean(v.Language), clean(captions), clean(captionsBlob), clean(captionsSum), media, v.Created, v.Updated, labels, clean(v.ExternalID), (*int64)(v.Poster), v.Revision, v.Duplicate,
			sqldb.Duration(v.Media), sqldb.Folded(v.Title), sqldb.Folded(v.Source), sqldb.Folded(v.Language), sqldb.Folded(v.ExternalID), labelsFolded)
		return err
	})
}

// Video implements [store.Library].
func (l *library) Video(ctx context.Context, id string) (*models.Video, error) {
	return l.video(ctx, "id = $2", id)
}

// VideoBySHA256 implements [store.Library].
func (l *library) VideoBySHA256(ctx context.Context, sum string) (*models.Video, error) {
	return l.video(ctx, "sha256 = $2 AND deleted IS NULL ORDER BY duplicate, created, id LIMIT 1", sum)
}

// Duplicates implements [store.Library].
func (l *library) Duplicates(ctx context.Context, sum string) ([]*models.Video, error) {
	all, err := videos(ctx, l.read(), `workspace = $1 AND sha256 = $2 AND deleted IS NULL AND duplicate = TRUE ORDER BY created, id`, l.workspace, clean(sum))
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list duplicates: %w", err))
	}
	return all, nil
}

func (l *library) video(ctx context.Context, condition, value string) (*models.Video, error) {
	found, err := query(ctx, l.read(), scanVideo,
		`SELECT `+videoColumns+` FROM videos WHERE workspace = $1 AND `+condition, l.workspace, clean(value))
	if err == nil && len(found) == 0 {
		return nil, sqldb.NoVideo(value)
	}
	if err == nil {
		err = loadRuns(ctx, l.read(), found)
	}
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("read video %s: %w", value, err))
	}
	return found[0], nil
}

// Videos implements [store.Library].
func (l *library) Videos(ctx context.Context, q store.VideoQuery) (store.VideoPage, error) {
	var args []any
	list, err := sqldb.List(l.workspace, q, sqldb.Dialect{Position: "strpos", Argument: func(value any) string {
		args = append(args, value)
		if _, ok := value.(string); ok {
			return fmt.Sprintf("$%d::text", len(args))
		}
		return fmt.Sprintf("$%d", len(args))
	}})
	if err != nil {
		return store.VideoPage{}, err
	}
	videos, err := query(ctx, l.read(), scanVideo, `SELECT `+videoColumns+` FROM videos`+list.Clause, args...)
	var page store.VideoPage
	if err == nil {
		page, err = list.Page(videos)
	}
	if err == nil {
		err = loadRuns(ctx, l.read(), page.Videos)
	}
	if err != nil {
		return store.VideoPage{}, coded(ctx, fmt.Errorf("list videos: %w", err))
	}
	return page, nil
}

// EachVideo implements [store.Store].
func (s *Store) EachVideo(ctx context.Context, after string, limit int) ([]*models.Video, error) {
	all, err := videos(ctx, s.pool, `id > $1 ORDER BY id LIMIT $2`, clean(after), limit)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list all videos: %w", err))
	}
	return all, nil
}

// Expired implements [store.Store].
func (s *Store) Expired(ctx context.Context, now time.Time, limit int) ([]*models.Video, error) {
	expired, err := videos(ctx, s.pool, `purge <= $1 ORDER BY purge, id LIMIT $2`, now, limit)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list expired videos: %w", err))
	}
	return expired, nil
}

// videos reads videos with their runs.
func videos(ctx context.Context, r reader, where string, args ...any) ([]*models.Video, error) {
	all, err := query(ctx, r, scanVideo, `SELECT `+videoColumns+` FROM videos WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	return all, loadRuns(ctx, r, all)
}

// UpdateVideo implements [store.Library].
func (l *library) UpdateVideo(ctx context.Context, id string, u store.VideoUpdate) error {
	return l.change(ctx, store.Change{VideoID: id, Video: u})
}

// update is the statement that changes a video, and tells it that it was changed.
func (l *library) update(c store.Change) (statement string, args []any) {
	set, args := "updated = $3", []any{l.workspace, clean(c.VideoID), time.Now()}
	columns, values := sqldb.Changes(c.Video)
	for i, column := range columns {
		if text, ok := values[i].(string); ok {
			values[i] = clean(text)
		}
		args = append(args, values[i])
		set += fmt.Sprintf(", %s = $%d", column, len(args))
	}
	if sqldb.Edits(c) {
		set += ", revision = revision + 1"
	}
	return `UPDATE videos SET ` + set + live, args
}

// expect is CONFLICT where a video is not at a revision any more, and keeps it
// there until the transaction ends.
func (l *library) expect(ctx context.Context, tx pgx.Tx, id string, revision *int64) error {
	if revision == nil {
		return nil
	}
	var is int64
	err := tx.QueryRow(ctx, `SELECT revision FROM videos`+live+` FOR UPDATE`, l.workspace, clean(id)).Scan(&is)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
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
	return l.alter(ctx, id, `UPDATE videos SET deleted = $3, updated = $3, purge = $4`+live, l.workspace, clean(id), time.Now(), nullTime(until))
}

// UndeleteVideo implements [store.Library].
func (l *library) UndeleteVideo(ctx context.Context, id string) error {
	return l.alter(ctx, id, `UPDATE videos SET deleted = NULL, purge = NULL, updated = $3
		WHERE workspace = $1 AND id = $2 AND deleted IS NOT NULL`, l.workspace, clean(id), time.Now())
}

// PurgeVideo implements [store.Library].
func (l *library) PurgeVideo(ctx context.Context, id string) error {
	return l.alter(ctx, id, `DELETE FROM videos WHERE workspace = $1 AND id = $2`, l.workspace, clean(id))
}

// alter runs one statement on a video. NOT_FOUND where it hits none.
func (l *library) alter(ctx context.Context, id, statement string, args ...any) error {
	return l.write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, statement, args...)
		if err == nil && tag.RowsAffected() == 0 {
			return sqldb.NoVideo(id)
		}
		return err
	})
}

func scanVideo(row pgx.CollectableRow) (*models.Video, error) {
	var v models.Video
	var code, message, captions, captionsBlob, captionsSum string
	var media, labels []byte
	var deleted, purge *time.Time
	var poster *int64
	err := row.Scan(&v.ID, &v.Workspace, &v.Title, &v.Source, &v.State, &code, &message, &v.Blob, &v.SHA256, &v.Size,
		&v.Language, &captions, &captionsBlob, &captionsSum, &media, &v.Created, &v.Updated, &deleted, &purge, &labels, &v.ExternalID, &poster, &v.Revision,
		&v.Duplicate)
	if err == nil {
		v.Labels, err = sqldb.LabelsFrom(v.ID, labels)
	}
	if err != nil {
		return nil, err
	}
	v.Error, v.Poster = sqldb.ErrorFrom(code, message), (*time.Duration)(poster)
	v.Captions = sqldb.SidecarFrom(captions, captionsBlob, captionsSum)
	v.Created, v.Updated, v.Deleted = v.Created.UTC(), v.Updated.UTC(), timeFrom(deleted)
	v.Purge = timeFrom(purge)
	if deleted != nil {
		v.State = models.VideoDeleted
	}
	if media != nil {
		v.Media = new(models.MediaInfo)
		if err := json.Unmarshal(media, v.Media); err != nil {
			return nil, errors.Join(fmt.Errorf("media of video %s", v.ID), err)
		}
	}
	return &v, nil
}
