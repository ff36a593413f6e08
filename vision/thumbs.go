package vision

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Pictures are made from frames at this rate, which finds at least one in every
// shot and some to choose from in most.
const thumbRate = 6

// Longest sides and JPEG qualities.
const (
	posterSide, posterQuality = 1280, 88
	thumbSide, thumbQuality   = 640, 82
	tileSide, tileQuality     = 160, 75
)

// edge is how far from a cut a frame has to be to count as within its shot: a
// few frames, which encoders blur.
const edge = 100 * time.Millisecond

// Thumbs implements [Engine]. One pass over the video gives all pictures.
func (w *Worker) Thumbs(ctx context.Context, r ThumbsRequest, progress func(float64)) (*ThumbsResult, error) {
	if r.Rate.Num <= 0 || r.Rate.Den <= 0 || r.Width <= 0 || r.Height <= 0 || r.Width > maxSide || r.Height > maxSide || len(r.Shots) == 0 {
		return nil, models.Errorf(models.CodeInvalidArgument, "no pictures of a video of %dx%d with %d shots", r.Width, r.Height, len(r.Shots))
	}
	grid := Grid{Rate: models.Ratio{Num: thumbRate, Den: 1}, Of: r.Rate}
	grid.Width, grid.Height = fit(r.Width, r.Height, posterSide)
	album := &album{eyes: w.Eyes, grid: grid, dir: r.Dir, shots: r.Shots, result: &ThumbsResult{}}
	board := newStoryboard(w.Eyes, grid, r.Dir, r.Duration)
	tell := teller(progress, r.Duration)
	frames, err := ReadFrames(ctx, w.Tools, r.Input, grid, r.Duration, proc.Limits{}, func(n int, frame []byte) error {
		tell(grid.At(n))
		if err := board.push(n, frame); err != nil {
			return err
		}
		return album.push(n, frame)
	})
	if err != nil {
		return nil, err
	}
	if frames == 0 {
		return nil, noPicture()
	}
	if err := album.finish(); err != nil {
		return nil, err
	}
	return album.result, board.finish(album.result)
}

// album chooses the picture of each shot and of the video.
type album struct {
	eyes   Eyes
	grid   Grid
	dir    string
	shots  []models.Shot
	result *ThumbsResult

	best   candidate // of the shot at hand
	poster candidate
}

// candidate is a frame with how much it is wanted. A frame wanted 0 is none.
type candidate struct {
	frame []byte
	at    time.Duration
	want  float64
}

// take keeps a copy of the frame if it is wanted more.
func (c *candidate) take(frame []byte, at time.Duration, want float64) {
	if want > c.want {
		c.frame = append(c.frame[:0], frame...)
		c.at, c.want = at, want
	}
}

func (a *album) push(n int, frame []byte) error {
	at := a.grid.At(n)
	for i := len(a.result.Thumbs); i+1 < len(a.shots) && at >= a.shots[i].End; i++ {
		if err := a.turn(frame, at); err != nil {
			return err
		}
	}
	quality, err := a.eyes.Judge(frame, a.grid.Width, a.grid.Height)
	if err != nil {
		return fmt.Errorf("judge the frame at %v: %w", at, err)
	}
	want := quality.Score() + 1e-6 // a black picture is one, too
	if !a.within(at) {
		want /= 1000
	}
	a.best.take(frame, at, want)
	return nil
}

// within tells whether a time is inside the shot at hand and not in a
// transition. The last shot has no next one.
func (a *album) within(at time.Duration) bool {
	i := len(a.result.Thumbs)
	shot := a.shots[i]
	from, to := shot.Start+shot.Over/2, shot.End
	if i > 0 {
		from += edge
	}
	if i+1 < len(a.shots) {
		to -= a.shots[i+1].Over/2 + edge
	}
	return from <= at && at < to
}

// turn writes the picture of the shot at hand and goes to the next. A shot too
// short to have had a frame gets the one that comes.
func (a *album) turn(frame []byte, at time.Duration) error {
	if a.best.want == 0 {
		a.best.take(frame, at, 1e-12)
	}
	shot := a.shots[len(a.result.Thumbs)]
	width, height := fit(a.grid.Width, a.grid.Height, thumbSide)
	image, err := a.write(fmt.Sprintf("%04d.jpg", len(a.result.Thumbs)+1), &a.best, width, height, thumbQuality)
	if err != nil {
		return err
	}
	a.result.Thumbs = append(a.result.Thumbs, image)
	// A shot that lasts says more about the video than a glimpse.
	length := min(1, 0.5+(shot.End-shot.Start).Seconds()/6)
	a.poster.take(a.best.frame, a.best.at, a.best.want*length)
	a.best.want = 0
	return nil
}

func (a *album) finish() error {
	last := candidate{frame: append([]byte(nil), a.best.frame...), at: a.best.at}
	for len(a.result.Thumbs) < len(a.shots) {
		if err := a.turn(last.frame, last.at); err != nil {
			return err
		}
	}
	var err error
	a.result.Poster, err = a.write("poster.jpg", &a.poster, a.grid.Width, a.grid.Height, posterQuality)
	return err
}

func (a *album) write(name string, c *candidate, width, height, quality int) (Image, error) {
	bitmap, err := a.eyes.Scale(c.frame, a.grid.Width, a.grid.Height, width, height)
	if err != nil {
		return Image{}, fmt.Errorf("scale the frame at %v: %w", c.at, err)
	}
	return Image{Path: name, Time: c.at, Width: width, Height: height}, writeJPEG(a.eyes, a.dir, name, bitmap, quality)
}

func writeJPEG(eyes Eyes, dir, name string, b *Bitmap, quality int) error {
	data, err := eyes.JPEG(b, quality)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(dir, name), data, 0o644)
}
