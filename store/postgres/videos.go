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
	language, captions_name, captions_blob, captions_sha256, media, created, updated, deleted`

// live bounds a statement on videos to one of the workspace that is not deleted.
const live = ` WHERE workspace = $1 AND id = $2 AND deleted IS NULL`

// CreateVideo implements [store.Library].
func (l *library) CreateVideo(ctx context.Context, v *models.Video) error {
	media, err := nullJSON(v.Media)
	if err != nil {
		return err
	}
	v.Workspace = l.workspace
	code, message := sqldb.ErrorColumns(v.Error)
	captions, captionsBlob, captionsSum := sqldb.SidecarColumns(v.Captions)
	return l.write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO videos (`+videoColumns+`)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,NULL)`,
			clean(v.ID), v.Workspace, clean(v.Title), clean(v.Source), v.State, code, clean(message), clean(v.Blob), clean(v.SHA256), v.Size,
			clean(v.Language), clean(captions), clean(captionsBlob), clean(captionsSum), media, v.Created, v.Updated)
		return err
	})
}

// Video implements [store.Library].
func (l *library) Video(ctx context.Context, id string) (*models.Video, error) {
	return l.video(ctx, "id = $2", id)
}

// VideoBySHA256 implements [store.Library].
func (l *library) VideoBySHA256(ctx context.Context, sum string) (*models.Video, error) {
	return l.video(ctx, "sha256 = $2 AND deleted IS NULL", sum)
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
	size := q.Size
	if size <= 0 {
		size = sqldb.DefaultPage
	}
	var where conditions
	where.add("workspace = $%d", l.workspace)
	switch q.State {
	case models.VideoDeleted:
		where.text = append(where.text, "deleted IS NOT NULL")
	case "":
		where.text = append(where.text, "deleted IS NULL")
	default:
		where.add("deleted IS NULL AND state = $%d", q.State)
	}
	if q.Token != "" {
		created, id, err := sqldb.ReadToken(q.Token)
		if err != nil {
			return store.VideoPage{}, err
		}
		where.args = append(where.args, created)
		where.add(fmt.Sprintf("(created, id) < ($%d, $%%d)", len(where.args)), clean(id))
	}
	// One row more than asked for tells whether there is a next page.
	videos, err := query(ctx, l.read(), scanVideo, `SELECT `+videoColumns+` FROM videos WHERE `+where.String()+
		fmt.Sprintf(` ORDER BY created DESC, id DESC LIMIT %d`, size+1), where.args...)
	page := sqldb.Page(videos, size)
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
	videos, err := query(ctx, s.pool, scanVideo,
		`SELECT `+videoColumns+` FROM videos WHERE id > $1 ORDER BY id LIMIT $2`, clean(after), limit)
	if err == nil {
		err = loadRuns(ctx, s.pool, videos)
	}
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list all videos: %w", err))
	}
	return videos, nil
}

// UpdateVideo implements [store.Library].
func (l *library) UpdateVideo(ctx context.Context, id string, u store.VideoUpdate) error {
	return l.change(ctx, store.Change{VideoID: id, Video: u})
}

// update is the statement that changes a video, and tells it that it was changed.
func (l *library) update(id string, u store.VideoUpdate) (statement string, args []any) {
	set, args := "updated = $3", []any{l.workspace, clean(id), time.Now()}
	columns, values := sqldb.Changes(u)
	for i, column := range columns {
		if text, ok := values[i].(string); ok {
			values[i] = clean(text)
		}
		args = append(args, values[i])
		set += fmt.Sprintf(", %s = $%d", column, len(args))
	}
	return `UPDATE videos SET ` + set + live, args
}

// DeleteVideo implements [store.Library].
func (l *library) DeleteVideo(ctx context.Context, id string) error {
	return l.alter(ctx, id, `UPDATE videos SET deleted = $3, updated = $3`+live, l.workspace, clean(id), time.Now())
}

// UndeleteVideo implements [store.Library].
func (l *library) UndeleteVideo(ctx context.Context, id string) error {
	return l.alter(ctx, id, `UPDATE videos SET deleted = NULL, updated = $3
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
	var media []byte
	var deleted *time.Time
	err := row.Scan(&v.ID, &v.Workspace, &v.Title, &v.Source, &v.State, &code, &message, &v.Blob, &v.SHA256, &v.Size,
		&v.Language, &captions, &captionsBlob, &captionsSum, &media, &v.Created, &v.Updated, &deleted)
	if err != nil {
		return nil, err
	}
	v.Error = sqldb.ErrorFrom(code, message)
	v.Captions = sqldb.SidecarFrom(captions, captionsBlob, captionsSum)
	v.Created, v.Updated, v.Deleted = v.Created.UTC(), v.Updated.UTC(), timeFrom(deleted)
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
