package ingest

import (
	"context"
	"errors"
	"io"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Algorithms are those of checksums: "sha1", "sha256", "md5", … in order.
func Algorithms() []string { return []string{"md5", "sha1", "sha256"} }

// Open returns the uploads of a store.
func Open(c Config) *Uploads { return &Uploads{Config: c} }

// Create begins an upload. INVALID_ARGUMENT, SOURCE_TOO_LARGE, QUOTA_EXCEEDED;
// SOURCE_BLOCKED for an address nobody is asked at; UNIMPLEMENTED for a method
// that this server's store, or the server, cannot do.
func (u *Uploads) Create(ctx context.Context, workspace string, n New) (Created, error) {
	return Created{}, errors.ErrUnsupported
}

// Find returns an upload of any workspace. Who may know of it is the caller's to
// say, by its Workspace or by [Permits]. NOT_FOUND.
func (u *Uploads) Find(ctx context.Context, id string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// Permits tells whether a secret is that of an upload, in constant time.
func Permits(up models.Upload, secret string) bool { return false }

// Get returns an upload of a workspace. NOT_FOUND.
func (u *Uploads) Get(ctx context.Context, workspace, id string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// List lists the uploads of a workspace, newest first. See [store.Uploads].
func (u *Uploads) List(ctx context.Context, workspace string, q store.UploadQuery) (store.UploadPage, error) {
	return store.UploadPage{}, errors.ErrUnsupported
}

// Write adds what r holds, from an offset on, and returns how the upload stands
// then, also beside an error. The caller becomes the writer: one that is under way,
// in whatever process, is told to stop, and waited for. What was read before r
// failed is kept, but for a chunk with a checksum, which counts as a whole. Once
// all bytes are there the upload is finished, before Write returns if that is soon.
//
// NOT_FOUND, also for one that was canceled or has expired; CONFLICT where offset
// is not the upload's, where a newer writer has come, or where an older one does not
// give way in ten seconds; CHECKSUM_MISMATCH; SOURCE_TOO_LARGE for more bytes than
// were announced, where c says how many there are (of others those that there is
// room for are taken), and for a file larger than the limit, which ends the upload;
// QUOTA_EXCEEDED and STORAGE_FULL, after which it can be gone on with later;
// CONTAINER_NOT_ALLOWED and what else ended the upload, also before; r's own error.
func (u *Uploads) Write(ctx context.Context, workspace, id string, offset int64, r io.Reader, c Chunk) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// Stand returns how an upload stands, once nobody writes to it: a writer that is
// under way is told to stop, and waited for, so that its client, which may have
// lost it, can go on from here. NOT_FOUND as Write; CONFLICT where the writer does
// not give way in ten seconds.
func (u *Uploads) Stand(ctx context.Context, workspace, id string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// Delete cancels an upload: its bytes go, and it stays to be listed as canceled.
// NOT_FOUND; NOT_RUNNING where it has ended in whatever way. An [analyzer.Answer]
// of the context is made with the upload's id.
func (u *Uploads) Delete(ctx context.Context, workspace, id string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// Complete finishes an upload of the methods put and multipart, whose bytes came
// to the store itself, after it has looked that they are all there.
func (u *Uploads) Complete(ctx context.Context, workspace, id string) (models.Upload, error) {
	return models.Upload{}, errors.ErrUnsupported
}

// Run sees, until ctx ends, to what is due: uploads whose finishing a process
// did not live to see, imports, those that expire, and those to be forgotten. Any
// number of processes may.
func (u *Uploads) Run(ctx context.Context) error { return errors.ErrUnsupported }
