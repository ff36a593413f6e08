package analyzer

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/events"
)

const (
	sweepEvery  = time.Minute
	tidyEvery   = time.Hour
	sweepBatch  = 100
	halfWritten = 24 * time.Hour // what a writer that is gone left is removed after this

	// keepRequests is how long requests are remembered with their answers.
	keepRequests = 7 * 24 * time.Hour
)

// sweep removes, until ctx ends, what nobody needs any more.
func (w *Worker) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	var tidied time.Time
	for {
		err := errors.Join(w.expireAll(ctx), w.Sweep(ctx))
		if time.Since(tidied) >= tidyEvery {
			tidied = time.Now()
			err = errors.Join(err, w.Store.DropEvents(ctx, tidied.Add(-events.Keep)),
				w.Store.DropRequests(ctx, tidied.Add(-keepRequests)), w.Blobs.Sweep(ctx, halfWritten, w.Store.Growing))
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("what nobody needs any more could not be removed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// expireAll forgets the videos that were deleted for long enough.
func (w *Worker) expireAll(ctx context.Context) error {
	for {
		videos, err := w.Store.Expired(ctx, time.Now(), sweepBatch)
		if err != nil || len(videos) == 0 {
			return err
		}
		var errs []error
		for _, v := range videos {
			errs = append(errs, w.expire(ctx, v.Workspace, v.ID))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
}

// Sweep removes the blobs that were discarded and are due. What it does not get
// to, it finds again.
func (w *Worker) Sweep(ctx context.Context) error {
	for {
		prefixes, err := w.Store.Garbage(ctx, time.Now(), sweepBatch)
		if err != nil || len(prefixes) == 0 {
			return err
		}
		var errs []error
		for _, prefix := range prefixes {
			errs = append(errs, w.remove(ctx, prefix))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
}

// remove removes all blobs below a prefix that ends with a slash, or the one of
// that key, and takes it off the list. A key that a video or an upload has is kept.
func (w *Worker) remove(ctx context.Context, prefix string) error {
	var err error
	if strings.HasSuffix(prefix, "/") {
		err = w.Blobs.DeletePrefix(ctx, prefix)
	} else {
		err = w.removeKey(ctx, prefix)
	}
	if err != nil {
		return err
	}
	return w.Store.Forget(ctx, prefix)
}

func (w *Worker) removeKey(ctx context.Context, key string) error {
	used, err := w.Store.SourceInUse(ctx, key)
	if err == nil && used {
		// Who gives it up from now on puts it on the list again, but it may have been
		// given up since it was asked for.
		if err = w.Store.Forget(ctx, key); err == nil {
			used, err = w.Store.SourceInUse(ctx, key)
		}
	}
	if err != nil || used {
		return err
	}
	return w.Blobs.Delete(ctx, key)
}
