package hotfolder

import (
	"context"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// take takes a file up that stands still, unless somebody else does: an upload of
// it begins in the step that says so, and is seen through.
func (w *Watch) take(ctx context.Context, c *candidate, known store.Watched) {
	file, err := w.Source.Find(ctx, c.file.Name)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound, err == nil && (file.Busy || file.Version != c.file.Version):
		return // it does not stand still
	case err == nil:
		err = w.begin(ctx, c, known)
	}
	if err == nil || ctx.Err() != nil || models.ErrorCode(err) == models.CodeConflict {
		return // or another process was faster
	}
	c.tries.failed(w.backoff)
	w.warn("a file could not be taken up; it is tried again", known, err)
}

// begin begins an upload of a file, or notes why there is none.
func (w *Watch) begin(ctx context.Context, c *candidate, known store.Watched) error {
	row := store.Watched{Watch: known.Watch, Name: known.Name, Version: c.file.Version, Revision: known.Revision}
	beside, err := w.readSidecar(ctx, row.Name)
	switch {
	case c.sidecar != "" && beside.version != c.sidecar:
		return nil // it does not stand still
	case err != nil && passes(err):
		return err
	case err != nil:
		row.Sidecar = beside.version
		return w.refuse(ctx, c.file, row, err)
	}
	n := w.upload(c.file)
	n.Video = beside.video
	row.Due = time.Now().Add(w.lease())
	n.Answer = func(ctx context.Context, lib store.TxLibrary, c ingest.Created) error {
		row.UploadID = c.ID
		return lib.SaveWatched(ctx, row)
	}
	if _, err = w.Uploads.Found(ctx, w.Workspace, n); err != nil {
		w.drop(ctx, beside.video.Captions, err)
		if !passes(err) {
			return w.refuse(ctx, c.file, row, err)
		}
		return err
	}
	row.Revision++
	w.carry(ctx, row)
	return nil
}

// upload is that of a file.
func (w *Watch) upload(file File) ingest.New {
	return ingest.New{Filename: file.Name, Length: file.Size, Source: w.Source.Place(file.Name)}
}

// refuse notes why nothing comes of a file until it, or its sidecar, changes.
func (w *Watch) refuse(ctx context.Context, file File, row store.Watched, reason error) error {
	n := w.upload(file)
	n.Answer = func(ctx context.Context, lib store.TxLibrary, c ingest.Created) error {
		row.UploadID, row.Due = c.ID, time.Time{}
		return lib.SaveWatched(ctx, row)
	}
	up, err := w.Uploads.Refuse(ctx, w.Workspace, n, models.AsError(reason))
	if err == nil {
		w.report(row, up)
	}
	return err
}

// drop removes captions that no upload has. Where that is not certain they are
// left to the sweeper.
func (w *Watch) drop(ctx context.Context, captions *models.Sidecar, reason error) {
	certain := []models.Code{models.CodeConflict, models.CodeQuotaExceeded, models.CodeSourceTooLarge, models.CodeInvalidArgument}
	if captions != nil && slices.Contains(certain, models.ErrorCode(reason)) {
		_ = w.Intake.Blobs.Delete(ctx, captions.Blob) // else the sweeper does
	}
}
