package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

const (
	// importLease is how long an import may bring nothing before another process
	// sees to it: longer than the download's own limits let it wait for anything.
	importLease = 2 * time.Minute

	// maxAnew is how often an import may lose what came of it.
	maxAnew = 5
)

// importWaits are what an import waits for between its attempts, since bytes last
// came: one more fails, and it is over.
var importWaits = [...]time.Duration{2 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}

// download is how an import goes on. It is kept with the upload and shown to
// nobody, for addresses hold signatures.
type download struct {
	URL       string `json:"url"`
	Validator string `json:"validator,omitempty"` // of what came; see [fetch.Request]
	Anew      int    `json:"anew,omitempty"`      // how often what came was of no use
}

func (d download) column() []byte {
	b, _ := json.Marshal(d) // which texts and numbers cannot fail
	return b
}

// bring downloads what an import misses, in its turn. up is as it was claimed.
func (r *rounds) bring(ctx context.Context, up models.Upload) error {
	turn, release, err := r.turns.take(ctx, up.ID, up.Fence)
	if err != nil {
		return err
	}
	w := &writer{Uploads: r.Uploads, up: up}
	err = w.settle(turn, w.download(turn))
	release()
	if err == nil && w.up.State == models.UploadFinishing {
		r.finishDue(ctx, w.up)
	}
	return err
}

// download brings an import to its last byte.
func (w *writer) download(ctx context.Context) error {
	var from download
	if err := json.Unmarshal(w.up.Download, &from); err != nil {
		return fmt.Errorf("read how import %s goes on: %w", w.up.ID, err)
	}
	d, err := w.get(ctx, from)
	if errors.Is(err, fetch.ErrChanged) {
		if err := w.beginAnew(ctx, &from); err != nil {
			return err
		}
		d, err = w.get(ctx, from)
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Start != w.up.Offset {
		if err := w.beginAnew(ctx, &from); err != nil {
			return err
		}
	}
	from.Validator = d.Validator
	known := w.up
	known.Download = from.column()
	known.Filename = cmp.Or(known.Filename, analyzer.DisplayText(d.Filename))
	known.ContentType = cmp.Or(known.ContentType, analyzer.DisplayText(d.ContentType))
	known.Due = now().Add(importLease)
	if err := w.update(ctx, known); err != nil {
		return err
	}
	var chunk Chunk
	if d.Length >= 0 {
		chunk.Length = &d.Length
	}
	if err := w.write(ctx, d, chunk); err != nil || w.up.Length >= 0 {
		return err
	}
	length := w.up.Offset // that was the end
	return w.write(ctx, http.NoBody, Chunk{Length: &length})
}

func (w *writer) get(ctx context.Context, from download) (*fetch.Download, error) {
	client := *w.Importer
	client.Limits.Size = w.Limits.MaxSize
	return client.Get(ctx, fetch.Request{URL: from.URL, Offset: w.up.Offset, Length: w.up.Length, Validator: from.Validator})
}

// beginAnew drops what has come of an import, which cannot be gone on with.
func (w *writer) beginAnew(ctx context.Context, from *download) error {
	if from.Anew++; from.Anew > maxAnew {
		return models.Errorf(models.CodeSourceUnavailable,
			"%s breaks off, and its host does not let it be gone on with; fetch it another way and upload it", w.up.Source)
	}
	from.Validator = ""
	before, next := w.up, w.up
	next.Download, next.Offset, next.Length, next.Growth = from.column(), 0, -1, nil
	if err := w.update(ctx, next); err != nil {
		return err
	}
	return w.abandon(ctx, before)
}

// settle says what becomes of an import that something keeps from its end: it is
// tried again, or it is over. What the import is not to blame for counts for
// nothing. It returns what nobody was told yet.
func (w *writer) settle(ctx context.Context, reason error) error {
	if reason == nil || w.up.State != models.UploadReceiving {
		return nil
	}
	stopped := ctx.Err() != nil
	ctx, cancel := outlast(ctx, keepWithin)
	defer cancel()
	wait, again := fetch.MayPass(reason)
	next, began := w.up, now()
	switch code := models.ErrorCode(reason); {
	case code == models.CodeConflict, code == models.CodeNotFound:
		return nil // it is another's now
	case stopped:
		next.Due = began // for another process, or for this one when it is back
	case slices.Contains(housekeeping, code):
		next.Due, next.Error = began.Add(w.pace.room), models.AsError(reason)
	case (again || code == models.CodeInternal) && next.Attempts < len(w.pace.imports):
		next.Due, next.Error = began.Add(max(wait, w.pace.imports[next.Attempts])), models.AsError(reason)
		next.Attempts++
	default:
		_, err := w.conclude(ctx, w.up, models.UploadFailed, models.AsError(reason))
		return err
	}
	if next.Error != nil {
		w.Log.Info("an import broke off; it goes on later", "upload", next.ID, "error", reason)
	}
	return w.update(ctx, next)
}

// housekeeping are the errors that are about this server, and go when somebody has
// seen to it.
var housekeeping = []models.Code{
	models.CodeStorageFull, models.CodeStorageUnavailable, models.CodeQuotaExceeded,
	models.CodeDatabaseUnavailable, models.CodeDataInUse,
}
