package analyzer

import (
	"context"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// turn is one change to one video: while it lasts nobody else changes it, and
// all that follows from the change is written with it, in one transaction.
type turn struct {
	*Control
	tx    store.Tx
	lib   store.TxLibrary
	now   time.Time
	video *models.Video // as it will be

	changed map[string]bool // stages whose runs are to be written
	commit  *store.Commit   // with which one of them is written
	edits   []models.Edit
	cues    *store.CueChange // that edits make; nil for none
	update  store.VideoUpdate
	events  []models.Event
	due     []Due
}

// change lets f change a video, and does what that makes necessary. f may be
// called more than once. NOT_FOUND for a video that is not there or deleted.
func (c *Control) change(ctx context.Context, workspace, id string, f func(t *turn) error) error {
	return c.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(workspace)
		video, err := lib.Lock(ctx, id)
		if err != nil {
			return err
		}
		if video.State == models.VideoDeleted {
			return models.Errorf(models.CodeNotFound, "video %s is deleted; undelete it first", id)
		}
		t := c.turn(tx, lib, video)
		if err := f(t); err != nil {
			return err
		}
		t.advance()
		if err := t.write(ctx); err != nil {
			return err
		}
		return MakeAnswer(ctx, lib, id)
	})
}

// turn begins a turn over a video that the transaction holds. The video gets a
// run of every stage: those that are new in the program wait like others.
func (c *Control) turn(tx store.Tx, lib store.TxLibrary, video *models.Video) *turn {
	for _, stage := range c.Pipeline.Names() {
		if video.Run(stage) == nil {
			video.Runs = append(video.Runs, models.StageRun{Stage: stage, Status: models.StagePending})
		}
	}
	return &turn{
		Control: c, tx: tx, lib: lib, now: time.Now().UTC(), video: video,
		changed: map[string]bool{},
	}
}

// run is the run of a stage of the pipeline. Whoever changes it calls touch.
func (t *turn) run(stage string) *models.StageRun { return t.video.Run(stage) }

// working says whether the video's stages are being worked on, or are to be.
func (t *turn) working() bool {
	return t.video.State == models.VideoQueued || t.video.State == models.VideoProcessing
}

// touch has a run written, and its status told.
func (t *turn) touch(run *models.StageRun) {
	t.changed[run.Stage] = true
	t.event(models.Event{Type: models.EventStageStatus, Stage: run.Stage, Status: run.Status, Attempt: run.Attempt, Error: run.Error})
}

func (t *turn) event(e models.Event) {
	e.VideoID, e.State, e.Time = t.video.ID, t.video.State, t.now
	t.events = append(t.events, e)
}

// dispatch makes a stage of the pipeline due after a pause, under a new fence. It
// waits instead where one that it needs is being run again.
func (t *turn) dispatch(run *models.StageRun, pause time.Duration) {
	run.Status, run.Due, run.Worker, run.Heartbeat = models.StagePending, time.Time{}, "", time.Time{}
	run.Fence++
	t.changed[run.Stage] = true
	spec := t.Pipeline.stage(run.Stage).Spec()
	if slices.ContainsFunc(spec.Needs, func(need string) bool { return !ended(*t.run(need)) }) {
		return
	}
	run.Due = t.now.Add(pause)
	due := Due{
		Task:  Task{Workspace: t.video.Workspace, Video: t.video.ID, Stage: run.Stage, Fence: run.Fence},
		Class: spec.Class,
	}
	if pause > 0 {
		due.At = run.Due
	}
	t.due = append(t.due, due)
}

// await has a stage wait for those it needs, as if it had never run; its result
// stays to be read. An attempt under way finds its fence gone.
func (t *turn) await(ctx context.Context, run *models.StageRun) error {
	if err := t.abandon(ctx, run, zombieGrace); err != nil {
		return err
	}
	run.Status, run.Due, run.Worker, run.Heartbeat, run.Progress = models.StagePending, time.Time{}, "", time.Time{}, 0
	run.Started, run.Finished, run.Error = time.Time{}, time.Time{}, nil
	run.Attempt, run.Failures, run.Crashes, run.Losses = 0, 0, 0, 0
	run.Fence++
	t.touch(run)
	return nil
}

// again has a stage wait again, unless it waits or is under way: then its commit
// finds out what has changed.
func (t *turn) again(ctx context.Context, stage string) error {
	run := t.run(stage)
	if waiting(*run) || run.Status == models.StageRunning {
		return nil
	}
	return t.await(ctx, run)
}

// recheck has the stages that rest on one, and ended before it did, look whether
// they would end in the same way now.
func (t *turn) recheck(ctx context.Context, stage string) error {
	for _, dependent := range t.Pipeline.dependents(stage) {
		if err := t.again(ctx, dependent); err != nil {
			return err
		}
	}
	return nil
}

// abandon has what an attempt may have published without committing it removed,
// after a time in which its worker may not know yet.
func (t *turn) abandon(ctx context.Context, run *models.StageRun, after time.Duration) error {
	if run.Status != models.StageRunning || run.ID == "" {
		return nil
	}
	return t.lib.Discard(ctx, t.now.Add(after), models.RunPrefix(t.video.ID, run.Stage, run.ID))
}

// enter brings the video to a state.
func (t *turn) enter(state models.VideoState, reason *models.Error) {
	t.video.State, t.video.Error = state, reason
	t.update.State, t.update.Error = &t.video.State, &t.video.Error
	t.event(models.Event{Type: models.EventVideoState, Error: reason})
}

// advance makes due what has become so, and ends the video with its last stage.
func (t *turn) advance() {
	if !t.working() {
		return
	}
	next := t.Pipeline.plan(t.video)
	for _, stage := range t.Pipeline.Names() {
		if reason := next.blocked[stage]; reason != nil {
			run := t.run(stage)
			run.Status, run.Error = models.StageCanceled, reason
			t.touch(run)
		}
	}
	for _, stage := range next.due {
		t.dispatch(t.run(stage), 0)
	}
	if next.over {
		t.enter(next.state, next.reason)
	}
}

// finish ends the operations of a video with which all is done. They came to
// nothing where it did.
func (t *turn) finish(ctx context.Context) error {
	var failure *models.Error
	if t.video.State == models.VideoFailed || t.video.State == models.VideoCanceled {
		failure = t.video.Error
	}
	return t.lib.FinishOperations(ctx, t.video.ID, failure, t.now)
}

// write stores what the turn has changed.
func (t *turn) write(ctx context.Context) error {
	change := store.Change{VideoID: t.video.ID, Video: t.update, Commit: t.commit, Edits: t.edits, Cues: t.cues, Events: t.events}
	for _, run := range t.video.Runs {
		if t.commit != nil && t.commit.Run.Stage == run.Stage {
			t.commit.Run = run
		} else if t.changed[run.Stage] {
			change.Runs = append(change.Runs, run)
		}
	}
	if err := t.lib.Change(ctx, change); err != nil {
		return err
	}
	if t.update.State != nil && !t.working() {
		if err := t.finish(ctx); err != nil {
			return err
		}
	}
	return t.Queue.Put(ctx, t.tx, t.due...)
}
