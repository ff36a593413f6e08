package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/cuepoint/cuepoint/models"
)

// Verified passes a reader's bytes on and ends with CHECKSUM_MISMATCH in place
// of io.EOF where they are not those that were announced. Backends read what
// they store through one: who has seen its io.EOF has seen the right bytes.
type Verified struct {
	r    io.Reader
	end  func() error // says whether reading is to end
	want int64
	sum  string

	n    int64
	hash hash.Hash
	err  error // what reading has ended with, for good
}

// Verify returns a reader of what r holds, which must be size bytes unless size
// is negative, and hash to sum unless that is empty. It ends when ctx does.
func Verify(ctx context.Context, r io.Reader, size int64, sum string) *Verified {
	return &Verified{r: r, end: ctx.Err, want: size, sum: sum, hash: sha256.New()}
}

// Read implements [io.Reader]. Once it has failed, it goes on failing.
func (v *Verified) Read(p []byte) (n int, err error) {
	if v.err != nil {
		return 0, v.err
	}
	n, v.err = v.read(p)
	return n, v.err
}

// Err is what reading has failed with; nil before, and after a good end.
func (v *Verified) Err() error {
	if errors.Is(v.err, io.EOF) {
		return nil
	}
	return v.err
}

func (v *Verified) read(p []byte) (int, error) {
	if err := v.end(); err != nil {
		return 0, err
	}
	n, err := v.r.Read(p)
	if err := v.end(); err != nil { // a reader may end by it as if that were its end
		return 0, err
	}
	v.n += int64(n)
	v.hash.Write(p[:n])
	switch {
	case v.want >= 0 && v.n > v.want:
		return 0, mismatch("more than the %d bytes that were announced", v.want)
	case !errors.Is(err, io.EOF):
		return n, err
	case v.want >= 0 && v.n < v.want:
		return 0, mismatch("%d of the %d bytes that were announced", v.n, v.want)
	case v.sum != "" && v.sum != v.SHA256():
		return 0, mismatch("%s is their hash, and %s was announced", v.SHA256(), v.sum)
	}
	return n, err
}

// Size is how many bytes were read.
func (v *Verified) Size() int64 { return v.n }

// SHA256 is the hash of the bytes that were read, in lower-case hex.
func (v *Verified) SHA256() string { return hex.EncodeToString(v.hash.Sum(nil)) }

func mismatch(format string, args ...any) error {
	return models.Errorf(models.CodeChecksumMismatch, "the bytes that came are not the right ones (they were damaged or cut off); send them again").
		Because(models.Errorf(models.CodeChecksumMismatch, format, args...))
}
