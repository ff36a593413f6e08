package analyzer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/cuepoint/cuepoint/models"
)

// steps are what the state of a video's runs makes necessary.
type steps struct {
	due     []string                 // stages that may start now
	blocked map[string]*models.Error // stages that never can, and why
	over    bool                     // nothing is left to be done
	state   models.VideoState        // that the runs make it, when over
	reason  *models.Error            // the first, where it is not ready
}

// plan says what is to be done next for a video. It changes nothing.
func (p *Pipeline) plan(video *models.Video) steps {
	next := steps{blocked: map[string]*models.Error{}, over: true}
	runs := map[string]models.StageRun{}
	for _, stage := range p.stages {
		spec := stage.Spec()
		run := models.StageRun{Stage: spec.Name, Status: models.StagePending}
		if r := video.Run(spec.Name); r != nil {
			run = *r
		}
		if waiting(run) && p.ended(spec.Needs, runs) {
			if reason := p.obstacle(spec, runs); reason != nil {
				run.Status, run.Error = models.StageCanceled, reason
				next.blocked[spec.Name] = reason
			} else {
				next.due = append(next.due, spec.Name)
			}
		}
		runs[spec.Name] = run
		next.over = next.over && ended(run)
	}
	if next.over {
		next.state, next.reason = p.outcome(runs)
	}
	return next
}

// waiting says whether a stage has yet to be made due.
func waiting(run models.StageRun) bool {
	return run.Status == models.StagePending && run.Due.IsZero()
}

// ended says whether nothing more happens to a stage by itself.
func ended(run models.StageRun) bool {
	return run.Status != models.StagePending && run.Status != models.StageRunning
}

func (p *Pipeline) ended(needs []string, runs map[string]models.StageRun) bool {
	return !slices.ContainsFunc(needs, func(need string) bool { return !ended(runs[need]) })
}

// obstacle says why a stage cannot start: a required one that it needs is not done.
func (p *Pipeline) obstacle(spec Spec, runs map[string]models.StageRun) *models.Error {
	for _, need := range spec.Needs {
		if p.stage(need).Spec().Optional {
			continue
		}
		switch runs[need].Status {
		case models.StageDone:
		case models.StageFailed:
			return models.Errorf(models.CodeCanceled, "not run because %s failed", need)
		default:
			return models.Errorf(models.CodeCanceled, "not run because %s was not", need)
		}
	}
	return nil
}

// outcome is the state that runs which have all ended make a video, and the
// first reason.
func (p *Pipeline) outcome(runs map[string]models.StageRun) (models.VideoState, *models.Error) {
	state, reason := models.VideoReady, (*models.Error)(nil)
	for _, stage := range p.stages {
		spec := stage.Spec()
		run := runs[spec.Name]
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

// fingerprint identifies what a stage would find in a video: the same one, the
// same result. It covers the source, the stage's version and settings, and the
// results that it would read.
func fingerprint(stage Stage, job *Job) string {
	spec := stage.Spec()
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %d\n%s\n%s\n", spec.Name, spec.Version, job.Video.SHA256, stage.Params(job))
	for _, need := range spec.Needs {
		run := ""
		if r := job.Video.Run(need); r != nil {
			run = r.Result.Run
		}
		fmt.Fprintf(sum, "%s %s\n", need, run)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// current says whether a stage's result is what it would find again.
func current(stage Stage, job *Job) bool {
	run := job.Video.Run(stage.Spec().Name)
	return run != nil && run.Result.Run != "" && run.Result.Fingerprint == fingerprint(stage, job)
}
