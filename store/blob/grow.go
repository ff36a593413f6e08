package blob

import (
	"context"
	"io"
	"time"
)

// Growth is a blob that comes in pieces, over any time and from one process after
// another: how much of it is safe, and all that its store needs to go on. It can
// be kept as JSON. Nobody sees the blob before [Grower.Finish].
type Growth struct {
	Key    string `json:"key"`
	Size   int64  `json:"size"`             // bytes that outlive a crash of the machine
	SHA256 []byte `json:"sha256,omitempty"` // the hash's state after them; nil where others put them
	State  []byte `json:"state,omitempty"`  // the store's own
}

// Grower is the part of [Store] that makes blobs of pieces.
type Grower interface {
	// Grow adds all that r holds. g is what an earlier call returned or saved, or
	// just a key for a new blob. Each time more is safe it calls save, every
	// second or so, and at the end, whatever that is; an error of save's ends it. It
	// returns how far the blob is, also beside an error: r's own, save's,
	// STORAGE_FULL, STORAGE_UNAVAILABLE, SOURCE_TOO_LARGE for more than the store
	// takes in one blob. What was read of r before it failed is kept.
	//
	// One call at a time goes on from what was saved last. CONFLICT where a local
	// store sees another at it. What one still writes that lost its turn (its save
	// fails) does no harm to what the next saves. NOT_FOUND where what g tells of
	// is gone.
	Grow(ctx context.Context, g Growth, r io.Reader, save func(Growth) error) (Growth, error)

	// Finish makes a blob of what has grown. It may be called again, also where it
	// was finished before. CHECKSUM_MISMATCH unless it has size bytes, which hash
	// to sum unless that is empty or g does not know; NOT_FOUND where what g tells
	// of is gone. The Info has the hash where g knows it.
	Finish(ctx context.Context, g Growth, size int64, sum string) (Info, error)

	// Abandon removes what has grown. It may be called again, and for what was
	// finished does nothing.
	Abandon(ctx context.Context, g Growth) error

	// PresignParts begins a blob of size bytes which others put in parts, by
	// requests for ttl from now (at most [MaxTTL]), in any order and as often as
	// they like, and which Finish then makes of them. All parts have the size of
	// the first, but for the last, and each request takes just that many bytes.
	// SOURCE_TOO_LARGE; UNIMPLEMENTED without [Features.Presign].
	PresignParts(ctx context.Context, key string, size int64, ttl time.Duration) (Growth, []Part, error)
}

// Part is a request that puts one part of a blob.
type Part struct {
	Presigned
	Size int64 // in bytes
}
