package analyzer

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

// idle is a stage that is only planned.
type idle Spec

func (s idle) Spec() Spec                               { return Spec(s) }
func (idle) Params(*Job) string                         { return "" }
func (idle) Run(context.Context, *Job) (*Result, error) { return &Result{}, nil }

// drawPipeline draws any pipeline of up to seven stages.
func drawPipeline(t *rapid.T) *Pipeline {
	var stages []Stage
	for i := range rapid.IntRange(1, 7).Draw(t, "stages") {
		spec := Spec{Name: fmt.Sprintf("s%d", i), Version: 1, Class: Light, Optional: rapid.Bool().Draw(t, "optional")}
		for _, before := range stages {
			need := before.Spec()
			if (spec.Optional || !need.Optional) && rapid.Bool().Draw(t, "needs "+need.Name) {
				spec.Needs = append(spec.Needs, need.Name)
			}
		}
		stages = append(stages, idle(spec))
	}
	p, err := NewPipeline(stages...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var statuses = []models.StageStatus{
	models.StagePending, models.StageRunning, models.StageDone, models.StageSkipped, models.StageFailed, models.StageCanceled,
}

// drawRuns draws runs of some of the stages in any state, and one of a stage
// that is none of the pipeline's.
func drawRuns(t *rapid.T, p *Pipeline) []models.StageRun {
	runs := []models.StageRun{{Stage: "other", Status: rapid.SampledFrom(statuses).Draw(t, "status of other")}}
	for _, name := range p.Names() {
		run := models.StageRun{Stage: name, Status: rapid.SampledFrom(statuses).Draw(t, "status of "+name)}
		if run.Status == models.StagePending && rapid.Bool().Draw(t, "due") {
			run.Due = time.Unix(1, 0)
		}
		if run.Status == models.StageFailed || run.Status == models.StageDone && rapid.Bool().Draw(t, "warning") {
			run.Error = models.Errorf(models.CodeInternal, "of %s", name)
		}
		if rapid.IntRange(0, 9).Draw(t, "new") > 0 {
			runs = append(runs, run)
		}
	}
	return runs
}

func TestAPlanIsSoundForAnyRuns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPipeline(t)
		video := &models.Video{Runs: drawRuns(t, p)}
		before := slices.Clone(video.Runs)
		next := p.plan(video)
		if diff := cmp.Diff(before, video.Runs); diff != "" {
			t.Fatalf("planning changed the video:\n%s", diff)
		}
		after := map[string]models.StageRun{} // as the plan makes them
		pending := 0                          // or running
		for _, stage := range p.stages {
			spec := stage.Spec()
			run := models.StageRun{Status: models.StagePending}
			if r := video.Run(spec.Name); r != nil {
				run = *r
			}
			ready := run.Status == models.StagePending && run.Due.IsZero()
			hopeless := false
			for _, need := range spec.Needs {
				needed := after[need]
				ready = ready && needed.Status != models.StagePending && needed.Status != models.StageRunning
				hopeless = hopeless || !p.stage(need).Spec().Optional && needed.Status != models.StageDone
			}
			due := 0
			for _, name := range next.due {
				if name == spec.Name {
					due++
				}
			}
			blocked := next.blocked[spec.Name] != nil
			switch {
			case ready && hopeless && (due != 0 || !blocked):
				t.Fatalf("%s can never start: due %d times, blocked %v", spec.Name, due, blocked)
			case ready && !hopeless && (due != 1 || blocked):
				t.Fatalf("%s can start: due %d times, blocked %v", spec.Name, due, blocked)
			case !ready && (due != 0 || blocked):
				t.Fatalf("%s is %s, due %v: due %d times, blocked %v", spec.Name, run.Status, run.Due, due, blocked)
			}
			if blocked {
				run.Status = models.StageCanceled
			}
			after[spec.Name] = run
			if run.Status == models.StagePending || run.Status == models.StageRunning {
				pending++
			}
		}
		if next.over != (pending == 0) {
			t.Fatalf("over %v with %d stages pending or running", next.over, pending)
		}
		if next.over == (next.state == "") {
			t.Fatalf("over %v, state %q", next.over, next.state)
		}
	})
}

func TestAPlanComesToItsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPipeline(t)
		video := &models.Video{}
		began := map[string]int{}
		var under []string // way
		for {
			next := p.plan(video)
			for stage := range next.blocked {
				video.Runs = append(video.Runs, models.StageRun{Stage: stage, Status: models.StageCanceled, Error: next.blocked[stage]})
			}
			for _, stage := range next.due {
				video.Runs = append(video.Runs, models.StageRun{Stage: stage, Status: models.StageRunning})
				under = append(under, stage)
				if began[stage]++; began[stage] > 1 {
					t.Fatalf("%s began twice", stage)
				}
			}
			if next.over {
				checkEnd(t, p, video, next)
				return
			}
			if len(under) == 0 {
				t.Fatalf("nothing is under way and nothing is over: %+v", video.Runs)
			}
			i := rapid.IntRange(0, len(under)-1).Draw(t, "ends")
			run := video.Run(under[i])
			run.Status = rapid.SampledFrom([]models.StageStatus{models.StageDone, models.StageSkipped, models.StageFailed}).Draw(t, "as")
			if run.Status != models.StageDone {
				run.Error = models.Errorf(models.CodeInternal, "of %s", run.Stage)
			}
			under = slices.Delete(under, i, i+1)
		}
	})
}

// checkEnd compares the state a video ends in with what became of its stages.
func checkEnd(t *rapid.T, p *Pipeline, video *models.Video, next steps) {
	want := models.VideoReady
	for _, stage := range p.stages {
		run := video.Run(stage.Spec().Name)
		switch {
		case run == nil:
			t.Fatalf("%s has no end", stage.Spec().Name)
		case run.Status == models.StageDone || run.Status == models.StageSkipped && stage.Spec().Optional:
		case run.Status == models.StageSkipped: // of a required stage: there was nothing to do for it
		case stage.Spec().Optional:
			if want == models.VideoReady {
				want = models.VideoPartial
			}
		default:
			want = models.VideoFailed
		}
	}
	if next.state != want || (next.reason == nil) != (want == models.VideoReady) {
		t.Fatalf("the video is %s (%v), want %s: %+v", next.state, next.reason, want, video.Runs)
	}
}
