package analyzer

import (
	"cmp"
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// KeepDeleted is how long a deleted video can be brought back, unless somebody
// says otherwise.
const KeepDeleted = 30 * 24 * time.Hour

// Deletion is how a video is deleted.
type Deletion struct {
	Purge        bool   // forget it at once, deleted before or not
	AllowMissing bool   // all is well where there is none, or it is deleted already
	IfRevision   *int64 // the only revision that may be deleted; nil for any
}

// Delete hides a video with all that was found in it and stops the work on it,
// until [Control.Undelete] brings it back or its time is over; or it forgets all
// of that, and gives its files up. NOT_FOUND, CONFLICT.
func (c *Control) Delete(ctx context.Context, workspace, id string, d Deletion) error {
	return c.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(workspace)
		video, err := lib.Lock(ctx, id)
		if err == nil && video.State == models.VideoDeleted && !d.Purge {
			err = models.Errorf(models.CodeNotFound, "video %s is deleted already; purge it, or undelete it", id)
		}
		switch {
		case models.ErrorCode(err) == models.CodeNotFound && d.AllowMissing:
			return MakeAnswer(ctx, lib, id)
		case err != nil:
			return err
		}
		if err := expect(video, d.IfRevision); err != nil {
			return err
		}
		if t := c.turn(tx, lib, video); d.Purge {
			err = t.purge(ctx)
		} else {
			err = t.hide(ctx)
		}
		if err != nil {
			return err
		}
		return MakeAnswer(ctx, lib, id)
	})
}

// hide deletes the video until it is brought back. What runs waits until then,
// as if it had been handed back.
func (t *turn) hide(ctx context.Context) error {
	for i := range t.video.Runs {
		run := &t.video.Runs[i]
		if run.Status != models.StageRunning {
			continue
		}
		if err := t.abandon(ctx, run, zombieGrace); err != nil {
			return err
		}
		run.Status, run.Due, run.Attempt = models.StagePending, t.now, run.Attempt-1
		run.Worker, run.Heartbeat, run.Progress = "", time.Time{}, 0
		run.Fence++
		t.touch(run)
	}
	t.video.State = models.VideoDeleted // its row keeps the one that it comes back in
	t.event(models.Event{Type: models.EventVideoDeleted})
	if err := t.write(ctx); err != nil {
		return err
	}
	gone := models.Errorf(models.CodeCanceled, "the video was deleted")
	if err := t.lib.FinishOperations(ctx, t.video.ID, gone, t.now); err != nil {
		return err
	}
	return t.lib.DeleteVideo(ctx, t.video.ID, t.now.Add(cmp.Or(t.KeepDeleted, KeepDeleted)))
}

// purge forgets the video.
func (t *turn) purge(ctx context.Context) error {
	id := t.video.ID
	if err := t.lib.PurgeVideo(ctx, id); err != nil {
		return err
	}
	if err := t.lib.Discard(ctx, t.now, append(blobsOf(t.video), videoPrefix(id))...); err != nil {
		return err
	}
	for i := range t.video.Runs {
		if err := t.abandon(ctx, &t.video.Runs[i], zombieGrace); err != nil {
			return err
		}
	}
	return t.lib.Record(ctx, models.Event{Type: models.EventVideoPurged, VideoID: id, State: models.VideoDeleted, Time: t.now})
}

// Undelete brings a deleted video back as it was, and has the work on it go on.
// NOT_FOUND; ALREADY_EXISTS where it is not deleted, or where its source came
// again since or its external id was given away.
func (c *Control) Undelete(ctx context.Context, workspace, id string) error {
	return c.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(workspace)
		video, err := lib.Lock(ctx, id)
		if err != nil {
			return err
		}
		if video.State != models.VideoDeleted {
			return models.Errorf(models.CodeAlreadyExists, "video %s is not deleted", id)
		}
		switch err := lib.UndeleteVideo(ctx, id); {
		case models.ErrorCode(err) == models.CodeAlreadyExists:
			return models.Errorf(models.CodeAlreadyExists,
				"the file of video %s came again as another video, or its external id is another's now; delete or change that one first", id).Because(err)
		case err != nil:
			return err
		}
		if video, err = lib.Video(ctx, id); err != nil {
			return err
		}
		t := c.turn(tx, lib, video)
		t.event(models.Event{Type: models.EventVideoUndeleted})
		t.redispatch()
		t.advance()
		if err := t.write(ctx); err != nil {
			return err
		}
		return MakeAnswer(ctx, lib, id)
	})
}

// expire forgets a video that was deleted until a time that has come, unless it
// was brought back.
func (c *Control) expire(ctx context.Context, workspace, id string) error {
	return c.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(workspace)
		video, err := lib.Lock(ctx, id)
		switch {
		case models.ErrorCode(err) == models.CodeNotFound:
			return nil
		case err != nil:
			return err
		}
		if t := c.turn(tx, lib, video); !video.Purge.IsZero() && !video.Purge.After(t.now) {
			return t.purge(ctx)
		}
		return nil
	})
}

// expect is CONFLICT where a video is not at a revision any more.
func expect(video *models.Video, revision *int64) error {
	if revision == nil || *revision == video.Revision {
		return nil
	}
	return models.Errorf(models.CodeConflict, "video %s was changed since it was read; read it again", video.ID)
}
