package ingest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

const (
	// keepEnded is how long uploads that have ended can be listed.
	keepEnded = 30 * 24 * time.Hour

	forgetEvery = time.Hour
	batch       = 1000
	atOnce      = 4 // uploads of one state are seen to
)

// Run sees, until ctx ends, to what is due: uploads that are to be finished and
// that nobody finishes, imports, those that expire, and those to be forgotten. Any
// number of processes may.
func (u *Uploads) Run(ctx context.Context) error {
	ctx, end, err := u.enter(ctx)
	if err != nil {
		return err
	}
	defer end()
	r := &rounds{Uploads: u, slots: map[models.UploadState]chan struct{}{
		models.UploadFinishing: make(chan struct{}, atOnce), models.UploadReceiving: make(chan struct{}, atOnce),
	}}
	defer r.attended.Wait()
	ticker := time.NewTicker(u.pace.look)
	defer ticker.Stop()
	if u.Alone {
		r.ahead = importLease
	}
	for {
		if err := r.round(ctx, time.Now()); err != nil && ctx.Err() == nil {
			u.Log.Warn("uploads could not be seen to; it is tried again", "error", err)
		}
		r.ahead = 0
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-u.wake:
		}
	}
}

// hurry has Run look at once.
func (u *Uploads) hurry() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// rounds are what Run does.
type rounds struct {
	*Uploads
	slots    map[models.UploadState]chan struct{}
	attended sync.WaitGroup
	ahead    time.Duration // how long before its time an upload counts as due
	forgot   time.Time
}

func (r *rounds) round(ctx context.Context, now time.Time) error {
	var errs []error
	if now.Sub(r.forgot) >= forgetEvery {
		r.forgot = now
		errs = append(errs, r.Store.DropUploads(ctx, now.Add(-keepEnded)))
	}
	expired, err := r.Store.ExpiredUploads(ctx, now, batch)
	errs = append(errs, err)
	for _, up := range expired {
		errs = append(errs, passed(r.expire(ctx, up)))
	}
	due, err := r.Store.DueUploads(ctx, now.Add(r.ahead), batch)
	for _, up := range due {
		r.begin(ctx, up, now.Add(r.ahead))
	}
	return errors.Join(append(errs, err)...)
}

// begin sees to an upload that is due by a time, if there is a free slot.
func (r *rounds) begin(ctx context.Context, up models.Upload, by time.Time) {
	slots := r.slots[up.State]
	select {
	case slots <- struct{}{}:
	default:
		return // it is due again in the next round
	}
	r.attended.Go(func() {
		defer r.hurry() // there may be more than there are slots
		defer func() { <-slots }()
		if err := passed(r.attend(ctx, up, by)); err != nil && ctx.Err() == nil {
			r.Log.Warn("an upload could not be seen to", "upload", up.ID, "error", err)
		}
	})
}

// attend does what is due of an upload.
func (r *rounds) attend(ctx context.Context, up models.Upload, by time.Time) error {
	up, err := r.claim(ctx, up, by)
	switch {
	case err != nil:
		return err
	case up.State == models.UploadFinishing:
		r.finishDue(ctx, up)
	case up.Method == models.UploadImport && r.Importer != nil:
		return r.bring(ctx, up)
	}
	return nil
}

// finishDue finishes an upload, or says in the log why it came to nothing, which its
// owner is told by the upload.
func (r *rounds) finishDue(ctx context.Context, up models.Upload) {
	if _, err := r.finish(ctx, up); err != nil {
		r.Log.Info("an upload came to nothing", "upload", up.ID, "error", err)
	}
}

// claim makes this process the one that sees to an upload. NOT_RUNNING where
// nothing is due by then any more.
func (r *rounds) claim(ctx context.Context, up models.Upload, by time.Time) (models.Upload, error) {
	err := r.Store.Tx(ctx, func(tx store.Tx) (err error) {
		lib := tx.In(up.Workspace)
		if up, err = lib.TakeUpload(ctx, up.ID); err != nil {
			return err
		}
		if up.State.Ended() || up.Due.IsZero() || up.Due.After(by) {
			return notDue(up)
		}
		lease := r.pace.lease
		if up.State == models.UploadReceiving {
			lease = importLease
		}
		up.Updated = now()
		up.Due = up.Updated.Add(lease)
		return lib.SaveUpload(ctx, up)
	})
	return up, err
}

// expire ends an upload whose time is over.
func (r *rounds) expire(ctx context.Context, up models.Upload) error {
	_, err := r.stop(ctx, up.Workspace, up.ID, func(up models.Upload) error {
		if up.State != models.UploadReceiving || up.Expires.After(now()) {
			return notDue(up)
		}
		return nil
	}, models.UploadExpired, nil)
	return err
}

func notDue(up models.Upload) error {
	return models.Errorf(models.CodeNotRunning, "nothing of upload %s is due", up.ID)
}

// passed is nil for what there is nothing to do about: somebody else was faster.
func passed(err error) error {
	if slices.Contains([]models.Code{models.CodeNotRunning, models.CodeNotFound, models.CodeConflict}, models.ErrorCode(err)) {
		return nil
	}
	return err
}
