package blob

import (
	"io"

	"github.com/cuepoint/cuepoint/models"
)

// Limit returns a reader of what r holds that fails with SOURCE_TOO_LARGE once
// that is more than n bytes: for a Put of what came from outside.
func Limit(r io.Reader, n int64) io.Reader { return &limited{r, n, n} }

type limited struct {
	r    io.Reader
	left int64
	n    int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, models.Errorf(models.CodeSourceTooLarge, "larger than the limit of %d bytes; cut it into parts", l.n)
	}
	return n, err
}
