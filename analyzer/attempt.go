package analyzer

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// attempt is one run of one stage over one video, under a fence.
type attempt struct {
	*Worker
	pulse
	task   Task
	stage  Stage
	spec   Spec
	log    *slog.Logger
	cancel context.CancelCauseFunc

	// As they were when the attempt was claimed.
	video *models.Video
	id    string // of the attempt
	print string // fingerprint of what it will find
}

func newAttempt(w *Worker, task Task, stage Stage) *attempt {
	return &attempt{
		Worker: w, task: task, stage: stage, spec: stage.Spec(), id: models.NewID(),
		pulse: pulse{poke: make(chan struct{}, 1)},
		log:   w.Log.With("video", task.Video, "stage", task.Stage),
	}
}

// claim makes the attempt the stage's. errTakenBack where the task's fence is
// gone or another has it, NOT_FOUND. A worker that stops does not interrupt it:
// nobody could tell then whose the stage is.
func (a *attempt) claim(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return a.persist(ctx, func() error {
		return a.change(ctx, a.task.Workspace, a.task.Video, a.take)
	})
}

// take is the turn of a claim. It may come again although it was written.
func (a *attempt) take(t *turn) error {
	run := t.run(a.task.Stage)
	switch {
	case run.Fence != a.task.Fence:
		return errTakenBack
	case run.Status == models.StageRunning && run.ID == a.id:
		a.video = t.video // the claim before was written, and the answer got lost
		return nil
	case run.Status != models.StagePending:
		return errTakenBack
	}
	run.ID, run.Status, run.Attempt = a.id, models.StageRunning, run.Attempt+1
	run.Worker, run.Heartbeat, run.Progress, run.Due = a.Name, t.now, 0, time.Time{}
	run.Started, run.Finished = t.now, time.Time{}
	t.touch(run)
	if t.video.State == models.VideoQueued {
		t.enter(models.VideoProcessing, nil)
	}
	a.video = t.video
	return nil
}

// run computes, publishes the files, and commits everything in one step.
func (a *attempt) run(ctx context.Context) {
	started := time.Now()
	a.Metrics.StageStarted(a.spec.Name)
	outcome := a.settle(ctx, a.alive(ctx, a.find))
	a.Metrics.StageEnded(a.spec.Name, outcome, time.Since(started))
}

// finding is what came of computing.
type finding struct {
	unchanged bool
	result    *Result
	sums      string
	err       error
}

// find computes what the stage finds and publishes its files, which nobody can
// see before the commit.
func (a *attempt) find(ctx context.Context) (f finding) {
	inputs := newInputs(a)
	defer inputs.release()
	job := &Job{Video: a.video, Log: a.log, Progress: a.set, Provisional: a.note, Inputs: inputs}
	if current(a.stage, job) {
		return finding{unchanged: true}
	}
	a.print = fingerprint(a.stage, job)
	var err error
	if job.Scratch, err = a.Scratch.Scratch(a.id); err != nil {
		return finding{err: err}
	}
	defer func() {
		if err := a.Scratch.DropScratch(a.id); err != nil {
			a.log.Warn("scratch directory left behind", "error", err)
		}
	}()
	if f.result, err = a.compute(ctx, job); err != nil {
		return finding{err: err}
	}
	f.sums, f.err = a.publish(ctx, job.Scratch, f.result)
	return f
}

// compute runs the stage within its time.
func (a *attempt) compute(ctx context.Context, job *Job) (result *Result, err error) {
	limit := a.times.spare + a.spec.timeout(a.video.Media)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, models.Errorf(models.CodeStageTimeout,
		"%s took longer than %v; run it again on a faster or less busy machine", a.spec.Name, limit.Round(time.Second)))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, fmt.Errorf("stage %s panicked: %v\n%s", a.spec.Name, p, debug.Stack())
		}
	}()
	result, err = a.stage.Run(ctx, job)
	if ctx.Err() != nil { // a child that was stopped early may look like one that finished
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, artifact := range result.Artifacts {
		if _, err := os.Stat(job.Path(filepath.FromSlash(artifact.Path))); err != nil {
			return nil, fmt.Errorf("stage %s: artifact %s: %w", a.spec.Name, artifact.Path, err)
		}
	}
	return result, nil
}

// publish stores the attempt's files with the list of their hashes, whose own
// hash it returns.
func (a *attempt) publish(ctx context.Context, dir string, result *Result) (sums string, err error) {
	if len(result.Artifacts) == 0 {
		return "", nil
	}
	if sums, err = blob.WriteSums(ctx, dir); err != nil {
		return "", err
	}
	prefix := models.RunPrefix(a.task.Video, a.task.Stage, a.id)
	err = a.persist(ctx, func() error {
		// A try before may have left some there.
		if err := a.Blobs.DeletePrefix(ctx, prefix); err != nil {
			return err
		}
		return blob.PutTree(ctx, a.Blobs, prefix, dir, nil)
	})
	return sums, err
}

// mine returns the stage's run, as long as the attempt holds it.
func (a *attempt) mine(t *turn) (*models.StageRun, error) {
	run := t.run(a.task.Stage)
	if run.Fence != a.task.Fence || run.Status != models.StageRunning {
		return nil, errTakenBack
	}
	return run, nil
}

// outdated says whether what was found is not what the stage would find now:
// what an index is made of may have been edited meanwhile.
func (a *attempt) outdated(t *turn, f finding) bool {
	if f.result != nil && f.result.Search != nil && a.video.Revision != t.video.Revision {
		return true
	}
	job := &Job{Video: t.video}
	if f.unchanged {
		return !current(a.stage, job)
	}
	return a.print != "" && a.print != fingerprint(a.stage, job)
}

// end writes that the stage is done: its result stands.
func (a *attempt) end(t *turn, run *models.StageRun) {
	run.Status, run.Progress, run.Finished, run.Error = models.StageDone, 1, t.now, run.Result.Warning
	run.Worker, run.Heartbeat = "", time.Time{}
	t.touch(run)
}

// commit makes the result the stage's.
func (a *attempt) commit(ctx context.Context, t *turn, run *models.StageRun, f finding) error {
	before := run.Result
	run.Version, run.Params = a.spec.Version, a.stage.Params(&Job{Video: t.video})
	run.Result = models.StageResult{Run: a.id, Fingerprint: a.print, Sums: f.sums, Warning: f.result.Warning}
	a.end(t, run)
	for i := range f.result.Cues {
		cue := &f.result.Cues[i]
		cue.ID, cue.VideoID, cue.Stage = models.NewUUID(), t.video.ID, a.spec.Name
		cue.Provenance = models.Provenance{
			Analyzer: a.spec.Name, Version: a.spec.Version, Model: cue.Provenance.Model, Params: run.Params, Run: a.id,
		}
	}
	cues, err := t.laid(ctx, a.spec.Name, f.result.Cues)
	if err != nil {
		return err
	}
	t.commit = &store.Commit{
		VideoID: t.video.ID, Run: *run, Media: f.result.Media, Cues: cues, Artifacts: f.result.Artifacts,
		Postings: f.result.Search,
	}
	if err := t.recheck(ctx, a.spec.Name); err != nil || before.Run == "" {
		return err
	}
	return t.lib.Discard(ctx, t.now.Add(replacedGrace), models.RunPrefix(t.video.ID, a.spec.Name, before.Run))
}
