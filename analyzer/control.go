package analyzer

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Control changes what is to be done. Each of its methods is one transaction:
// afterwards all of the change is there, with the tasks that follow from it, or
// nothing is. Any process may call them; workers learn of it.
type Control struct {
	Pipeline *Pipeline
	Store    store.Store
	Queue    Queue
	Log      *slog.Logger

	KeepDeleted time.Duration // how long a deleted video can be brought back; 0 for the usual time
}

// zombieGrace is how long a worker that lost its attempt may go on without
// knowing: what it publishes meanwhile is removed after it.
const zombieGrace = 10 * time.Minute

// replacedGrace is how long the files of a result that was replaced can still be
// read, by players that began with them.
const replacedGrace = time.Hour

func videoPrefix(video string) string { return "videos/" + video + "/" }

// create adds a video with all its stages to be run. ALREADY_EXISTS.
func (c *Control) create(ctx context.Context, workspace string, video *models.Video) error {
	return c.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(workspace)
		if err := c.admit(ctx, tx, lib, video); err != nil {
			return err
		}
		return MakeAnswer(ctx, lib, video.ID)
	})
}

// admit adds a video within a transaction. ALREADY_EXISTS.
func (c *Control) admit(ctx context.Context, tx store.Tx, lib store.TxLibrary, video *models.Video) error {
	video.State, video.Runs = models.VideoQueued, nil
	if err := lib.CreateVideo(ctx, video); err != nil {
		return err
	}
	t := c.turn(tx, lib, video)
	t.event(models.Event{Type: models.EventVideoCreated})
	for _, stage := range c.Pipeline.Names() {
		t.touch(t.run(stage))
	}
	t.advance()
	return t.write(ctx)
}

// Analyze brings a video up to date: the stages that failed or were skipped run
// again, and those whose result would now be another. What is under way goes
// on. Nothing happens to a video that is up to date. NOT_FOUND.
func (c *Control) Analyze(ctx context.Context, workspace, id string) error {
	return c.change(ctx, workspace, id, func(t *turn) error { return t.refresh(ctx) })
}

// refresh has all stages wait again that are not under way, unless all is as it
// should be. Each finds out for itself whether its result still stands.
func (t *turn) refresh(ctx context.Context) error {
	if t.video.State == models.VideoUploading || !t.outdated() {
		return nil
	}
	for _, stage := range t.Pipeline.Names() {
		if err := t.again(ctx, stage); err != nil {
			return err
		}
	}
	t.enter(models.VideoQueued, nil)
	return nil
}

// outdated says whether some stage that has ended might end otherwise now, or
// one that has not is being forgotten: it came with a newer program.
func (t *turn) outdated() bool {
	for _, stage := range t.Pipeline.stages {
		switch run := t.run(stage.Spec().Name); {
		case !ended(*run):
			if !t.working() {
				return true
			}
		case run.Status != models.StageDone || !current(stage, &Job{Video: t.video}):
			return true
		}
	}
	return false
}

// Rerun runs stages again although their results may stand, and then what rests
// on them; with force their results count as outdated whatever they are. Their
// old results can be read until the new ones replace them. NOT_FOUND,
// INVALID_ARGUMENT for a stage that does not exist.
func (c *Control) Rerun(ctx context.Context, workspace, id string, stages []string, force bool) error {
	again := slices.Clone(stages)
	for _, stage := range stages {
		if c.Pipeline.stage(stage) == nil {
			return models.Errorf(models.CodeInvalidArgument, "there is no stage %q; the stages are %v", stage, c.Pipeline.Names())
		}
		again = append(again, c.Pipeline.dependents(stage)...)
	}
	return c.change(ctx, workspace, id, func(t *turn) error {
		if t.video.State == models.VideoUploading {
			return nil // all of them will run
		}
		for _, stage := range c.Pipeline.Names() {
			if !slices.Contains(again, stage) {
				continue
			}
			run := t.run(stage)
			if err := t.await(ctx, run); err != nil {
				return err
			}
			if force && slices.Contains(stages, stage) {
				run.Result.Fingerprint = ""
			}
		}
		t.enter(models.VideoQueued, nil)
		return nil
	})
}

// Replan makes due what should be, for a video whose tasks the queue has lost: it
// was put back from a copy, say. NOT_FOUND.
func (c *Control) Replan(ctx context.Context, workspace, id string) error {
	return c.change(ctx, workspace, id, func(t *turn) error {
		t.redispatch()
		return nil // the rest is what every turn ends with
	})
}

// redispatch hands out again what is due.
func (t *turn) redispatch() {
	for _, stage := range t.Pipeline.Names() {
		if run := t.run(stage); run.Status == models.StagePending && !run.Due.IsZero() {
			t.dispatch(run, 0)
		}
	}
}

// Cancel stops what is under way in a video. What was committed stays. NOT_FOUND,
// NOT_RUNNING where there is nothing to be stopped.
func (c *Control) Cancel(ctx context.Context, workspace, id string) error {
	return c.change(ctx, workspace, id, func(t *turn) error {
		switch {
		case t.video.State == models.VideoCanceled:
			return models.Errorf(models.CodeNotRunning, "video %s is canceled already", id)
		case !t.working():
			return models.Errorf(models.CodeNotRunning, "video %s is %s: there is nothing to cancel", id, t.video.State)
		}
		reason := models.Errorf(models.CodeCanceled, "canceled; analyze it again to go on")
		for i := range t.video.Runs {
			run := &t.video.Runs[i]
			if ended(*run) {
				continue
			}
			if err := t.abandon(ctx, run, zombieGrace); err != nil {
				return err
			}
			run.Status, run.Error, run.Finished = models.StageCanceled, reason, t.now
			run.Due, run.Worker, run.Heartbeat = time.Time{}, "", time.Time{}
			run.Fence++
			t.touch(run)
		}
		t.enter(models.VideoCanceled, reason)
		return nil
	})
}
