package ingest

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Write adds what r holds, from an offset on, to an upload of the method tus, and
// returns how it stands then, also beside an error. Where the offset is the
// upload's the caller becomes its writer: one that is under way, in whatever
// process, gets nothing saved any more, is told to stop, and in this one waited for.
// Else that one is not disturbed. What was read before r failed is kept, but for a
// chunk with a checksum, which counts as a whole. Once all bytes are there the upload is
// finished, before Write returns if all goes well; who does not wait for that
// misses nothing.
//
// NOT_FOUND, also for one that was canceled or has expired; CONFLICT where offset
// is not the upload's, where a newer writer has come, or where an older one does
// not let go in ten seconds; INVALID_ARGUMENT for a length that it cannot have;
// CHECKSUM_MISMATCH; SOURCE_TOO_LARGE for more bytes than were announced, where c
// says how many there are (else those there is room for are taken), and for a file
// larger than the limit, which ends the upload; QUOTA_EXCEEDED and STORAGE_FULL,
// after which it can be gone on with; CONTAINER_NOT_ALLOWED and what else ended the
// upload, now or before; SHUTTING_DOWN; r's own error.
func (u *Uploads) Write(ctx context.Context, workspace, id string, offset int64, r io.Reader, c Chunk) (models.Upload, error) {
	up, err := u.write(ctx, place{workspace, id, models.UploadTus}, offset, r, c)
	if up.State == models.UploadReceiving && slices.Contains(housekeeping, models.ErrorCode(err)) {
		up = u.note(context.WithoutCancel(ctx), up, err)
	}
	return up, err
}

// place is where to find an upload of a method.
type place struct {
	workspace, id string
	method        models.UploadMethod
}

func (u *Uploads) write(ctx context.Context, to place, offset int64, r io.Reader, c Chunk) (models.Upload, error) {
	ctx, end, err := u.enter(ctx)
	if err != nil {
		return models.Upload{}, err
	}
	defer end()
	up, err := u.open(ctx, to)
	if err != nil {
		return up, err
	}
	if up.State != models.UploadReceiving || offset != up.Offset {
		return up, expect(up, offset)
	}
	if up, err = u.add(ctx, to, offset, r, c); err == nil && up.State == models.UploadFinishing {
		return u.finish(ctx, up)
	}
	return up, err
}

// open returns an upload that bytes can be added to, or whose bytes are all there.
// What it fails with otherwise comes beside it.
func (u *Uploads) open(ctx context.Context, at place) (models.Upload, error) {
	up, err := u.Get(ctx, at.workspace, at.id)
	if err != nil {
		return models.Upload{}, err
	}
	return up, openness(up, at.method)
}

// openness is nil for an upload of a method that bytes can be added to, or whose
// bytes are all there.
func openness(up models.Upload, method models.UploadMethod) error {
	over := up.State == models.UploadReceiving && !up.Expires.After(time.Now())
	switch {
	case up.Method != method:
		return models.Errorf(models.CodeNotFound, "upload %s is not sent in this way", up.ID)
	case up.State == models.UploadCanceled:
		return models.Errorf(models.CodeNotFound, "upload %s was canceled; begin another", up.ID)
	case up.State == models.UploadExpired, over:
		return models.Errorf(models.CodeNotFound, "upload %s has expired; begin another", up.ID)
	case up.State == models.UploadFailed:
		return up.Error
	}
	return nil
}

// expect is CONFLICT unless an upload stands at an offset.
func expect(up models.Upload, offset int64) error {
	if offset == up.Offset {
		return nil
	}
	return models.Errorf(models.CodeConflict, "upload %s is at byte %d, not %d; go on from there", up.ID, up.Offset, offset)
}

// add is what a writer does.
func (u *Uploads) add(ctx context.Context, to place, offset int64, r io.Reader, c Chunk) (models.Upload, error) {
	ctx, up, release, err := u.take(ctx, to.workspace, to.id, func(up models.Upload) error {
		if err := openness(up, to.method); err != nil {
			return err
		}
		return expect(up, offset)
	})
	if err != nil {
		return up, err
	}
	defer release()
	if up.State != models.UploadReceiving {
		return up, nil
	}
	w := &writer{Uploads: u, up: up}
	err = w.write(ctx, r, c)
	return w.up, err
}

// take makes the caller the writer of an upload, as seize does, and waits until the
// one before has ended. The caller's turn lasts until release is called; the context
// that is returned ends, also before, when there is a newer writer.
func (u *Uploads) take(ctx context.Context, workspace, id string, check func(models.Upload) error) (
	turn context.Context, up models.Upload, release func(), err error,
) {
	if up, err = u.seize(ctx, workspace, id, check); err != nil {
		return nil, up, nil, err
	}
	if up.State != models.UploadReceiving {
		return ctx, up, func() {}, nil
	}
	turn, release, err = u.turns.take(ctx, id, up.Fence)
	return turn, up, release, err
}

// seize makes the caller the writer of an upload, unless check says no to it, or
// there is nothing more to write: then nobody is disturbed, who finishes it neither.
// From then on no earlier one saves anything; those of other processes find out when
// they try.
func (u *Uploads) seize(ctx context.Context, workspace, id string, check func(models.Upload) error) (up models.Upload, err error) {
	written := errors.New("nothing more is to be written") // undoes the transaction
	err = u.Store.Tx(ctx, func(tx store.Tx) (err error) {
		if up, err = tx.In(workspace).TakeUpload(ctx, id); err != nil {
			return err
		}
		if err = check(up); err == nil && up.State != models.UploadReceiving {
			err = written
		}
		return err
	})
	if errors.Is(err, written) {
		err = nil
	}
	return up, err
}

// Stand returns how an upload of the method tus stands, once nobody writes to it: a
// writer that is under way is told to stop, and waited for in this process, so that
// its client, which may have lost it, can go on from here. Errors are those of
// Write; the upload comes beside them.
func (u *Uploads) Stand(ctx context.Context, workspace, id string) (models.Upload, error) {
	ctx, end, err := u.enter(ctx)
	if err != nil {
		return models.Upload{}, err
	}
	defer end()
	at := place{workspace, id, models.UploadTus}
	up, err := u.open(ctx, at)
	if err != nil || up.State != models.UploadReceiving {
		return up, err
	}
	if err := u.turns.clear(ctx, id); err != nil { // which keeps what it has read
		return up, err
	}
	if up, err = u.seize(ctx, workspace, id, func(up models.Upload) error { return openness(up, at.method) }); err != nil {
		return up, err
	}
	if up.Offset != up.Length || up.State != models.UploadReceiving {
		return up, nil
	}
	w := &writer{Uploads: u, up: up} // its length became known, and then its writer was gone
	err = w.received(ctx, up, 0)
	u.hurry()
	return w.up, err
}

// heeding reads until its context ends, with whose cause it fails then. Once it
// has failed, it goes on failing.
type heeding struct {
	r    io.Reader
	done func() error
	err  error
}

func heed(ctx context.Context, r io.Reader) *heeding {
	return &heeding{r: r, done: func() error { return context.Cause(ctx) }}
}

// Read implements [io.Reader].
func (h *heeding) Read(p []byte) (n int, err error) {
	if h.err == nil {
		h.err = h.done()
	}
	if h.err != nil {
		return 0, h.err
	}
	n, h.err = h.r.Read(p)
	if cause := h.done(); h.err != nil && !errors.Is(h.err, io.EOF) && cause != nil { // it was interrupted
		h.err = cause
	}
	return n, h.err
}

// failed tells whether an error is the reader's.
func (h *heeding) failed(err error) bool {
	return h.err != nil && !errors.Is(h.err, io.EOF) && errors.Is(err, h.err)
}
