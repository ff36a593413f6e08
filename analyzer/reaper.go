package analyzer

import (
	"context"
	"errors"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// reapTime is how long one look may take.
const reapTime = 30 * time.Second

// holder is an attempt under way, or a task that was taken and is not one yet.
type holder struct {
	Task
	status    models.StageStatus // as which somebody has it: running, or pending
	worker    string
	heartbeat time.Time
}

// reaper takes back what its worker does not hold any more. It trusts no clock
// but its own: what counts is how long it has seen a heartbeat stand still, with
// a database that could have told it otherwise.
type reaper struct {
	*Worker
	seen   map[holder]sight
	looked time.Time // when it has looked last
}

// sight is since when a holder has stood still, and whether that has been dealt
// with: what was once not the run's any more never is again.
type sight struct {
	since time.Time
	dealt bool
}

// reap takes back, until ctx ends, the attempts of workers that went away.
func (w *Worker) reap(ctx context.Context) {
	r := &reaper{Worker: w, seen: map[holder]sight{}}
	ticker := time.NewTicker(w.times.reap)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := r.look(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("lost attempts could not be looked for", "error", err)
		}
		if err == nil && w.Stuck != nil {
			err = w.tryWriting(ctx)
		}
		if err != nil && ctx.Err() == nil {
			w.stuck(err)
		}
	}
}

// tryWriting finds out whether the database takes anything. Where it does not,
// the queue may not even be able to hand out the task by which it would show.
func (w *Worker) tryWriting(ctx context.Context) error {
	const nothing = "sources/nothing"
	err := w.Store.Tx(ctx, func(tx store.Tx) error {
		return tx.In(models.DefaultWorkspace).Discard(ctx, time.Now(), nothing)
	})
	if err != nil {
		return err
	}
	return w.Store.Forget(ctx, nothing)
}

// look takes back what has stood still for a lease.
func (r *reaper) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reapTime)
	defer cancel()
	defer func() { r.looked = time.Now() }()
	now := time.Now()
	if now.Sub(r.looked) > r.times.lease/2 {
		clear(r.seen) // this process stood still, and its own attempts with it
	}
	holders, err := r.holders(ctx)
	if err != nil {
		clear(r.seen) // nobody could beat meanwhile
		return err
	}
	var errs []error
	seen := map[holder]sight{}
	for _, h := range holders {
		s, ok := r.seen[h]
		if !ok {
			s.since = now
		}
		if !s.dealt && now.Sub(s.since) >= r.times.lease {
			err := r.takeBack(ctx, h, zombieGrace)
			s.dealt = err == nil
			errs = append(errs, err)
		}
		seen[h] = s
	}
	r.seen = seen
	return errors.Join(errs...)
}

// holders lists the attempts under way, and the tasks that were taken and are
// none of them.
func (w *Worker) holders(ctx context.Context) ([]holder, error) {
	running, err := w.Store.Running(ctx)
	if err != nil {
		return nil, err
	}
	taken, err := w.Queue.Taken(ctx)
	if err != nil {
		return nil, err
	}
	var all []holder
	begun := map[Task]bool{}
	for _, r := range running {
		task := Task{Workspace: r.Workspace, Video: r.VideoID, Stage: r.Run.Stage, Fence: r.Run.Fence}
		all = append(all, holder{task, models.StageRunning, r.Run.Worker, r.Run.Heartbeat})
		begun[task] = true
	}
	for _, t := range taken {
		if !begun[t.Task] {
			all = append(all, holder{Task: t.Task, status: models.StagePending, worker: t.Worker})
		}
	}
	return all, nil
}

// reconcile takes back at once what this worker had when it ended last: by its
// name it knows that nobody is at it.
func (w *Worker) reconcile(ctx context.Context) error {
	holders, err := w.holders(ctx)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if h.worker != w.Name {
			continue
		}
		if err := w.takeBack(ctx, h, 0); err != nil {
			return err
		}
	}
	return nil
}

// takeBack dispatches a stage anew, unless somebody has by now. grace is how
// long its last worker may go on without knowing. A stage that is not in the
// pipeline is left to workers that have it in theirs.
func (c *Control) takeBack(ctx context.Context, h holder, grace time.Duration) error {
	err := c.change(ctx, h.Workspace, h.Video, func(t *turn) error {
		run := t.run(h.Stage)
		if c.Pipeline.stage(h.Stage) == nil || run.Fence != h.Fence || run.Status != h.status {
			return nil
		}
		if run.Status == models.StagePending {
			t.dispatch(run, 0)
			return nil
		}
		if err := t.abandon(ctx, run, grace); err != nil {
			return err
		}
		run.Losses++
		reason := models.Errorf(models.CodeWorkerLost, "the worker %s went away while it ran", run.Worker)
		if run.Losses < maxLosses {
			t.reschedule(run, 0, reason)
			return nil
		}
		run.Status, run.Finished, run.Worker, run.Heartbeat = models.StageFailed, t.now, "", time.Time{}
		run.Fence++
		run.Error = models.Errorf(models.CodePoisonInput,
			"%d workers went away while they ran %s on this file; report the file, and leave it out", run.Losses, run.Stage)
		t.touch(run)
		return nil
	})
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil // the video was deleted
	}
	return err
}
