package stages

import (
	"context"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/vision"
)

// thumbsRung is the most that the shorter side of the rung may have from which
// pictures are taken: what a page shows is smaller.
const thumbsRung = 720

// Thumbs makes the pictures that stand for a video: its poster, one for each
// shot, and the storyboard.
type Thumbs struct{ engine vision.Engine }

// NewThumbs returns the stage that asks an engine for the pictures.
func NewThumbs(engine vision.Engine) *Thumbs { return &Thumbs{engine} }

// Spec implements [analyzer.Stage].
func (*Thumbs) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "thumbs", Version: 1, Needs: []string{"package", "shots"}, Optional: true, Class: analyzer.CPU}
}

// Params implements [analyzer.Stage]: there is nothing to choose.
func (*Thumbs) Params(*analyzer.Job) string { return "" }

// Run implements [analyzer.Stage]. It skips what is sound alone. A video whose
// shots were not found is taken for one shot.
func (t *Thumbs) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	ladder, rungs, err := packaging(ctx, job)
	if err != nil {
		return nil, err
	}
	shots, err := shotsOf(ctx, job)
	if err != nil {
		return nil, err
	}
	if len(shots) == 0 {
		shots = []models.Shot{{End: ladder.Duration, Transition: models.TransitionCut, Confidence: 1}}
	}
	rung := rungs[len(rungs)-1]
	for _, r := range rungs {
		if min(r.Width, r.Height) <= thumbsRung {
			rung = r
			break
		}
	}
	var made *vision.ThumbsResult
	err = withRung(ctx, job, rung, func(path string) (err error) {
		made, err = t.engine.Thumbs(ctx, vision.ThumbsRequest{
			Input: path, Rate: frameRate(rung.FrameRate), Width: rung.Width, Height: rung.Height,
			Duration: ladder.Duration, Shots: shots, Dir: job.Scratch,
		}, job.Progress)
		return err
	})
	if err != nil {
		return nil, err
	}
	job.Progress(1)
	return &analyzer.Result{Artifacts: pictures(made)}, nil
}

// pictures lists what an engine made.
func pictures(made *vision.ThumbsResult) []models.Artifact {
	list := []models.Artifact{
		picture(models.ArtifactPoster, made.Poster),
		{Kind: models.ArtifactStoryboard, Path: made.Storyboard, Type: "text/vtt"},
	}
	for _, sheet := range made.Sheets {
		list = append(list, picture(models.ArtifactSprite, sheet))
	}
	for _, thumb := range made.Thumbs {
		list = append(list, picture(models.ArtifactThumbnail, thumb))
	}
	return list
}

func picture(kind models.ArtifactKind, i vision.Image) models.Artifact {
	return models.Artifact{Kind: kind, Path: i.Path, Type: "image/jpeg", Time: i.Time, Width: i.Width, Height: i.Height}
}
