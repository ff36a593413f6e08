package vision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Worker is the [Engine] that does the work, inside the engine executable. It
// runs FFmpeg without limits of its own: those of the engine are inherited.
type Worker struct {
	Tools ffmpeg.Tools
	Eyes  Eyes
}

// Eyes see what is in a frame, as [ReadFrames] yields it.
type Eyes interface {
	// Scorer returns a scorer for frames of a size.
	Scorer(width, height int) (Scorer, error)
	// Judge says how good a picture a frame is.
	Judge(frame []byte, width, height int) (Quality, error)
	// Scale makes a picture of a frame, of another size.
	Scale(frame []byte, width, height, toWidth, toHeight int) (*Bitmap, error)
	// JPEG encodes a picture, at a quality of 1 to 100.
	JPEG(b *Bitmap, quality int) ([]byte, error)
}

// Size of the frames that are scored: two steps of [PictureWidth] and enough
// detail to follow motion. Proportions do not matter.
const (
	scoreLong  = 160
	scoreShort = 96
)

// Shots implements [Engine].
func (w *Worker) Shots(ctx context.Context, r ShotsRequest, progress func(float64)) (*ShotsResult, error) {
	grid := Grid{Rate: r.Rate, Width: scoreLong, Height: scoreShort, Draft: true}
	if r.Portrait {
		grid.Width, grid.Height = grid.Height, grid.Width
	}
	scorer, err := w.Eyes.Scorer(grid.Width, grid.Height)
	if err != nil {
		return nil, err
	}
	out, err := create(r.Scores)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	scores, detector := newScoreWriter(out, grid), NewDetector(grid)
	tell := teller(progress, r.Duration)
	frames, err := ReadFrames(ctx, w.Tools, r.Input, grid, r.Duration, proc.Limits{}, func(n int, frame []byte) error {
		score, err := scorer.Score(frame)
		if err != nil {
			return fmt.Errorf("score frame %d: %w", n, err)
		}
		detector.Push(&score)
		scores.Write(&score)
		tell(grid.At(n))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if frames == 0 {
		return nil, noPicture()
	}
	if err := errors.Join(scores.Flush(), out.Close()); err != nil {
		return nil, fmt.Errorf("write scores: %w", err)
	}
	return &ShotsResult{Shots: detector.Shots(r.Duration), Frames: frames}, nil
}

func noPicture() error {
	return models.Errorf(models.CodeNoMedia, "no picture could be read from this video; it may be damaged: export or download it again")
}

// create makes a file, or something that drops what is written.
func create(path string) (io.WriteCloser, error) {
	if path == "" {
		return dropped{}, nil
	}
	return os.Create(path)
}

type dropped struct{}

func (dropped) Write(p []byte) (int, error) { return len(p), nil }
func (dropped) Close() error                { return nil }

// teller returns a function that tells of progress often enough and not at
// every frame.
func teller(progress func(float64), duration time.Duration) func(time.Duration) {
	const step = 0.005
	next := 0.0
	return func(at time.Duration) {
		if fraction := min(1, at.Seconds()/max(duration.Seconds(), 1e-3)); fraction >= next && progress != nil {
			progress(fraction)
			next = fraction + step
		}
	}
}
