// Package sqldb is what the SQL databases of the store share: how a schema is
// brought up to date, page tokens, and columns for values that have no type in
// SQL. It holds no SQL: each database has its own dialect.
package sqldb

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Defaults of the queries.
const (
	DefaultPage    = 50
	DefaultMatches = 50
)

// Migrate brings a schema up to date. INVALID_ARGUMENT where a newer program
// has been there: this one would misread it.
func Migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, migrations fs.FS) error {
	p, err := goose.NewProvider(dialect, db, migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	is, want, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if is > want {
		return models.Errorf(models.CodeInvalidArgument,
			"the library was last used by a newer cuepoint (schema %d, this one knows %d); use that one again", is, want)
	}
	_, err = p.Up(ctx)
	return err
}

// NoVideo is the NOT_FOUND of a video.
func NoVideo(id string) error {
	return models.Errorf(models.CodeNotFound, "there is no video %s; `cuepoint list` shows those there are", id)
}

// Exists is the ALREADY_EXISTS of whatever broke a unique index.
func Exists(err error) error {
	return models.Errorf(models.CodeAlreadyExists, "it is there already").Because(err)
}

// Busy is the DATA_IN_USE of a statement that came to no end in time.
func Busy(err error) error {
	return models.Errorf(models.CodeDataInUse, "the library is busy; try again").Because(err)
}

// Only the code and the sentence for people are kept: causes are the log's.

// ErrorColumns are empty for nil.
func ErrorColumns(e *models.Error) (code, message string) {
	if e == nil {
		return "", ""
	}
	return string(e.Code), e.Message
}

// ErrorFrom is the reverse of [ErrorColumns].
func ErrorFrom(code, message string) *models.Error {
	if code == "" {
		return nil
	}
	return &models.Error{Code: models.Code(code), Message: message}
}

// SidecarColumns are empty for nil.
func SidecarColumns(c *models.Sidecar) (name, blob, sum string) {
	if c == nil {
		return "", "", ""
	}
	return c.Name, c.Blob, c.SHA256
}

// SidecarFrom is the reverse of [SidecarColumns].
func SidecarFrom(name, blob, sum string) *models.Sidecar {
	if sum == "" {
		return nil
	}
	return &models.Sidecar{Name: name, Blob: blob, SHA256: sum}
}

// Changes names the columns of the table of videos that u sets, and their values.
func Changes(u store.VideoUpdate) (columns []string, values []any) {
	add := func(column string, value any) { columns, values = append(columns, column), append(values, value) }
	if u.State != nil {
		add("state", string(*u.State))
	}
	if u.Error != nil {
		code, message := ErrorColumns(*u.Error)
		add("error_code", code)
		add("error_message", message)
	}
	if u.Title != nil {
		add("title", *u.Title)
	}
	if u.Source != nil {
		add("source", *u.Source)
	}
	if u.Blob != nil {
		add("blob", *u.Blob)
	}
	if u.Language != nil {
		add("language", *u.Language)
	}
	if u.Captions != nil {
		add("captions_name", u.Captions.Name)
		add("captions_blob", u.Captions.Blob)
		add("captions_sha256", u.Captions.SHA256)
	}
	return columns, values
}

// Page cuts a page of size out of rows that were read with one more than that.
func Page(videos []*models.Video, size int) store.VideoPage {
	if len(videos) <= size {
		return store.VideoPage{Videos: videos}
	}
	last := videos[size-1]
	token := fmt.Appendf(nil, "%d %s", last.Created.UnixMicro(), last.ID)
	return store.VideoPage{Videos: videos[:size], Next: base64.RawURLEncoding.EncodeToString(token)}
}

// ReadToken returns the last row of the page before: its time and its id.
// INVALID_ARGUMENT for a token that [Page] did not make.
func ReadToken(token string) (created time.Time, id string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	first, id, ok := strings.Cut(string(raw), " ")
	if err == nil && (!ok || id == "") {
		err = errors.New("no id in it")
	}
	var us int64
	if err == nil {
		us, err = strconv.ParseInt(first, 10, 64)
	}
	if err != nil {
		return time.Time{}, "", models.Errorf(models.CodeInvalidArgument,
			"page token: not one of ours; start again without it").Because(err)
	}
	return time.UnixMicro(us).UTC(), id, nil
}
