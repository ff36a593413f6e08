package analyzer

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

const (
	maxFailures = 3   // attempts that may fail before the stage has
	maxCrashes  = 2   // of them, those in which an engine died
	maxLosses   = 100 // attempts that may be lost through no fault of the video
)

// pause is the wait after the n-th attempt without a result, from 1.
func (t *times) pause(n int) time.Duration { return t.backoff[min(n, len(t.backoff))-1] }

// settleTime is how long an attempt whose time is over may take to say so.
const settleTime = 20 * time.Second

// settle writes how an attempt ended, and says it in one word.
func (a *attempt) settle(ctx context.Context, f finding) obs.Outcome {
	if ctx.Err() != nil { // what was found was found too late
		f = finding{err: context.Cause(ctx)}
	}
	writing := ctx
	switch {
	case errors.Is(f.err, errTakenBack):
		return a.forsake(ctx)
	case errors.Is(f.err, errHandBack):
		var cancel context.CancelFunc
		writing, cancel = context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		defer cancel()
	}
	if f.err != nil {
		a.tell(f.err)
	}
	outcome, err := a.write(writing, f)
	switch {
	case err == nil:
		return outcome
	case errors.Is(err, errTakenBack), models.ErrorCode(err) == models.CodeNotFound:
		return a.forsake(ctx)
	case writing.Err() != nil && writing == ctx:
		return a.settle(ctx, finding{}) // which finds out why
	case f.err == nil:
		return a.settle(ctx, finding{err: err}) // the commit itself was refused
	}
	a.log.Error("the end of an attempt could not be written; its lease runs out", "error", err)
	a.stuck(err)
	return obs.Lost
}

// write writes what was found, or that nothing was.
func (a *attempt) write(ctx context.Context, f finding) (outcome obs.Outcome, err error) {
	err = a.persist(ctx, func() error {
		return a.change(ctx, a.task.Workspace, a.task.Video, func(t *turn) (err error) {
			run, err := a.mine(t)
			switch {
			case err != nil:
			case errors.Is(f.err, errHandBack):
				outcome, err = a.give(ctx, t, run, f.err)
			case a.outdated(t, f): // then the stage is run again
				outcome, err = obs.Retried, errors.Join(t.abandon(ctx, run, 0), t.await(ctx, run))
			case f.err != nil:
				outcome, err = a.give(ctx, t, run, f.err)
			case f.unchanged:
				outcome = obs.Unchanged
				a.end(t, run)
			default:
				outcome, err = obs.Done, a.commit(ctx, t, run, f)
			}
			return err
		})
	})
	return outcome, err
}

// forsake ends an attempt that is not the stage's any more. What it may have
// published is to be removed: its worker may have stood still for longer than
// who took it back has waited with that.
func (a *attempt) forsake(ctx context.Context) (outcome obs.Outcome) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := a.persist(ctx, func() error {
		return a.Store.Tx(ctx, func(tx store.Tx) error {
			outcome = obs.Canceled
			lib := tx.In(a.task.Workspace)
			video, err := lib.Lock(ctx, a.task.Video)
			switch {
			case models.ErrorCode(err) == models.CodeNotFound:
			case err != nil:
				return err
			case video.Run(a.task.Stage).Result.Run == a.id:
				outcome = obs.Done // it was written, and the answer got lost
				return nil
			case video.Run(a.task.Stage).Losses > a.video.Run(a.task.Stage).Losses:
				outcome = obs.Lost
			}
			return lib.Discard(ctx, time.Now().UTC(), models.RunPrefix(a.task.Video, a.task.Stage, a.id))
		})
	})
	if err != nil {
		a.log.Warn("what a lost attempt has published may stay until somebody runs fsck", "error", err)
	}
	return outcome
}

// give writes an attempt that has no result.
func (a *attempt) give(ctx context.Context, t *turn, run *models.StageRun, cause error) (obs.Outcome, error) {
	if err := t.abandon(ctx, run, 0); err != nil {
		return "", err
	}
	run.Finished, run.Worker, run.Heartbeat, run.Progress = t.now, "", time.Time{}, 0
	if errors.Is(cause, errHandBack) {
		run.Attempt-- // it does not count
		t.reschedule(run, 0, nil)
		return obs.HandedBack, nil
	}
	if reason := Skipped(cause); reason != nil {
		run.Status, run.Error = models.StageSkipped, reason
		t.touch(run)
		return obs.Skipped, nil //nolint:nilerr // a skip is no failure
	}
	reason := models.AsError(cause)
	switch verdict(reason.Code) {
	case outside:
		run.Losses++
		if run.Losses < maxLosses {
			t.reschedule(run, a.times.pause(run.Losses), reason)
			return obs.Retried, nil
		}
	case crash:
		run.Crashes++
		run.Failures++
		if run.Crashes < maxCrashes {
			t.reschedule(run, a.times.pause(run.Failures), reason)
			return obs.Retried, nil
		}
		reason = models.Errorf(models.CodePoisonInput,
			"%s crashed its engine %d times on this file; report the file, and leave it out", a.spec.Name, run.Crashes).Because(reason)
	case passing:
		run.Failures++
		if run.Failures < maxFailures {
			t.reschedule(run, a.times.pause(run.Failures), reason)
			return obs.Retried, nil
		}
	case final:
		run.Failures++
	}
	run.Status, run.Error = models.StageFailed, reason
	t.touch(run)
	return obs.Failed, nil
}

// reschedule has a stage tried again after a pause.
func (t *turn) reschedule(run *models.StageRun, pause time.Duration, reason *models.Error) {
	run.Error = reason
	t.dispatch(run, pause)
	t.event(models.Event{Type: models.EventStageRescheduled, Stage: run.Stage, Status: run.Status, Attempt: run.Attempt, Error: reason})
}

// kind is what an error says about another attempt.
type kind int

const (
	final   kind = iota // it would fail again
	passing             // it may not
	crash               // an engine died of it
	outside             // it says nothing about the video
)

func verdict(code models.Code) kind {
	switch code {
	case models.CodeInternal, models.CodeStageTimeout, models.CodeResourceLimit:
		return passing
	case models.CodeEngineCrashed:
		return crash
	case models.CodeStorageUnavailable, models.CodeDatabaseUnavailable, models.CodeDataInUse:
		return outside
	default:
		return final
	}
}

// tell logs why an attempt has no result: loudly only what nobody else hears of.
func (a *attempt) tell(err error) {
	level := slog.LevelInfo // people are told, and what to do
	switch {
	case errors.Is(err, errHandBack), Skipped(err) != nil:
		level = slog.LevelDebug
	case models.ErrorCode(err) == models.CodeInternal:
		level = slog.LevelError
	}
	a.log.Log(context.Background(), level, "an attempt has no result", "error", err)
}

// persist calls f until it works, fails for good, or ctx ends: what took an
// hour to compute is not thrown away because a server is being restarted.
func (w *Worker) persist(ctx context.Context, f func() error) error {
	for wait := w.times.retry; ; wait = min(2*wait, 10*w.times.retry) {
		err := f()
		if err == nil || verdict(models.ErrorCode(err)) != outside {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}
