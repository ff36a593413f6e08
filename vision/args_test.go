package vision

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

func TestFrameArgs(t *testing.T) {
	t.Parallel()
	g := Grid{Rate: models.Ratio{Num: 30000, Den: 1001}, Width: 160, Height: 96, Draft: true}
	want := []string{
		"-protocol_whitelist", "file,pipe", "-format_whitelist", "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,aac,flac",
		"-skip_loop_filter", "all", "-i", "file:/data/rung.mp4",
		"-map", "0:V:0",
		"-vf", "fps=30000/1001:start_time=0:round=near," +
			"scale=160:96:flags=area:out_range=full:out_color_matrix=bt601,format=yuv420p",
		"-frames:v", "60", "-f", "rawvideo", "pipe:1",
	}
	if diff := cmp.Diff(want, frameArgs("/data/rung.mp4", g, 2*time.Second)); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestGridCountsTheFramesThatBegin(t *testing.T) {
	t.Parallel()
	g := Grid{Rate: models.Ratio{Num: 25, Den: 1}}
	for d, want := range map[time.Duration]int{0: 0, 40 * time.Millisecond: 1, 41 * time.Millisecond: 2, time.Second: 25} {
		if got := g.Frames(d); got != want {
			t.Errorf("%d frames before %v, want %d", got, d, want)
		}
	}
	if got := g.At(25); got != time.Second {
		t.Errorf("frame 25 at %v, want 1s", got)
	}
}
