package hotfolder

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// noteWithin is how long a process that is to end has to note how far it is.
const noteWithin = 5 * time.Second

// goOn goes on with a file that nobody sees to any more, unless somebody does.
func (w *Watch) goOn(ctx context.Context, row store.Watched) {
	row.Due = time.Now().Add(w.lease())
	err := w.library().SaveWatched(ctx, row)
	switch code := models.ErrorCode(err); {
	case err == nil:
		row.Revision++
		w.carry(ctx, row)
	case code != models.CodeConflict && ctx.Err() == nil:
		w.warn("a file could not be gone on with; it is tried again", row, err)
	}
}

// carry sees an upload through that began for a file, as long as this process is
// the one that does, and notes what comes of it.
func (w *Watch) carry(ctx context.Context, row store.Watched) {
	h := &held{watch: w, row: row}
	working, stop := context.WithCancel(ctx)
	defer stop()
	end := h.beat(working, stop)
	next, err := w.bring(working, row)
	overtaken := end()
	if overtaken {
		return
	}
	if ctx.Err() != nil {
		next.Due, next.Attempts = time.Now(), row.Attempts // for the next process
	} else if err != nil {
		w.warn("a file could not be taken in as a whole; it is gone on with later", row, err)
	}
	next.Revision = h.row.Revision
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	if err := w.library().SaveWatched(noting, next); err != nil && models.ErrorCode(err) != models.CodeConflict {
		w.warn("what became of a file could not be noted; it is looked at again", row, err)
	}
}

// held is a file that this process sees to.
type held struct {
	watch     *Watch
	row       store.Watched // as it was saved last
	overtaken bool          // somebody else sees to it
}

// beat keeps others from the file until end is called, which says whether somebody
// has come all the same. Then stop is called at once.
func (h *held) beat(ctx context.Context, stop func()) (end func() (overtaken bool)) {
	ctx, cancel := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Go(func() {
		ticker := time.NewTicker(h.watch.lease() / 4)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			next := h.row
			next.Due = time.Now().Add(h.watch.lease())
			switch err := h.watch.library().SaveWatched(ctx, next); {
			case err == nil:
				next.Revision++
				h.row = next
			case models.ErrorCode(err) == models.CodeConflict:
				h.overtaken = true
				stop()
				return
			}
		}
	})
	return func() bool {
		cancel()
		beating.Wait()
		return h.overtaken
	}
}

// bring brings the bytes that an upload misses, and returns what is then known of
// the file. The error is why it is to be tried again.
func (w *Watch) bring(ctx context.Context, row store.Watched) (store.Watched, error) {
	up, err := w.Uploads.Get(ctx, w.Workspace, row.UploadID)
	var reason error
	if err == nil && up.State == models.UploadReceiving {
		before := up.Offset
		reason = w.send(ctx, row, up)
		if up, err = w.Uploads.Get(ctx, w.Workspace, row.UploadID); up.Offset > before {
			row.Attempts = 0
		}
	}
	if err != nil && models.ErrorCode(err) != models.CodeNotFound || up.State == models.UploadReceiving {
		row.Due = time.Now().Add(w.backoff(row.Attempts))
		row.Attempts++
		return row, errors.Join(err, reason)
	}
	row.Due, row.Attempts = time.Time{}, 0
	if anew(up) {
		row.Version = ""
	}
	w.report(row, up)
	return row, nil
}

// anew tells whether a file is to be taken again as it is, for the upload that it
// was came to nothing by no fault of its content, and nobody wanted that.
func anew(up models.Upload) bool {
	switch up.State {
	case models.UploadFailed:
		return models.ErrorCode(up.Error) == models.CodeSourceUnavailable
	case models.UploadExpired, "": // which is forgotten
		return true
	default:
		return false
	}
}

// send sends what an upload misses of a file. That the file is another by now, or
// gone, ends the upload.
func (w *Watch) send(ctx context.Context, row store.Watched, up models.Upload) error {
	err := w.pour(ctx, row, up)
	if err == nil || ctx.Err() != nil {
		return err
	}
	file, failed := w.Source.Find(ctx, row.Name)
	switch {
	case models.ErrorCode(failed) == models.CodeNotFound:
		return w.lose(ctx, up, "the file is not there any more; put it there again")
	case failed == nil && file.Version != row.Version:
		return w.lose(ctx, up, "the file was changed while it was read; it is taken again once it stands still")
	}
	return err
}

// pour reads a file from where its upload stands on.
func (w *Watch) pour(ctx context.Context, row store.Watched, up models.Upload) error {
	reading, interrupt := context.WithCancel(ctx)
	defer interrupt()
	body, file, err := w.Source.Open(reading, row.Name, up.Offset)
	if err != nil {
		return err
	}
	defer body.Close()
	if file.Version != row.Version {
		return errChanged()
	}
	_, err = w.Uploads.Bring(ctx, w.Workspace, up.ID, up.Offset, body, ingest.Chunk{Interrupt: interrupt})
	return err
}

// lose ends an upload whose file is lost.
func (w *Watch) lose(ctx context.Context, up models.Upload, why string) error {
	_, err := w.Uploads.Fail(ctx, w.Workspace, up.ID, models.Errorf(models.CodeSourceUnavailable, "%s", why))
	return err
}

// report logs what became of a file.
func (w *Watch) report(row store.Watched, up models.Upload) {
	log := w.Log.With("source", w.Source.Place(row.Name), "upload", row.UploadID)
	switch up.State {
	case models.UploadDone:
		log.Info("a file was taken in", "video", up.VideoID, "duplicate", up.Duplicate)
	case models.UploadFinishing:
		log.Info("a file was taken in, and is being finished")
	case models.UploadFailed:
		log.Warn("a file was refused", "error", up.Error)
	default:
		log.Warn("nothing came of a file", "state", up.State)
	}
}

func (w *Watch) warn(what string, row store.Watched, err error) {
	w.Log.Warn(what, "source", w.Source.Place(row.Name), "upload", row.UploadID, "error", err)
}
