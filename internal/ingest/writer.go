package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

const (
	// keepWithin is how long a writer that is to stop has to keep what it has read:
	// less than others wait for it.
	keepWithin = 8 * time.Second

	// headLen is how much of the beginning of a file is looked at.
	headLen = 64 << 10

	// askAgain is how often it is looked whether another process has let go.
	askAgain = 50 * time.Millisecond
)

// writer adds bytes to an upload, in its turn.
type writer struct {
	*Uploads
	up models.Upload // as it was saved last
}

// write adds what r holds. Once all bytes are there the upload is to be finished.
func (w *writer) write(ctx context.Context, r io.Reader, c Chunk) error {
	keep, cancel := outlast(ctx, keepWithin)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if c.Interrupt != nil {
		defer context.AfterFunc(ctx, c.Interrupt)()
	}
	defer w.watch(ctx, stop)()
	if err := w.setLength(keep, c.Length); err != nil {
		return err
	}
	room := w.room()
	if c.Size > room {
		return tooMany(room)
	}
	if err := w.checkQuota(keep); err != nil {
		return err
	}
	body := heed(ctx, r)
	chunk, err := w.bound(body, room, c.Checksum)
	if err != nil {
		return err
	}
	defer chunk.Close()
	err = w.grow(keep, chunk, body, stop)
	switch code := models.ErrorCode(err); {
	case w.up.State == models.UploadFinishing:
		return nil
	case w.up.Offset == w.up.Length:
		return w.received(keep, w.up, w.pace.lease)
	case body.failed(err):
		return err
	case code == models.CodeNotFound:
		return w.fail(keep, lost(err))
	case code == models.CodeSourceTooLarge, code == models.CodeContainerNotAllowed:
		return w.fail(keep, err)
	}
	return err
}

// watch calls stop once another is the upload's writer, or it has ended: who reads
// from a client that is gone does not find out by saving. It does so until the
// function that it returns is called. Where no other process is, the writers of
// this one are told in their turns.
func (w *writer) watch(ctx context.Context, stop func(why error)) (end func()) {
	if w.Alone {
		return func() {}
	}
	mine := w.up
	return every(ctx, w.pace.watch, func(ctx context.Context) bool {
		up, err := w.Get(ctx, mine.Workspace, mine.ID)
		if err == nil && up.Fence != mine.Fence {
			stop(errOvertaken())
			return false
		}
		return true
	})
}

// outlast returns a context that ends some time after another one.
func outlast(ctx context.Context, by time.Duration) (context.Context, func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(by, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// room is how many bytes may still come.
func (w *writer) room() int64 {
	if w.up.Length < 0 {
		return w.Limits.MaxSize - w.up.Offset
	}
	return w.up.Length - w.up.Offset
}

// setLength takes note of a length that was not known before.
func (w *writer) setLength(ctx context.Context, length *int64) error {
	switch {
	case length == nil || *length == w.up.Length:
		return nil
	case w.up.Length >= 0:
		return refuse("the upload has %d bytes, which cannot become %d any more; begin another", w.up.Length, *length)
	case *length < w.up.Offset:
		return refuse("the upload cannot have %d bytes: %d have come; begin another", *length, w.up.Offset)
	}
	if err := w.checkLength(*length); err != nil {
		return err
	}
	known := w.up
	known.Length = *length
	if err := w.update(ctx, known); err != nil {
		return err
	}
	used, err := w.overQuota(ctx)
	if used == nil {
		return err
	}
	known.Length = -1
	if err := w.update(ctx, known); err != nil {
		return err
	}
	return used
}

// checkQuota refuses bytes of a file of unknown length where there is no room left.
func (w *writer) checkQuota(ctx context.Context) error {
	if w.up.Length >= 0 { // there was room for it
		return nil
	}
	over, err := w.overQuota(ctx)
	if over != nil {
		return over
	}
	return err
}

// overQuota is QUOTA_EXCEEDED where the workspace uses more than it may.
func (w *writer) overQuota(ctx context.Context) (over, err error) {
	if w.Limits.Quota == 0 {
		return nil, nil
	}
	used, err := w.Store.In(w.up.Workspace).Usage(ctx)
	if err == nil && used > w.Limits.Quota {
		over = models.Errorf(models.CodeQuotaExceeded,
			"the workspace may use %d bytes, and this would be more; delete videos, or ask for a larger quota, and go on", w.Limits.Quota)
	}
	return over, err
}

// bound returns a reader of no more than there is room for. Bytes with a checksum
// have it.
func (w *writer) bound(r io.Reader, room int64, c *Checksum) (io.ReadCloser, error) {
	switch {
	case c != nil:
		return w.verified(r, room, c)
	case w.up.Length < 0:
		return io.NopCloser(blob.Limit(r, room)), nil
	default:
		return io.NopCloser(io.LimitReader(r, room)), nil
	}
}

// grow adds what r holds of a body, and saves the upload whenever more of it is
// safe. It calls stop where nothing can be saved any more: then nothing is to be read.
func (w *writer) grow(ctx context.Context, r io.Reader, body *heeding, stop func(why error)) error {
	if w.up.Growth == nil {
		begun := bufio.NewReaderSize(r, headLen)
		head, _ := begun.Peek(headLen) // what it fails with comes again after what it has read
		if err := look(head, w.up.Length, w.Limits.MaxSize); err != nil {
			return err
		}
		r = begun
	}
	g, err := growth(w.up)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(w.turns.patience); ; {
		var refused error
		_, err = w.Blobs.Grow(ctx, g, r, func(g blob.Growth) error {
			if refused = w.save(ctx, g); refused != nil {
				stop(refused)
			}
			return refused
		})
		if models.ErrorCode(err) != models.CodeConflict || refused != nil || body.failed(err) || time.Now().After(deadline) {
			return err
		}
		// The writer of another process has the file. It finds out when it saves
		// next, and nothing of r was read.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(askAgain):
		}
	}
}

// look judges a file by its beginning. What it cannot tell by that it lets pass.
func look(head []byte, length, most int64) error {
	if length < 0 {
		length = most
	}
	b := &beginning{head: head}
	_, err := ffmpeg.Sniff(b, length)
	if b.passed {
		return nil
	}
	return err
}

// beginning is a file of which no more than the beginning is there.
type beginning struct {
	head   []byte
	passed bool // somebody asked for more
}

// ReadAt implements [io.ReaderAt].
func (b *beginning) ReadAt(p []byte, at int64) (n int, err error) {
	if at < int64(len(b.head)) {
		n = copy(p, b.head[at:])
	}
	if n < len(p) {
		b.passed = true
		return n, io.EOF
	}
	return n, nil
}

// save writes down how far the blob is.
func (w *writer) save(ctx context.Context, g blob.Growth) (err error) {
	next := w.up
	if next.Growth, err = json.Marshal(g); err != nil {
		return err
	}
	if g.Size > next.Offset {
		next.Attempts, next.Error = 0, nil
	}
	next.Offset = g.Size
	at := now()
	if slides(next) {
		next.Expires = earlier(at.Add(w.Limits.Lifetime), next.Created.Add(w.Limits.MaxLifetime))
	}
	if next.Method == models.UploadImport {
		next.Due = at.Add(importLease)
	}
	if next.Offset == next.Length && next.State == models.UploadReceiving {
		return w.received(ctx, next, w.pace.lease)
	}
	if err := w.update(ctx, next); err != nil {
		return err
	}
	return w.checkQuota(ctx)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// update writes the upload, unless somebody else has become its writer.
func (w *writer) update(ctx context.Context, next models.Upload) error {
	next.Updated = now()
	if err := w.Store.In(next.Workspace).SaveUpload(ctx, next); err != nil {
		return overtaken(err)
	}
	w.up = next
	return nil
}

// overtaken says of a CONFLICT of the store what it means.
func overtaken(err error) error {
	if models.ErrorCode(err) == models.CodeConflict {
		return models.AsError(errOvertaken()).Because(err)
	}
	return err
}

// received has an upload finished of which all bytes are there, in the step in
// which the last of them count, for its client may never come again: by the caller,
// or else by Run after a while.
func (w *writer) received(ctx context.Context, next models.Upload, while time.Duration) error {
	next.State, next.Error, next.Attempts = models.UploadFinishing, nil, 0
	next.Updated = now()
	next.Due = next.Updated.Add(while)
	err := w.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(next.Workspace)
		if err := lib.SaveUpload(ctx, next); err != nil {
			return err
		}
		if err := record(ctx, lib, next, models.EventUploadReceived); err != nil {
			return err
		}
		return analyzer.MakeAnswer(ctx, lib, next.ID)
	})
	if err != nil {
		return overtaken(err)
	}
	w.up = next
	return nil
}

// fail ends the upload, and returns why.
func (w *writer) fail(ctx context.Context, reason error) error {
	ended, err := w.conclude(ctx, w.up, models.UploadFailed, models.AsError(reason))
	if err != nil {
		return err
	}
	w.up = ended
	return reason
}

func lost(err error) error {
	return models.Errorf(models.CodeSourceUnavailable, "what had come of this upload is gone; begin another").Because(err)
}
