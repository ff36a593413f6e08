package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

const videoColumns = `id, title, source, state, error_code, error_message, sha256, size,
	language, captions_name, captions_sha256, media, created, updated`

// CreateVideo implements [store.Store].
func (s *Store) CreateVideo(ctx context.Context, v *models.Video) error {
	media, err := nullJSON(v.Media)
	if err != nil {
		return err
	}
	code, message := errorColumns(v.Error)
	captions := sidecar(v.Captions)
	return s.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO videos (`+videoColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			v.ID, v.Title, v.Source, v.State, code, message, v.SHA256, v.Size,
			v.Language, captions.Name, captions.SHA256, media, micros(v.Created), micros(v.Updated))
		return err
	})
}

// Video implements [store.Store].
func (s *Store) Video(ctx context.Context, id string) (*models.Video, error) {
	return s.video(ctx, "id", id)
}

// VideoBySHA256 implements [store.Store].
func (s *Store) VideoBySHA256(ctx context.Context, sum string) (*models.Video, error) {
	return s.video(ctx, "sha256", sum)
}

func (s *Store) video(ctx context.Context, column, value string) (*models.Video, error) {
	v, err := scanVideo(s.read.QueryRowContext(ctx, `SELECT `+videoColumns+` FROM videos WHERE `+column+` = ?`, value))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noVideo(value)
	}
	if err != nil {
		return nil, fmt.Errorf("read video %s: %w", value, err)
	}
	return v, s.loadRuns(ctx, v)
}

// Videos implements [store.Store].
func (s *Store) Videos(ctx context.Context, q store.VideoQuery) (store.VideoPage, error) {
	size := q.Size
	if size <= 0 {
		size = 50
	}
	where, args := []string{"TRUE"}, []any{}
	if q.State != "" {
		where, args = append(where, "state = ?"), append(args, q.State)
	}
	if q.Token != "" {
		created, id, err := readToken(q.Token)
		if err != nil {
			return store.VideoPage{}, models.Errorf(models.CodeInvalidArgument, "page token: not one of ours; start again without it").Because(err)
		}
		where, args = append(where, "(created, id) < (?, ?)"), append(args, created, id)
	}
	// One row more than asked for tells whether there is a next page.
	rows, err := s.read.QueryContext(ctx, `SELECT `+videoColumns+` FROM videos WHERE `+strings.Join(where, " AND ")+
		` ORDER BY created DESC, id DESC LIMIT ?`, append(args, size+1)...)
	if err != nil {
		return store.VideoPage{}, fmt.Errorf("list videos: %w", err)
	}
	page := store.VideoPage{}
	page.Videos, err = collect(rows, scanVideo)
	if err != nil {
		return store.VideoPage{}, fmt.Errorf("list videos: %w", err)
	}
	if len(page.Videos) > size {
		page.Videos = page.Videos[:size]
		page.Next = token(page.Videos[size-1])
	}
	for _, v := range page.Videos {
		if err := s.loadRuns(ctx, v); err != nil {
			return store.VideoPage{}, err
		}
	}
	return page, nil
}

// UpdateVideo implements [store.Store].
func (s *Store) UpdateVideo(ctx context.Context, id string, u store.VideoUpdate) error {
	set, args := []string{"updated = ?"}, []any{micros(time.Now())}
	add := func(column string, value any) { set, args = append(set, column+" = ?"), append(args, value) }
	if u.State != nil {
		add("state", *u.State)
	}
	if u.Error != nil {
		code, message := errorColumns(*u.Error)
		add("error_code", code)
		add("error_message", message)
	}
	if u.Title != nil {
		add("title", *u.Title)
	}
	if u.Source != nil {
		add("source", *u.Source)
	}
	if u.Language != nil {
		add("language", *u.Language)
	}
	if u.Captions != nil {
		add("captions_name", u.Captions.Name)
		add("captions_sha256", u.Captions.SHA256)
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE videos SET `+strings.Join(set, ", ")+` WHERE id = ?`, append(args, id)...)
		return found(result, err, id)
	})
}

// DeleteVideo implements [store.Store].
func (s *Store) DeleteVideo(ctx context.Context, id string) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM cue_terms WHERE rowid IN (SELECT n FROM cues WHERE video_id = ?)`, id); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM videos WHERE id = ?`, id)
		return found(result, err, id)
	})
}

// SourceInUse implements [store.Store].
func (s *Store) SourceInUse(ctx context.Context, sum string) (used bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM videos WHERE sha256 = ?1 OR captions_sha256 = ?1)`, sum).Scan(&used)
	return used, err
}

func noVideo(id string) error {
	return models.Errorf(models.CodeNotFound, "there is no video %s; `cuepoint list` shows those there are", id)
}

// found turns an update that hit no row into NOT_FOUND.
func found(result sql.Result, err error, id string) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return noVideo(id)
}

func scanVideo(row scanner) (*models.Video, error) {
	var v models.Video
	var code models.Code
	var message string
	var captions models.Sidecar
	var media sql.NullString
	var created, updated int64
	err := row.Scan(&v.ID, &v.Title, &v.Source, &v.State, &code, &message, &v.SHA256, &v.Size,
		&v.Language, &captions.Name, &captions.SHA256, &media, &created, &updated)
	if err != nil {
		return nil, err
	}
	v.Error = errorFrom(code, message)
	v.Created, v.Updated = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	if captions.SHA256 != "" {
		v.Captions = &captions
	}
	if media.Valid {
		v.Media = new(models.MediaInfo)
		if err := json.Unmarshal([]byte(media.String), v.Media); err != nil {
			return nil, fmt.Errorf("media of video %s: %w", v.ID, err)
		}
	}
	return &v, nil
}

func sidecar(c *models.Sidecar) models.Sidecar {
	if c == nil {
		return models.Sidecar{}
	}
	return *c
}

// A token names the last row of a page: its time and its id.

func token(v *models.Video) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", micros(v.Created), v.ID))
}

func readToken(t string) (created int64, id string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(t)
	if err != nil {
		return 0, "", err
	}
	first, id, ok := strings.Cut(string(raw), " ")
	if !ok || id == "" {
		return 0, "", errors.New("no id in it")
	}
	created, err = strconv.ParseInt(first, 10, 64)
	return created, id, err
}
