package ingest

import (
	"context"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Complete says that all bytes of an upload of the methods put and multipart are
// in the store, and returns it once it is sure to be finished; [Uploads.Run] does
// that. It may be called again: an upload that is being finished, or is done, it
// returns as it is. An [analyzer.Answer] of the context is made with its id.
// NOT_FOUND; INVALID_ARGUMENT for another method; NOT_RUNNING where it ended
// otherwise; SOURCE_UNAVAILABLE where nothing was put, CHECKSUM_MISMATCH where
// something else was: then it can be put again; CONFLICT as Write.
func (u *Uploads) Complete(ctx context.Context, workspace, id string) (models.Upload, error) {
	ctx, end, err := u.enter(ctx)
	if err != nil {
		return models.Upload{}, err
	}
	defer end()
	ctx, up, release, err := u.take(ctx, workspace, id, completable)
	if err != nil {
		return up, err
	}
	defer release()
	if up.State != models.UploadReceiving {
		return u.answer(ctx, up)
	}
	if err := u.arrived(ctx, up); err != nil {
		return up, err
	}
	w := &writer{Uploads: u, up: up}
	next := up
	next.Offset = up.Length
	if err := w.received(ctx, next, 0); err != nil {
		return up, err
	}
	u.hurry()
	return w.up, nil
}

// completable is the error of an upload that cannot be completed.
func completable(up models.Upload) error {
	switch {
	case !up.Method.Presigned():
		return refuse("upload %s, of the method %s, completes itself with its last byte", up.ID, up.Method)
	case up.State == models.UploadDone:
		return nil
	}
	if err := openness(up, up.Method); err != nil {
		return notRunning(up).Because(err)
	}
	return running(up)
}

// answer makes the answer of a context about an upload that stays as it is.
func (u *Uploads) answer(ctx context.Context, up models.Upload) (models.Upload, error) {
	return up, u.Store.Tx(ctx, func(tx store.Tx) error {
		return analyzer.MakeAnswer(ctx, tx.In(up.Workspace), up.ID)
	})
}

// arrived says whether what others put into the store is there.
func (u *Uploads) arrived(ctx context.Context, up models.Upload) error {
	if up.Method == models.UploadMultipart {
		g, err := growth(up)
		if err == nil {
			_, err = u.Blobs.Finish(ctx, g, up.Length, "")
		}
		if models.ErrorCode(err) == models.CodeNotFound {
			return lost(err)
		}
		return err
	}
	info, err := u.Blobs.Stat(ctx, landing(up))
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		return models.Errorf(models.CodeSourceUnavailable, "nothing was put at the address of upload %s; send it first", up.ID).Because(err)
	case err != nil:
		return err
	case info.Size != up.Length:
		return models.Errorf(models.CodeChecksumMismatch, "%d bytes were put at the address of upload %s, which has %d; send it again", info.Size, up.ID, up.Length)
	}
	return nil
}
