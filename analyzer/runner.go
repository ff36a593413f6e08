package analyzer

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Files keeps the bytes that stages read and write: see store/blob/disk, whose
// methods' comments are the contract.
type Files interface {
	Source(sum string) string
	Scratch(run string) (string, error)
	DropScratch(run string) error
	Publish(video, stage, run string) error
	Published(video, stage, run string) string
}

// Observer hears how a video gets on. Any goroutine may call it.
type Observer interface {
	StageStarted(stage string)
	StageProgress(stage string, fraction float64)
	StageEnded(run models.StageRun)
}

// Runner takes videos through a pipeline.
type Runner struct {
	Pipeline *Pipeline
	Store    store.Library
	Files    Files
	Log      *slog.Logger
}

// Run brings a video to the pipeline's end: each stage runs as soon as those it
// needs have ended, side by side with others. What an earlier Run finished
// with the same parameters is not done again, so running after an interruption
// resumes. A video's failure is in its state, not in the error: that is about
// the library, or the context's end, which leaves the stages under way pending.
func (r *Runner) Run(ctx context.Context, id string, watch Observer) (*models.Video, error) {
	pass := &pass{Runner: r, id: id, watch: watch, ended: map[string]chan struct{}{}}
	for _, name := range r.Pipeline.Names() {
		pass.ended[name] = make(chan struct{})
	}
	if err := pass.begin(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var stages sync.WaitGroup
	for _, stage := range r.Pipeline.stages {
		stages.Go(func() {
			defer close(pass.ended[stage.Spec().Name])
			if err := pass.step(ctx, stage); err != nil {
				cancel(err) // the library failed, or the end was asked for: nothing more can be known
			}
		})
	}
	stages.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return pass.finish(ctx)
}

// pass is one way of one video through the pipeline.
type pass struct {
	*Runner
	id    string
	watch Observer
	ended map[string]chan struct{} // closed when the stage has ended
}

func (p *pass) begin(ctx context.Context) error {
	state, none := models.VideoProcessing, (*models.Error)(nil)
	return p.Store.UpdateVideo(ctx, p.id, store.VideoUpdate{State: &state, Error: &none})
}

// step waits until a stage may start, and runs it unless its result is there.
func (p *pass) step(ctx context.Context, stage Stage) error {
	spec := stage.Spec()
	for _, need := range spec.Needs {
		select {
		case <-p.ended[need]:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	video, err := p.Store.Video(ctx, p.id)
	if err != nil {
		return err
	}
	artifacts, err := p.Store.Artifacts(ctx, p.id)
	if err != nil {
		return err
	}
	run := models.StageRun{Stage: spec.Name, Status: models.StagePending}
	if before := video.Run(spec.Name); before != nil {
		run = *before
	}
	if reason := p.blocked(video, spec); reason != nil {
		run.Status, run.Error = models.StageCanceled, reason
		return p.end(ctx, run)
	}
	a := &attempt{pass: p, stage: stage, spec: spec, video: video, artifacts: artifacts}
	if run.Status == models.StageDone && run.Version == spec.Version && run.Params == stage.Params(a.job()) {
		p.watch.StageEnded(run)
		return nil
	}
	return a.run(ctx, run.Attempt+1)
}

// blocked says why a stage cannot start: a required one that it needs is not done.
func (p *pass) blocked(video *models.Video, spec Spec) *models.Error {
	for _, s := range p.Pipeline.stages {
		need := s.Spec()
		if need.Optional || !slices.Contains(spec.Needs, need.Name) {
			continue
		}
		switch run := video.Run(need.Name); {
		case run != nil && run.Status == models.StageDone:
		case run != nil && run.Status == models.StageFailed:
			return models.Errorf(models.CodeCanceled, "not run because %s failed", need.Name)
		default:
			return models.Errorf(models.CodeCanceled, "not run because %s was not", need.Name)
		}
	}
	return nil
}

// end writes how a run ended and tells the observer.
func (p *pass) end(ctx context.Context, run models.StageRun) error {
	if err := p.Store.SetRun(ctx, p.id, run); err != nil {
		return err
	}
	p.watch.StageEnded(run)
	return nil
}

// finish derives the video's state from its runs.
func (p *pass) finish(ctx context.Context) (*models.Video, error) {
	video, err := p.Store.Video(ctx, p.id)
	if err != nil {
		return nil, err
	}
	state, reason := p.outcome(video)
	if err := p.Store.UpdateVideo(ctx, p.id, store.VideoUpdate{State: &state, Error: &reason}); err != nil {
		return nil, err
	}
	return p.Store.Video(ctx, p.id)
}

// outcome is the state that a video's runs make it, and the first reason.
func (p *pass) outcome(video *models.Video) (models.VideoState, *models.Error) {
	state, reason := models.VideoReady, (*models.Error)(nil)
	for _, stage := range p.Pipeline.stages {
		spec := stage.Spec()
		run := video.Run(spec.Name)
		if run.Error == nil || run.Status == models.StageSkipped {
			continue
		}
		if !spec.Optional && run.Status != models.StageDone {
			return models.VideoFailed, run.Error
		}
		if state == models.VideoReady {
			state, reason = models.VideoPartial, run.Error
		}
	}
	return state, reason
}
