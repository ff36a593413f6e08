package blob

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"hash"
	"io"
	"time"

	"github.com/cuepoint/cuepoint/models"
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
	// Grow adds all that r holds. g is what was saved last, or just a key for a new
	// blob. Each time more is safe it calls save: every second or so where the
	// store is local, else with each part it sends; and at the end, whatever that
	// is. It may also call it with no more than before, to see that it still may
	// write. An error of save's ends it. It returns what was saved last, also beside
	// an error: r's own, save's, the context's, STORAGE_FULL, STORAGE_UNAVAILABLE,
	// SOURCE_TOO_LARGE for more than the store takes in one blob. What was read of r
	// before it failed, or before the context ended, is kept: save is called after
	// the end, too. r is read from one goroutine, and a Read that hangs is waited for.
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

// Tally counts and hashes the bytes of a blob that grows, over all its pieces.
type Tally struct {
	Size int64
	hash resumable
}

// resumable is a hash whose state can be kept: SHA-256 is.
type resumable interface {
	hash.Hash
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Tally returns that of what has grown. INVALID_ARGUMENT where the state of the
// hash is none, as after others have put the bytes.
func (g Growth) Tally() (*Tally, error) {
	h, _ := sha256.New().(resumable)
	if g.Size > 0 {
		if err := h.UnmarshalBinary(g.SHA256); err != nil {
			return nil, models.Errorf(models.CodeInvalidArgument, "what is known of %s is not enough to go on with it; send it again", g.Key).Because(err)
		}
	}
	return &Tally{g.Size, h}, nil
}

// Add counts bytes that came.
func (t *Tally) Add(p []byte) {
	t.Size += int64(len(p))
	t.hash.Write(p)
}

// SHA256 is the hash of all bytes, in lower-case hex.
func (t *Tally) SHA256() string { return hex.EncodeToString(t.hash.Sum(nil)) }

// At returns g as it is with all that a tally has counted.
func (g Growth) At(t *Tally) Growth {
	g.Size = t.Size
	g.SHA256, _ = t.hash.MarshalBinary() // which does not fail
	return g
}

// Check returns the hash of what has grown. CHECKSUM_MISMATCH unless it has size
// bytes, which hash to sum unless that is empty.
func (g Growth) Check(size int64, sum string) (string, error) {
	tally, err := g.Tally()
	if err != nil {
		return "", err
	}
	got := tally.SHA256()
	switch {
	case g.Size != size:
		return "", mismatch("%d of the %d bytes that were announced", g.Size, size)
	case sum != "" && sum != got:
		return "", mismatch("%s is their hash, and %s was announced", got, sum)
	}
	return got, nil
}
