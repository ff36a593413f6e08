package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// zombieGrace is how long a writer that lost its turn may go on without knowing:
// what it makes meanwhile is removed after it.
const zombieGrace = 10 * time.Minute

// Delete cancels an upload: its bytes go, and it stays to be listed as canceled. Who
// writes to it is told to stop. NOT_FOUND; NOT_RUNNING where it has ended, in whatever
// way. An [analyzer.Answer] of the context is made with the upload's id.
func (u *Uploads) Delete(ctx context.Context, workspace, id string) (models.Upload, error) {
	return u.stop(ctx, workspace, id, running, models.UploadCanceled, nil)
}

// running is NOT_RUNNING for an upload that has ended.
func running(up models.Upload) error {
	if up.State.Ended() {
		return notRunning(up)
	}
	return nil
}

func notRunning(up models.Upload) *models.Error {
	return models.Errorf(models.CodeNotRunning, "upload %s is %s: there is nothing to be done about it", up.ID, up.State)
}

// stop ends an upload of which nothing is to come, unless check says no to that.
func (u *Uploads) stop(ctx context.Context, workspace, id string, check func(models.Upload) error,
	state models.UploadState, reason *models.Error,
) (ended models.Upload, err error) {
	ctx, end, err := u.enter(ctx)
	if err != nil {
		return models.Upload{}, err
	}
	defer end()
	var up models.Upload
	err = u.Store.Tx(ctx, func(tx store.Tx) (err error) {
		lib := tx.In(workspace)
		if up, err = lib.TakeUpload(ctx, id); err != nil {
			return err
		}
		if err = check(up); err == nil {
			ended, err = bringToEnd(ctx, lib, up, state, reason)
		}
		return err
	})
	if err != nil {
		return up, err
	}
	_ = u.turns.clear(ctx, id) // and who does not let go writes what nobody sees
	u.clearAway(ctx, up)
	return ended, nil
}

var endEvents = map[models.UploadState]models.EventType{
	models.UploadFailed:   models.EventUploadFailed,
	models.UploadCanceled: models.EventUploadCanceled,
	models.UploadExpired:  models.EventUploadExpired,
}

// bringToEnd ends an upload of which nothing comes, in a transaction of its writer's.
func bringToEnd(ctx context.Context, lib store.TxLibrary, up models.Upload, state models.UploadState, reason *models.Error) (models.Upload, error) {
	ended := up
	ended.State, ended.Error, ended.Growth, ended.Download = state, reason, nil, nil
	ended.Updated, ended.Due = now(), time.Time{}
	if err := lib.SaveUpload(ctx, ended); err != nil {
		return up, err
	}
	if err := lib.Discard(ctx, unneeded(up), up.Key); err != nil {
		return up, err
	}
	if err := record(ctx, lib, ended, endEvents[state]); err != nil {
		return up, err
	}
	return ended, analyzer.MakeAnswer(ctx, lib, up.ID)
}

// conclude ends an upload of which nothing comes, for its writer.
func (u *Uploads) conclude(ctx context.Context, up models.Upload, state models.UploadState, reason *models.Error) (models.Upload, error) {
	ended := up
	err := u.Store.Tx(ctx, func(tx store.Tx) (err error) {
		ended, err = bringToEnd(ctx, tx.In(up.Workspace), up, state, reason)
		return err
	})
	if err != nil {
		return up, overtaken(err)
	}
	u.clearAway(ctx, up)
	return ended, nil
}

// clearAway removes what has come of an upload that has ended. What stays the blobs'
// own sweep finds: no upload has it any more.
func (u *Uploads) clearAway(ctx context.Context, up models.Upload) {
	if err := u.abandon(context.WithoutCancel(ctx), up); err != nil {
		u.Log.Warn("what came of an upload is left to the sweeper", "upload", up.ID, "error", err)
	}
}

// abandon removes what has come of an upload: what was not saved too, and what is
// whole.
func (u *Uploads) abandon(ctx context.Context, up models.Upload) error {
	g, err := growth(up)
	if err != nil {
		return err
	}
	err = u.Blobs.Abandon(ctx, g)
	if up.State == models.UploadFinishing {
		err = errors.Join(err, u.Blobs.Delete(ctx, up.Key))
	}
	return err
}

// unneeded is the time from which on nobody puts a blob there any more for an upload.
func unneeded(up models.Upload) time.Time {
	last := time.Now()
	if up.Method == models.UploadPut && up.Expires.After(last) {
		last = up.Expires
	}
	return last.Add(zombieGrace)
}
