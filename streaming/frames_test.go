package streaming_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/streaming"
)

// counter is a picture of eight bars that show a frame's number in binary.
func counter(rate string) []string {
	return []string{"-f", "lavfi", "-i", "color=black:s=64x36:d=2:r=" + rate +
		",geq=lum='if(bitand(N,pow(2,floor(X/8))),210,40)':cb=128:cr=128"}
}

// shown returns the numbers of a counter in a rendition, frame by frame.
func shown(t *testing.T, dir, name string) []int {
	t.Helper()
	raw := rawOutput(t, joined(t, dir, name), "-vf", "scale=8:1:flags=area,format=gray", "-f", "rawvideo", "pipe:1")
	var numbers []int
	for bars := range slices.Chunk(raw, 8) {
		n := 0
		for bit, luma := range bars {
			if luma > 125 {
				n |= 1 << bit
			}
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// Every frame of a source is shown once, whatever its rate, the precision of its
// container's times, and where its sound makes its timeline begin. Where the
// sound is longer at either end, the first or last one stays.
func TestEveryFrameIsShownOnce(t *testing.T) {
	t.Parallel()
	h264 := slices.Concat(x264, []string{"-c:a", "aac"})
	vp8 := []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-c:a", "libvorbis"}
	for _, test := range []struct {
		extension string
		codecs    []string
		rates     string
	}{
		{"mkv", h264, "24000/1001 24 25 30000/1001 30 50 60000/1001 60 120"},
		{"flv", h264, "24000/1001 30000/1001 60"},
		{"webm", vp8, "24 25 60000/1001"},
		{"ts", h264, "24000/1001 25 60"},
		{"mp4", h264, "24000/1001 30 60000/1001 120"},
	} {
		for rate := range strings.FieldsSeq(test.rates) {
			name := strings.ReplaceAll(rate, "/", "-") + "." + test.extension
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				args := slices.Concat(counter(rate), sound("r=48000:d=2.1"), test.codecs)
				dir, r, err := pack(t, testenv.Clip(t, "counter-"+name, args...), streaming.Options{})
				if err != nil {
					t.Fatal(err)
				}
				all := shown(t, dir, "36p")
				got := slices.Compact(slices.Clone(all))
				var want []int
				step := 1
				if rate == "120" { // at most 60 frames per second, and the very last one
					step, got = 2, got[:len(got)-1]
				}
				for n := got[0]; len(want) < len(got); n += step {
					want = append(want, n)
				}
				if !slices.Equal(got, want) || got[0] > 1 || len(got)*step < framesIn2s(rate)-1 {
					t.Errorf("at %v frames per second: %v", r.Packaging.Renditions[0].FrameRate, got)
				}
				if twice := len(all) - len(got); twice > int(0.2*r.Packaging.Renditions[0].FrameRate)+1 {
					t.Errorf("%d frames more than once", twice)
				}
			})
		}
	}
}

func framesIn2s(rate string) int {
	num, den := 0, 1
	if _, err := fmt.Sscanf(rate+"/1", "%d/%d", &num, &den); err != nil {
		return 0
	}
	return 2 * num / den
}

func TestFramesThatWereLeftOutMoveNoOthers(t *testing.T) {
	t.Parallel()
	args := slices.Concat(counter("24"), sound("r=48000:d=2"), []string{"-vf", "select='mod(n,5)'", "-fps_mode", "vfr"}, x264)
	dir, _, err := pack(t, testenv.Clip(t, "left-out.mkv", args...), streaming.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want []int
	for n := range 48 {
		if n%5 > 0 {
			want = append(want, n)
		}
	}
	if got := slices.Compact(shown(t, dir, "36p")); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
