package ffmpeg_test

import (
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

func scan(t *testing.T, path string) *ffmpeg.Scan {
	t.Helper()
	s, err := testenv.FFmpeg(t).Scan(t.Context(), path, probe(t, path), ffmpeg.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScanFindsWhatTheTimestampsSay(t *testing.T) {
	t.Parallel()
	x264 := []string{"-c:v", "libx264", "-preset", "veryfast"} // with pictures out of order
	for _, test := range []struct {
		name       string
		args       []string
		step       time.Duration
		steady     bool
		start, end time.Duration
	}{
		{"film.mp4", args([]string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=24000/1001:d=3"}, x264...),
			41_708_333, true, 0, 3003 * time.Millisecond},
		{"film.mkv", args([]string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=24000/1001:d=3"}, x264...),
			41_708_333, true, 0, 3003 * time.Millisecond},
		{"late.ts", args([]string{"-f", "lavfi", "-i", "sine=d=3", "-itsoffset", "1", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=50:d=2"},
			"-map", "1", "-map", "0", "-c:v", "libx264", "-preset", "ultrafast"),
			20 * time.Millisecond, true, time.Second, 3 * time.Second},
		// Mostly still, 30 frames per second where something moves.
		{"variable.mkv", args([]string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d=6"},
			"-vf", "select='lt(t,1)+not(mod(n,15))'", "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast"),
			33_333_333, false, 0, 6 * time.Second},
		// Many of its packets have no presentation time.
		{"program.mpg", args([]string{"-f", "lavfi", "-i", "color=gray:s=160x90:r=25:d=3"}, "-c:v", "mpeg2video", "-bf", "0"),
			40 * time.Millisecond, true, 0, 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := testenv.Clip(t, test.name, test.args...)
			s := scan(t, path)
			index := probe(t, path).First(models.StreamVideo).Index
			got := s.Streams[index]
			if (got.Step-test.step).Abs() > 100*time.Microsecond || got.Steady != test.steady {
				t.Errorf("step %v, steady %v; want %v, %v", got.Step, got.Steady, test.step, test.steady)
			}
			if (got.Start-test.start).Abs() > 30*time.Millisecond || (got.End-test.end).Abs() > 600*time.Millisecond {
				t.Errorf("from %v to %v, want %v to %v", got.Start, got.End, test.start, test.end)
			}
		})
	}
}

func TestScanCountsAStreamOfASinglePacket(t *testing.T) {
	t.Parallel()
	path := testenv.Clip(t, "one.mp4", args(picture, "-frames:v", "1", "-c:v", "libx264", "-preset", "ultrafast")...)
	got := scan(t, path).Streams[0]
	if got.Packets != 1 || got.Step != 0 || got.End != 40*time.Millisecond {
		t.Errorf("got %+v", got)
	}
}
