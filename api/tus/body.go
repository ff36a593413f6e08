package tus

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// restTime is how long a client has to send what nobody wants of a request that was
// interrupted: who still sends then may not see the answer.
const restTime = time.Second

// body is what a request carries. Reading it ends when nothing comes for some
// time, and when it is interrupted.
type body struct {
	from    io.Reader
	control *http.ResponseController
	idle    time.Duration

	mu     sync.Mutex
	whole  bool // all of it was read
	broken bool // no more of it can be
}

// Read implements [io.Reader]. The limit on its time is taken away after it:
// who reads may need longer until the next one.
func (b *body) Read(p []byte) (int, error) {
	if err := b.limit(time.Now().Add(b.idle), false); err != nil {
		return 0, err
	}
	n, err := b.from.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		_ = b.limit(time.Time{}, err != nil) // the next Read tells of an interruption
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = models.Errorf(models.CodeConflict, "nothing came for %v; ask how far the upload is, and go on", b.idle).Because(err)
	default:
		err = models.Errorf(models.CodeCanceled, "the request broke off").Because(err)
	}
	b.interrupt()
	return n, err
}

// limit says until when a Read may take, and whether all was read. CANCELED where
// there is to be no more.
func (b *body) limit(until time.Time, whole bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.whole = whole
	if b.broken {
		return models.Errorf(models.CodeCanceled, "the request was interrupted")
	}
	return b.control.SetReadDeadline(until)
}

// interrupt ends reading, also a Read that is under way. It may be called again.
func (b *body) interrupt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.whole || b.broken {
		return
	}
	b.broken = true
	_ = b.control.SetReadDeadline(time.Unix(1, 0)) // what it can fail with ends Reads too
}

// close makes interrupt do nothing, and says whether the connection can be used
// for another request. What was not read, the server does then, for a while.
func (b *body) close() (usable bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.whole {
		rest := b.idle
		if b.broken {
			rest = restTime
		}
		_ = b.control.SetReadDeadline(time.Now().Add(rest))
	}
	b.whole = true
	return !b.broken
}
