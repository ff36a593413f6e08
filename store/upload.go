package store

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Intake is the uploads of all workspaces: what is asked before the workspace is
// known, and by who sees to them.
type Intake interface {
	// AnyUpload returns an upload of any workspace. NOT_FOUND.
	AnyUpload(ctx context.Context, id string) (models.Upload, error)

	// DueUploads lists uploads of all workspaces that have not ended and whose Due
	// has come: at most limit, those first that have been due for longest.
	DueUploads(ctx context.Context, now time.Time, limit int) ([]models.Upload, error)

	// ExpiredUploads lists uploads of all workspaces that are receiving and whose
	// Expires has come: at most limit.
	ExpiredUploads(ctx context.Context, now time.Time, limit int) ([]models.Upload, error)

	// Growing tells whether an upload that has not ended has this key for its blob.
	Growing(ctx context.Context, key string) (bool, error)

	// DropUploads forgets uploads that ended before a time.
	DropUploads(ctx context.Context, before time.Time) error
}

// Uploads are those of a workspace.
type Uploads interface {
	// CreateUpload adds an upload, in this workspace whatever it says.
	// ALREADY_EXISTS if its id is taken. QUOTA_EXCEEDED where the bytes that the
	// workspace uses, see Usage, are more than quota with it; 0 is no quota. Of
	// several at once no more are added than there is room for.
	CreateUpload(ctx context.Context, u models.Upload, quota int64) error

	// Upload returns an upload. NOT_FOUND.
	Upload(ctx context.Context, id string) (models.Upload, error)

	// Uploads lists uploads, newest first. INVALID_ARGUMENT for a page token that
	// no earlier page of the same states gave.
	Uploads(ctx context.Context, q UploadQuery) (UploadPage, error)

	// TakeUpload makes the caller the writer of an upload: it raises its fence and
	// returns it. NOT_FOUND.
	TakeUpload(ctx context.Context, id string) (models.Upload, error)

	// SaveUpload writes all of an upload but its Created, and sets Updated to now
	// unless it is set. What was saved outlives a crash of the machine, with all that
	// was done before. CONFLICT where its fence is no longer the upload's, or it has
	// come further: from receiving to finishing, or to an end. NOT_FOUND.
	SaveUpload(ctx context.Context, u models.Upload) error

	// Usage is how many bytes the workspace uses: the sources of its videos,
	// deleted ones too until they are purged, shared ones once; and of uploads that
	// have not ended their Length, or Offset where that is not known.
	Usage(ctx context.Context) (int64, error)
}

// UploadQuery asks for a page of uploads.
type UploadQuery struct {
	States []models.UploadState // empty for all
	Size   int                  // at most this many; 0 means 50
	Token  string               // of the page before, which had the same states; empty for the first
}

// UploadPage is one page. Next is empty on the last.
type UploadPage struct {
	Uploads []models.Upload
	Next    string
}
