package ingest

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // against damage on the way, which is all that clients of tus ask for
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/cuepoint/cuepoint/models"
)

var algorithms = map[string]func() hash.Hash{
	"crc32":  func() hash.Hash { return crc32.NewIEEE() },
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha512": sha512.New,
}

// Algorithms are those of checksums.
func Algorithms() []string { return slices.Sorted(maps.Keys(algorithms)) }

// inMemory is how many bytes of a chunk with a checksum are held in memory.
const inMemory = 1 << 20

// verified reads a whole chunk and returns what it holds, once it is what its
// checksum says: not one of its bytes counts before. The caller closes it.
// INVALID_ARGUMENT for an algorithm there is not, SOURCE_TOO_LARGE for more than
// room bytes, CHECKSUM_MISMATCH; r's own error.
func (u *Uploads) verified(r io.Reader, room int64, c *Checksum) (io.ReadCloser, error) {
	algorithm := algorithms[c.Algorithm]
	if algorithm == nil {
		return nil, refuse("%.40q is no checksum that is understood; use one of %s", c.Algorithm, strings.Join(Algorithms(), ", "))
	}
	sum := algorithm()
	r = io.TeeReader(io.LimitReader(r, room+1), sum)
	head, err := io.ReadAll(io.LimitReader(r, inMemory))
	if err != nil {
		return nil, err
	}
	chunk, size := io.NopCloser(bytes.NewReader(head)), int64(len(head))
	if size == inMemory {
		if chunk, size, err = u.spill(io.MultiReader(bytes.NewReader(head), r)); err != nil {
			return nil, err
		}
	}
	switch {
	case size > room:
		err = tooMany(room)
	case subtle.ConstantTimeCompare(sum.Sum(nil), c.Sum) != 1:
		err = models.Errorf(models.CodeChecksumMismatch, "the bytes do not have the checksum that came with them; send them again")
	default:
		return chunk, nil
	}
	chunk.Close()
	return nil, err
}

// spill keeps bytes in a file that nobody else sees, and that ends with its use.
func (u *Uploads) spill(r io.Reader) (_ io.ReadCloser, size int64, err error) {
	f, err := os.CreateTemp(u.Scratch, "chunk-")
	if err != nil {
		return nil, 0, err
	}
	if err = os.Remove(f.Name()); err == nil {
		size, err = io.Copy(f, r)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, size, nil
}

func tooMany(room int64) error {
	return models.Errorf(models.CodeSourceTooLarge, "more bytes than the upload has room for, which is %d; was the file changed?", room)
}
