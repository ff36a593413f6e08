// Package sqldb is what the SQL databases of the store share: how a schema is
// brought up to date, page tokens, and columns for values that have no type in
// SQL. It holds no SQL but for what is the same in all of them: each database
// has its own dialect.
package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Defaults of the queries.
const (
	DefaultPage    = 50
	DefaultMatches = 50
)

// Migrate brings a schema up to date, and what it cannot compute itself by fold:
// see [foldAll]. INVALID_ARGUMENT where a newer program has been there: this one
// would misread it.
func Migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, migrations fs.FS, fold string) error {
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
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	return foldAll(ctx, db, fold)
}

// NoVideo is the NOT_FOUND of a video.
func NoVideo(id string) error {
	return models.Errorf(models.CodeNotFound, "there is no video %s; `cuepoint list` shows those there are", id)
}

// Changed is the CONFLICT of a video.
func Changed(id string) error {
	return models.Errorf(models.CodeConflict, "video %s was changed since it was read; read it again", id)
}

// NoKey is the NOT_FOUND of a key. It does not repeat what may be a secret in
// the wrong place.
func NoKey() error {
	return models.Errorf(models.CodeNotFound, "there is no such key; `cuepoint keys list` shows those there are")
}

// NoSession is the NOT_FOUND of a session.
func NoSession() error {
	return models.Errorf(models.CodeNotFound, "there is no such session; sign in again")
}

// NoOperation is the NOT_FOUND of an operation.
func NoOperation(id string) error {
	return models.Errorf(models.CodeNotFound, "there is no operation %s; it goes when its video is purged", id)
}

// NoEdit is the NOT_FOUND of an edit.
func NoEdit(id string) error {
	return models.Errorf(models.CodeNotFound, "there is no edit %s", id)
}

// NoRequest is the NOT_FOUND of a request, which is not for people.
func NoRequest() error {
	return models.Errorf(models.CodeNotFound, "nothing was asked under that name")
}

// ProvisionalID is the id of the n-th cue that a run has found so far.
func ProvisionalID(run string, n int) string { return fmt.Sprintf("%s-%d", run, n) }

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
		add("title_folded", Folded(*u.Title))
	}
	if u.Source != nil {
		add("source", *u.Source)
		add("source_folded", Folded(*u.Source))
	}
	if u.Blob != nil {
		add("blob", *u.Blob)
	}
	if u.Language != nil {
		add("language", *u.Language)
		add("language_folded", Folded(*u.Language))
	}
	if u.Captions != nil {
		add("captions_name", u.Captions.Name)
		add("captions_blob", u.Captions.Blob)
		add("captions_sha256", u.Captions.SHA256)
	}
	if u.Labels != nil {
		plain, folded := LabelColumns(*u.Labels)
		add("labels", plain)
		add("labels_folded", folded)
	}
	if u.ExternalID != nil {
		add("external_id", *u.ExternalID)
		add("external_id_folded", Folded(*u.ExternalID))
	}
	if u.Poster != nil {
		add("poster_ns", (*int64)(*u.Poster))
	}
	return columns, values
}

// Edits tells whether c changes what the owner may edit.
func Edits(c store.Change) bool {
	u := c.Video
	return u.Title != nil || u.Language != nil || u.Captions != nil || u.Labels != nil || u.ExternalID != nil || u.Poster != nil || c.Cues != nil
}
