package stages

import (
	"context"
	"fmt"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/vision"
)

// Shots cuts a video into shots. It leaves a cue for each and the numbers they
// were found in.
type Shots struct{ engine vision.Engine }

// NewShots returns the stage that asks an engine for the shots.
func NewShots(engine vision.Engine) *Shots { return &Shots{engine} }

// Spec implements [analyzer.Stage].
func (*Shots) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "shots", Version: 1, Needs: []string{"package"}, Optional: true, Class: analyzer.CPU}
}

// Params implements [analyzer.Stage]: there is nothing to choose.
func (*Shots) Params(*analyzer.Job) string { return "" }

// Run implements [analyzer.Stage]. It looks at the lowest rung of the ladder and
// skips what is sound alone.
func (s *Shots) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	ladder, rungs, err := packaging(ctx, job)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	const scores = "scores.csv"
	lowest := rungs[len(rungs)-1]
	var found *vision.ShotsResult
	err = withRung(ctx, job, lowest, func(path string) (err error) {
		found, err = s.engine.Shots(ctx, vision.ShotsRequest{
			Input: path, Rate: frameRate(lowest.FrameRate), Portrait: lowest.Height > lowest.Width,
			Duration: ladder.Duration, Scores: job.Path(scores),
		}, job.Progress)
		return err
	})
	if err != nil {
		return nil, err
	}
	result := &analyzer.Result{Artifacts: []models.Artifact{{Kind: models.ArtifactScores, Path: scores, Type: "text/csv"}}}
	for _, shot := range found.Shots {
		result.Cues = append(result.Cues, shot.Cue())
	}
	job.Progress(1)
	return result, nil
}

// shotsOf reads the shots back that were found, none where there are none.
func shotsOf(ctx context.Context, job *analyzer.Job) ([]models.Shot, error) {
	cues, err := job.Inputs.Cues(ctx, models.CueShot)
	if err != nil {
		return nil, fmt.Errorf("read shots: %w", err)
	}
	return models.ShotsOf(cues)
}
