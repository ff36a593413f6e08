package vision_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/vision"
)

func rateName(r models.Ratio) string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// counting makes a clip whose frame n is of luma 16+8n, so that frames can be
// told apart.
func counting(t *testing.T, rate, frames string) string {
	t.Helper()
	return testenv.Clip(t, "counting.mp4", "-f", "lavfi", "-i", "color=black:s=64x48:r="+rate,
		"-frames:v", frames, "-vf", "geq=lum='16+8*N':cb=128:cr=128", "-c:v", "libx264", "-preset", "ultrafast",
		"-qp", "1", "-pix_fmt", "yuv420p")
}

// lumas reads the first byte of every frame, as the frame number it stands for.
func lumas(t *testing.T, path string, g vision.Grid, until time.Duration) []int {
	t.Helper()
	var seen []int
	_, err := vision.ReadFrames(t.Context(), testenv.FFmpeg(t), path, g, until, proc.Limits{}, func(n int, frame []byte) error {
		if n != len(seen) || len(frame) != g.Size() {
			t.Errorf("frame %d has %d bytes, want frame %d of %d", n, len(frame), len(seen), g.Size())
		}
		// Full range: 16 to 235 became 0 to 255.
		seen = append(seen, int(float64(frame[0])*219/255/8+0.5))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestFramesLieOnTheGrid(t *testing.T) {
	t.Parallel()
	for _, rate := range []models.Ratio{{Num: 24000, Den: 1001}, {Num: 30000, Den: 1001}, {Num: 60, Den: 1}} {
		path := counting(t, rateName(rate), "24")
		g := vision.Grid{Rate: rate, Width: 16, Height: 16}
		seen := lumas(t, path, g, time.Hour)
		if len(seen) != 24 {
			t.Errorf("%v: %d frames, want 24", rate, len(seen))
		}
		for n, luma := range seen {
			if luma != n {
				t.Errorf("%v: frame %d shows frame %d of the source", rate, n, luma)
			}
		}
	}
}

func TestFramesOfVariableRateLieOnTheGrid(t *testing.T) {
	t.Parallel()
	// Frames 0 to 9 at 20 per second, of which 3 to 7 are missing.
	path := testenv.Clip(t, "holes.mkv", "-i", counting(t, "20", "10"), "-vf", "select='lt(n,3)+gt(n,7)'",
		"-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "1")
	seen := lumas(t, path, vision.Grid{Rate: models.Ratio{Num: 20, Den: 1}, Width: 16, Height: 16}, time.Hour)
	want := []int{0, 1, 2, 2, 2, 2, 2, 2, 8, 9}
	if len(seen) != len(want) {
		t.Fatalf("frames %v, want %v", seen, want)
	}
	for n := range want {
		if seen[n] != want[n] {
			t.Fatalf("frames %v, want %v", seen, want)
		}
	}
}

func TestCoarseGridShowsTheFrameOfItsTime(t *testing.T) {
	t.Parallel()
	g := vision.Grid{Rate: models.Ratio{Num: 5, Den: 1}, Of: models.Ratio{Num: 24, Den: 1}, Width: 16, Height: 16}
	seen := lumas(t, counting(t, "24", "24"), g, time.Second)
	want := []int{0, 5, 10, 15, 20} // those that begin at 0, 0.2, 0.4, … or next: 4.8, 9.6, 14.4, 19.2
	for n := range want {
		if len(seen) != len(want) || seen[n] != want[n] {
			t.Fatalf("frames %v, want %v", seen, want)
		}
	}
}

func TestOneFrameIsOneFrame(t *testing.T) {
	t.Parallel()
	path := counting(t, "25", "1")
	for _, g := range []vision.Grid{
		{Rate: models.Ratio{Num: 25, Den: 1}, Width: 16, Height: 16},
		{Rate: models.Ratio{Num: 6, Den: 1}, Of: models.Ratio{Num: 25, Den: 1}, Width: 16, Height: 16},
	} {
		if seen := lumas(t, path, g, 40*time.Millisecond); len(seen) != 1 {
			t.Errorf("%v: %d frames, want 1", g, len(seen))
		}
	}
}

func TestReadingStops(t *testing.T) {
	t.Parallel()
	path, tools := counting(t, "25", "25"), testenv.FFmpeg(t)
	g := vision.Grid{Rate: models.Ratio{Num: 25, Den: 1}, Width: 16, Height: 16}
	t.Run("at the time given", func(t *testing.T) {
		t.Parallel()
		if seen := lumas(t, path, g, 200*time.Millisecond); len(seen) != 5 {
			t.Errorf("%d frames in 0.2 s of 25 per second, want 5", len(seen))
		}
	})
	t.Run("at an error of the reader's", func(t *testing.T) {
		t.Parallel()
		enough := errors.New("enough")
		n, err := vision.ReadFrames(t.Context(), tools, path, g, time.Hour, proc.Limits{}, func(n int, _ []byte) error {
			if n == 3 {
				return enough
			}
			return nil
		})
		if n != 3 || !errors.Is(err, enough) {
			t.Errorf("%d frames, %v; want 3 and the reader's error", n, err)
		}
	})
	t.Run("when the context ends", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := vision.ReadFrames(ctx, tools, path, g, time.Hour, proc.Limits{}, func(int, []byte) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	})
	t.Run("at what is no video", func(t *testing.T) {
		t.Parallel()
		text := testenv.Clip(t, "words.srt", "-f", "lavfi", "-i", "anullsrc", "-t", "0.1", "-f", "wav")
		_, err := vision.ReadFrames(t.Context(), tools, text, g, time.Hour, proc.Limits{}, func(int, []byte) error { return nil })
		if models.ErrorCode(err) != models.CodeNoMedia {
			t.Errorf("error %v, want NO_MEDIA", err)
		}
	})
	for name, bad := range map[string]vision.Grid{
		"no rate":  {Width: 16, Height: 16},
		"odd side": {Rate: g.Rate, Width: 15, Height: 16},
		"huge":     {Rate: g.Rate, Width: 16, Height: 1 << 20},
	} {
		t.Run("before it begins with "+name, func(t *testing.T) {
			t.Parallel()
			_, err := vision.ReadFrames(t.Context(), tools, path, bad, time.Hour, proc.Limits{}, nil)
			if models.ErrorCode(err) != models.CodeInvalidArgument {
				t.Errorf("error %v, want INVALID_ARGUMENT", err)
			}
		})
	}
}
