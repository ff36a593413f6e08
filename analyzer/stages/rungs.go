package stages

import (
	"context"
	"fmt"
	"math"
	"os"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
)

// packaging returns what the package stage made, and of it the renditions with
// a picture, highest first. The error is a skip where there are none.
func packaging(ctx context.Context, job *analyzer.Job) (*models.Packaging, []models.Rendition, error) {
	artifact, err := job.Inputs.Artifact(ctx, "package", models.ArtifactHLS)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil, nil, analyzer.Skip(models.Errorf(models.CodeNotApplicable, "the video is not packaged"))
	}
	if err != nil {
		return nil, nil, err
	}
	p, err := models.PackagingOf(artifact)
	if err != nil {
		return nil, nil, err
	}
	var rungs []models.Rendition
	for _, r := range p.Renditions {
		if r.Kind == models.StreamVideo {
			rungs = append(rungs, r)
		}
	}
	if len(rungs) == 0 {
		return nil, nil, analyzer.Skip(models.Errorf(models.CodeNotApplicable, "there is no picture, only sound"))
	}
	return &p, rungs, nil
}

// withRung calls work with a file that FFmpeg may open and that holds the whole
// rendition. The file is gone afterwards.
func withRung(ctx context.Context, job *analyzer.Job, rung models.Rendition, work func(path string) error) error {
	dir, err := job.Inputs.Dir(ctx, "package", rung.Name)
	if err != nil {
		return err
	}
	rendition, err := streaming.OpenRendition(dir)
	if err != nil {
		return err
	}
	path := job.Path("rung.mp4")
	defer os.Remove(path)
	if err := rendition.Join(path); err != nil {
		return fmt.Errorf("join rendition %s: %w", rung.Name, err)
	}
	return work(path)
}

// frameRate is the fraction that a frame rate was before it became a number:
// whole, or whole by 1000/1001 as television counts, or in thousandths.
func frameRate(rate float64) models.Ratio {
	for _, den := range []int{1, 1001} {
		num := math.Round(rate * float64(den))
		if den == 1001 {
			num = math.Round(num/1000) * 1000
		}
		if math.Abs(num/float64(den)-rate) < 1e-3 {
			return models.Ratio{Num: int(num), Den: den}
		}
	}
	return models.Ratio{Num: int(math.Round(rate * 1000)), Den: 1000}
}
