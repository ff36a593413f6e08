package sqldb

import (
	"encoding/json"
	"fmt"

	"github.com/cuepoint/cuepoint/models"
)

// UploadColumns are those that a save of an upload writes: all but workspace, id,
// fence and created.
const UploadColumns = `method, state, error_code, error_message, filename, content_type, length, received, sha256, metadata, source, download, origin,
	token_hash, video, video_id, duplicate, key, growth, due, attempts, updated, expires`

// Unended is the condition of the uploads that have not ended.
const Unended = `state IN ('receiving', 'finishing')`

// Onward is the condition of the uploads that may come to a state, which stands where
// its argument does, twice: none goes back to an earlier one.
func Onward(state string) string {
	return `(state = ` + state + ` OR state = 'receiving' OR state = 'finishing' AND ` + state + ` <> 'receiving')`
}

// Used is the bytes that a workspace uses, which stands where its argument is.
// It sees sources and uploads at one moment, so that none that becomes the other
// counts twice.
func Used(workspace string) string {
	return `SELECT CAST(
		(SELECT coalesce(sum(size), 0) FROM (SELECT max(size) AS size FROM videos WHERE workspace = ` + workspace + ` AND blob <> '' GROUP BY blob) AS sources) +
		(SELECT coalesce(sum(CASE WHEN length >= 0 THEN length ELSE received END), 0) FROM uploads WHERE workspace = ` + workspace + ` AND ` + Unended + `)
		AS bigint)`
}

// CheckQuota is QUOTA_EXCEEDED where an upload does not fit beside what is used.
func CheckQuota(u models.Upload, used, quota int64) error {
	needs, left := max(u.Length, u.Offset), quota-used
	if needs <= left {
		return nil
	}
	return models.Errorf(models.CodeQuotaExceeded,
		"the upload needs %d bytes, and the workspace has %d left of its %d; purge videos, or ask for more room", needs, max(left, 0), quota)
}

// UploadVideoColumn is what the owner says of an upload's video, as JSON.
func UploadVideoColumn(v models.UploadVideo) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// UploadVideoFrom is the reverse of [UploadVideoColumn].
func UploadVideoFrom(u *models.Upload, column []byte) error {
	if err := json.Unmarshal(column, &u.Video); err != nil {
		return fmt.Errorf("video of upload %s: %w", u.ID, err)
	}
	return nil
}

// NoUpload is the NOT_FOUND of an upload. It does not repeat what may be a
// secret in the wrong place.
func NoUpload() error {
	return models.Errorf(models.CodeNotFound, "there is no such upload; begin another")
}

// Overtaken is the CONFLICT of an upload's writer.
func Overtaken(id string) error {
	return models.Errorf(models.CodeConflict, "upload %s has another writer by now; ask how far it is", id)
}
