package vision

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Grid says which frames to read of a video and how large. Frame n is the
// picture shown at n/Rate, also where the source's frame rate varies: a frame
// is repeated or dropped so that it is.
type Grid struct {
	Rate   models.Ratio // frames per second
	Width  int          // of each frame, even
	Height int          // even
	// Of is the video's own rate, given where the grid is coarser. Frame n is
	// then the first one that begins at n/Rate.
	Of models.Ratio
	// Draft lets the decoder leave out what no small picture shows.
	Draft bool
}

// Size is the number of bytes of one frame.
func (g Grid) Size() int { return g.Width * g.Height * 3 / 2 }

// At is the time of frame n.
func (g Grid) At(n int) time.Duration {
	return time.Duration(math.Round(float64(n) * float64(g.Rate.Den) / float64(g.Rate.Num) * float64(time.Second)))
}

// Frames is the number of frames that begin before d.
func (g Grid) Frames(d time.Duration) int {
	return int(math.Ceil(d.Seconds()*g.Rate.Float() - 1e-6))
}

func (g Grid) validate() error {
	if g.Rate.Num <= 0 || g.Rate.Den <= 0 || g.Rate.Float() > maxRate {
		return models.Errorf(models.CodeInvalidArgument, "no frame rate: %d/%d", g.Rate.Num, g.Rate.Den)
	}
	if g.Width < 2 || g.Height < 2 || g.Width > maxSide || g.Height > maxSide || g.Width%2+g.Height%2 > 0 {
		return models.Errorf(models.CodeInvalidArgument, "no frame size: %dx%d", g.Width, g.Height)
	}
	return nil
}

const (
	maxRate = 240
	maxSide = 8192
)

// frameArgs are FFmpeg's arguments for reading frames up to a time.
func frameArgs(path string, g Grid, until time.Duration) []string {
	var decoder []string
	if g.Draft {
		decoder = []string{"-skip_loop_filter", "all"}
	}
	filter := fmt.Sprintf("fps=%d/%d:start_time=0:round=near", g.Rate.Num, g.Rate.Den)
	if g.Of.Num > 0 {
		// A little less than a frame early, the first frame at or after each time
		// of the grid is the last one before it.
		filter = fmt.Sprintf("setpts=PTS-0.9*%d/%d/TB,fps=%d/%d:start_time=0:round=up",
			g.Of.Den, g.Of.Num, g.Rate.Num, g.Rate.Den)
	}
	filter += fmt.Sprintf(",scale=%d:%d:flags=area:out_range=full:out_color_matrix=bt601,format=yuv420p", g.Width, g.Height)
	args := ffmpeg.Input(path, decoder...)
	return append(args, "-map", "0:V:0", "-vf", filter, "-frames:v", fmt.Sprint(max(g.Frames(until), 1)),
		"-f", "rawvideo", "pipe:1")
}

// ReadFrames decodes the video at path and calls yield with its frames in
// order, those that begin before until. A frame is planar: luma, then two chroma
// planes of half its width and height, 8 bits each, full range, BT.601. It
// belongs to yield only until that returns. An error of yield ends the reading and is returned.
func ReadFrames(ctx context.Context, tools ffmpeg.Tools, path string, g Grid, until time.Duration,
	limits proc.Limits, yield func(n int, frame []byte) error) (frames int, err error) {
	if err := g.validate(); err != nil {
		return 0, err
	}
	w := &frameWriter{frame: make([]byte, 0, g.Size()), yield: yield}
	err = tools.Run(ctx, ffmpeg.Run{Args: frameArgs(path, g, until), Stdout: w, Limits: limits})
	if w.err != nil {
		return w.n, w.err
	}
	return w.n, err
}

// frameWriter cuts FFmpeg's output into frames.
type frameWriter struct {
	frame []byte // filled up to its length
	n     int
	yield func(int, []byte) error
	err   error
}

func (w *frameWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		take := min(len(rest), cap(w.frame)-len(w.frame))
		w.frame = append(w.frame, rest[:take]...)
		rest = rest[take:]
		if len(w.frame) < cap(w.frame) {
			break
		}
		if w.err = w.yield(w.n, w.frame); w.err != nil {
			return 0, w.err
		}
		w.n++
		w.frame = w.frame[:0]
	}
	return len(p), nil
}
