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

// Delete cancels an upload: its bytes go, and it stays to be listed as canceled.
// NOT_FOUND; NOT_RUNNING where it has ended, in whatever way; CONFLICT as Write. An
// [analyzer.Answer] of the context is made with the upload's id.
func (u *Uploads) Delete(ctx context.Context, workspace, id string) (models.Upload, error) {
	return u.stop(ctx, workspace, id, models.UploadCanceled, nil)
}

// stop ends an upload of which nothing is to come.
func (u *Uploads) stop(ctx context.Context, workspace, id string, state models.UploadState, reason *models.Error) (models.Upload, error) {
	ctx, end, err := u.enter(ctx)
	if err != nil {
		return models.Upload{}, err
	}
	defer end()
	if up, err := u.Get(ctx, workspace, id); err != nil || up.State.Ended() {
		return up, notRunning(up, err)
	}
	_, release, err := u.turns.take(ctx, id)
	if err != nil {
		return models.Upload{}, err
	}
	defer release()
	up, err := u.Store.In(workspace).TakeUpload(ctx, id)
	if err != nil || up.State.Ended() {
		return up, notRunning(up, err)
	}
	return u.conclude(ctx, up, state, reason)
}

func notRunning(up models.Upload, err error) error {
	if err != nil {
		return err
	}
	return models.Errorf(models.CodeNotRunning, "upload %s is %s: there is nothing to be done about it", up.ID, up.State)
}

var endEvents = map[models.UploadState]models.EventType{
	models.UploadFailed:   models.EventUploadFailed,
	models.UploadCanceled: models.EventUploadCanceled,
	models.UploadExpired:  models.EventUploadExpired,
}

// conclude ends an upload of which nothing comes, for its writer. Its bytes go then;
// should they not, the blobs' own sweep finds that no upload has them any more.
func (u *Uploads) conclude(ctx context.Context, up models.Upload, state models.UploadState, reason *models.Error) (models.Upload, error) {
	ended := up
	ended.State, ended.Error, ended.Growth, ended.Download = state, reason, nil, nil
	ended.Updated, ended.Due = now(), time.Time{}
	err := u.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(up.Workspace)
		if err := lib.SaveUpload(ctx, ended); err != nil {
			return err
		}
		if err := lib.Discard(ctx, unneeded(up), up.Key); err != nil {
			return err
		}
		if err := record(ctx, lib, ended, endEvents[state]); err != nil {
			return err
		}
		return analyzer.MakeAnswer(ctx, lib, up.ID)
	})
	if err != nil {
		return up, overtaken(err)
	}
	if err := u.abandon(context.WithoutCancel(ctx), up); err != nil {
		u.Log.Warn("what came of an upload is left to the sweeper", "upload", up.ID, "error", err)
	}
	return ended, nil
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
