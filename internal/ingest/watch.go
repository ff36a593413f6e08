package ingest

import (
	"context"
	"io"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Found is as Create for a file that somebody has found, at n's Source, and whose
// bytes are to come by [Uploads.Bring].
func (u *Uploads) Found(ctx context.Context, workspace string, n New) (models.Upload, error) {
	if err := u.checkLength(n.Length); err != nil {
		return models.Upload{}, err
	}
	if err := CheckVideo(n.Video); err != nil {
		return models.Upload{}, err
	}
	c, err := u.create(ctx, workspace, found(n))
	return c.Upload, err
}

// Refuse notes an upload of a file that was found and that nothing comes of, so
// that people see why: it has failed from the start.
func (u *Uploads) Refuse(ctx context.Context, workspace string, n New, reason *models.Error) (models.Upload, error) {
	up := u.begin(workspace, found(n))
	up.State, up.Error = models.UploadFailed, reason
	err := u.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(workspace)
		if err := lib.CreateUpload(ctx, up, 0); err != nil {
			return err
		}
		if err := record(ctx, lib, up, models.EventUploadFailed); err != nil {
			return err
		}
		return n.Answer(ctx, lib, Created{Upload: up})
	})
	return up, err
}

func found(n New) New {
	n.Method, n.Source = models.UploadWatch, analyzer.DisplayText(n.Source)
	return n
}

// Bring is as Write for an upload that began with [Uploads.Found]. Where more of it
// may come later, the upload says why no more came now.
func (u *Uploads) Bring(ctx context.Context, workspace, id string, offset int64, r io.Reader, c Chunk) (models.Upload, error) {
	up, err := u.write(ctx, place{workspace, id, models.UploadWatch}, offset, r, c)
	if err == nil || up.State != models.UploadReceiving || ctx.Err() != nil || u.life.Err() != nil {
		return up, err
	}
	return u.note(ctx, up, err), err
}

// note has an upload say why no more of it came, and returns it. What it says beside
// that may be newer than its writer has heard.
func (u *Uploads) note(ctx context.Context, up models.Upload, reason error) models.Upload {
	told := up
	err := u.Store.Tx(ctx, func(tx store.Tx) (err error) {
		lib := tx.In(up.Workspace)
		if told, err = lib.Upload(ctx, up.ID); err != nil {
			return err
		}
		if told.Fence != up.Fence || told.State != up.State {
			return errOvertaken()
		}
		told.Error, told.Updated = models.AsError(reason), now()
		return lib.SaveUpload(ctx, told)
	})
	if err != nil {
		return up // it has a newer writer, or the next one says it
	}
	return told
}

// Fail ends an upload as [Uploads.Delete] does, because of what is wrong with the
// file that it was to be.
func (u *Uploads) Fail(ctx context.Context, workspace, id string, reason *models.Error) (models.Upload, error) {
	return u.stop(ctx, workspace, id, running, models.UploadFailed, reason)
}
