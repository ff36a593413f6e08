// Package blob says how bytes are kept: under keys, whole or not at all, in a
// directory or in a bucket. Backends implement [Store] in packages below and
// pass the suite in blobtest; package cache makes local files of any store's
// blobs. Which blobs count is the database's to say, not this package's.
package blob

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Store keeps blobs under keys. Its methods may be called from many goroutines
// and processes. A blob is never seen in part: a reader gets all of what one
// Put has written, even while another replaces it.
//
// Errors carry a code of the models package. Beside those a method names, each
// returns INVALID_ARGUMENT for a key or prefix that [CheckKey] or [CheckPrefix]
// refuses, STORAGE_UNAVAILABLE where the store cannot be reached or refuses us
// (it was tried more than once; later it may work), and the context's.
type Store interface {
	// Features tells what this store can do beyond what every store can.
	Features() Features

	// Put stores all that r holds under a key, replacing what was there. size is
	// the number of bytes to come, or -1 where nobody knows. Afterwards the blob
	// outlives a crash of the machine. On an error the key holds what it held
	// before; only after STORAGE_UNAVAILABLE or the context's end may it already
	// hold the new blob, whole. It may be called again. Of several at once one wins.
	// The Info has no Modified. CHECKSUM_MISMATCH where r holds other bytes than
	// size and opt say, STORAGE_FULL, SOURCE_TOO_LARGE for more than the store
	// takes in one blob, and r's own error. r is read from one goroutine, and
	// perhaps not to its end.
	Put(ctx context.Context, key string, r io.Reader, size int64, opt PutOptions) (Info, error)

	// Open reads length bytes from offset on, or all up to the end where length
	// is negative. What lies beyond the end is not there: a range that starts at
	// or past it is empty. The Info is that of the whole blob being read. The
	// caller closes the reader, at its end or before. Reading returns
	// STORAGE_UNAVAILABLE where the blob breaks off. NOT_FOUND; INVALID_ARGUMENT
	// for a negative offset.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error)

	// Stat tells about a blob. NOT_FOUND, which is an answer and no fault.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes a blob. That there is none is no error, so it may be called
	// twice. Who has it open may read on, or find it breaking off.
	Delete(ctx context.Context, key string) error

	// DeletePrefix removes all blobs below a prefix, which may not be empty. That
	// there are none is no error. It is not one step: after an error some are
	// gone, and calling it again removes the rest.
	DeletePrefix(ctx context.Context, prefix string) error

	// List returns the blobs below a prefix whose keys come after a key, in the
	// order of their keys' bytes: at most limit (> 0), and fewer only at the end.
	// after may be empty, and need not exist. Blobs put or deleted meanwhile may
	// be in it or not. [All] turns the pages.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)

	Grower

	// PresignGet returns a request by which whoever has it may read one blob, with
	// ranges, for ttl from now (at most [MaxTTL]). Whether there is such a blob is
	// not looked at. UNIMPLEMENTED without [Features.Presign].
	PresignGet(ctx context.Context, key string, ttl time.Duration) (Presigned, error)

	// PresignPut returns a request by which whoever has it may put one blob, for
	// ttl from now (at most [MaxTTL]), as often as they like. The store refuses a
	// body that is not what want says. UNIMPLEMENTED without [Features.Presign].
	PresignPut(ctx context.Context, key string, ttl time.Duration, want PutWant) (Presigned, error)

	// Sweep removes what writers that are gone have left half-written for at
	// least age. What is being written stays, as far as the store can tell: give
	// it an age that no Put reaches. What grows stays as long as keep says so of its
	// key; nil keeps none. It may be called at any time.
	Sweep(ctx context.Context, age time.Duration, keep func(ctx context.Context, key string) (bool, error)) error

	// Close lets go of what the store holds open. Nothing may be under way.
	Close() error
}

// MaxTTL is how long a presigned request may be good for: S3 allows no more.
const MaxTTL = 7 * 24 * time.Hour

// Features are what stores differ in.
type Features struct {
	Presign bool // PresignGet and PresignPut work
}

// Info describes a blob.
type Info struct {
	Key      string
	Size     int64
	Modified time.Time
	// SHA256 is the hash of its bytes in lower-case hex; empty where the store
	// does not know it. Put knows it always, List never.
	SHA256 string
	// ETag changes whenever the blob is put anew. What is in it is the store's.
	ETag string
}

// PutOptions say more about a blob.
type PutOptions struct {
	// ContentType is what those who read the blob by a presigned request are
	// told; empty for none. Stores that cannot presign ignore it.
	ContentType string
	// SHA256 is what the bytes must hash to, in lower-case hex; empty for anything.
	SHA256 string
}

// PutWant says what a presigned Put takes. All of it is signed.
type PutWant struct {
	Size        int64  // in bytes, exactly
	ContentType string // empty for any
	SHA256      string // of the bytes, in lower-case hex; empty for any
}

// Presigned is a request that needs no further credentials. Header must be sent
// as it is; a browser sets Content-Length from the body itself.
type Presigned struct {
	Method  string
	URL     string
	Header  http.Header
	Expires time.Time
}

// Local is implemented by stores whose blobs are files of this machine.
type Local interface {
	// Path returns the file that holds a blob. It may be read, not changed, and
	// keeps its bytes as long as nobody deletes or replaces the blob. NOT_FOUND.
	Path(ctx context.Context, key string) (string, error)
}

// TreePutter is implemented by stores that can take over a directory as a whole.
type TreePutter interface {
	// PutTree is as [PutTree], which checks its arguments before. It returns
	// errors.ErrUnsupported for a directory that it has to leave where it is.
	PutTree(ctx context.Context, prefix, dir string) error
}
