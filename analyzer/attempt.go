package analyzer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// attempt is one run of one stage over one video.
type attempt struct {
	*pass
	stage Stage
	spec  Spec

	// As they are once all that the stage needs has ended.
	video     *models.Video
	artifacts []models.Artifact
}

func (a *attempt) job() *Job {
	job := &Job{
		Video:    a.video,
		Source:   a.Files.Source(a.video.SHA256),
		Options:  Options{Language: a.video.Language},
		Log:      a.Log.With("video", a.id, "stage", a.spec.Name),
		Progress: func(fraction float64) { a.watch.StageProgress(a.spec.Name, min(max(fraction, 0), 1)) },
		Inputs:   inputs{a},
	}
	if c := a.video.Captions; c != nil {
		job.Options.Captions = a.Files.Source(c.SHA256)
		job.Options.CaptionsName = c.Name
	}
	return job
}

// run computes, publishes the files, and commits everything in one step. It
// returns an error only when the library failed or the context ended.
func (a *attempt) run(ctx context.Context, number int) error {
	job := a.job()
	run := models.StageRun{
		ID: models.NewID(), Stage: a.spec.Name, Status: models.StageRunning, Attempt: number,
		Version: a.spec.Version, Params: a.stage.Params(job), Started: time.Now(),
	}
	if err := a.Store.SetRun(ctx, a.id, run); err != nil {
		return err
	}
	a.watch.StageStarted(a.spec.Name)
	result, err := a.compute(ctx, job, run.ID)
	if err == nil {
		err = a.commit(ctx, run, result)
	}
	if err == nil {
		return nil
	}
	if dropped := a.Files.DropScratch(run.ID); dropped != nil {
		job.Log.Warn("scratch directory left behind", "error", dropped)
	}
	return a.fail(ctx, run, err, job)
}

// compute runs the stage in a scratch directory of its own.
func (a *attempt) compute(ctx context.Context, job *Job, run string) (result *Result, err error) {
	if job.Scratch, err = a.Files.Scratch(run); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, fmt.Errorf("stage %s panicked: %v\n%s", a.spec.Name, p, debug.Stack())
		}
	}()
	result, err = a.stage.Run(ctx, job)
	if err == nil {
		err = ctx.Err() // a child that was stopped early may look like one that finished
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

// commit publishes the files, then makes the database point at them.
func (a *attempt) commit(ctx context.Context, run models.StageRun, result *Result) error {
	if len(result.Artifacts) > 0 {
		if err := a.Files.Publish(a.id, a.spec.Name, run.ID); err != nil {
			return err
		}
	} else if err := a.Files.DropScratch(run.ID); err != nil {
		return err
	}
	run.Status, run.Finished, run.Error = models.StageDone, time.Now(), result.Warning
	for i := range result.Cues {
		cue := &result.Cues[i]
		cue.ID, cue.VideoID, cue.Stage = models.NewUUID(), a.id, a.spec.Name
		cue.Provenance = models.Provenance{
			Analyzer: a.spec.Name, Version: a.spec.Version, Model: cue.Provenance.Model, Params: run.Params, Run: run.ID,
		}
	}
	err := a.Store.Commit(ctx, store.Commit{
		VideoID: a.id, Run: run, Media: result.Media, Cues: result.Cues, Artifacts: result.Artifacts,
		Postings: result.Search, Stale: a.Pipeline.dependents(a.spec.Name),
	})
	if err != nil {
		return err
	}
	a.watch.StageEnded(run)
	return nil
}

// fail writes why a run has no result. One that was interrupted is pending again.
func (a *attempt) fail(ctx context.Context, run models.StageRun, err error, job *Job) error {
	record := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		run.Status, run.Started, run.Attempt = models.StagePending, time.Time{}, run.Attempt-1
		return errors.Join(context.Cause(ctx), a.Store.SetRun(record, a.id, run))
	}
	run.Finished = time.Now()
	if reason := Skipped(err); reason != nil {
		run.Status, run.Error = models.StageSkipped, reason
		return a.end(record, run)
	}
	run.Status, run.Error = models.StageFailed, models.AsError(err)
	level := slog.LevelInfo // people are told, and what to do
	if run.Error.Code == models.CodeInternal {
		level = slog.LevelError
	}
	job.Log.Log(record, level, "stage failed", "error", err)
	return a.end(record, run)
}

// inputs are what the stages before have committed.
type inputs struct{ *attempt }

func (in inputs) Cues(ctx context.Context, kind models.CueKind) ([]models.Cue, error) {
	return in.Store.Cues(ctx, store.CueQuery{VideoID: in.id, Kind: kind})
}

func (in inputs) File(stage string, kind models.ArtifactKind) (string, models.Artifact, bool) {
	for _, artifact := range in.artifacts {
		if artifact.Stage == stage && artifact.Kind == kind {
			return filepath.Join(in.Files.Published(in.id, stage, artifact.Run), filepath.FromSlash(artifact.Path)), artifact, true
		}
	}
	return "", models.Artifact{}, false
}

func (in inputs) Dir(stage string) string {
	for _, artifact := range in.artifacts {
		if artifact.Stage == stage {
			return in.Files.Published(in.id, stage, artifact.Run)
		}
	}
	return ""
}
