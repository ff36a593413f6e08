//go:build cgo

package opencv_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/vision"
	"github.com/cuepoint/cuepoint/vision/opencv"
)

// truth is what is known of a clip, in frames.
type truth struct {
	cuts    []int
	gradual []gradual
}

type gradual struct {
	kind     models.Transition
	from, to float64
}

// tally counts hard cuts that were found, and were not.
type tally struct{ right, wrong, missed int }

func (t *tally) add(o tally) {
	t.right, t.wrong, t.missed = t.right+o.right, t.wrong+o.wrong, t.missed+o.missed
}

func (t tally) f1() float64 {
	if t.right+t.wrong+t.missed == 0 {
		return 1
	}
	return 2 * float64(t.right) / float64(2*t.right+t.wrong+t.missed)
}

func (t tally) String() string {
	ratio := func(n, of int) float64 { return float64(n) / math.Max(1, float64(of)) }
	return fmt.Sprintf("right %2d wrong %2d missed %2d precision %.3f recall %.3f F1 %.3f", t.right, t.wrong, t.missed,
		ratio(t.right, t.right+t.wrong), ratio(t.right, t.right+t.missed), t.f1())
}

func findShots(t *testing.T, path string, rate models.Ratio, duration time.Duration) []models.Shot {
	t.Helper()
	worker := &vision.Worker{Tools: testenv.FFmpeg(t), Eyes: opencv.Eyes{}}
	found, err := worker.Shots(t.Context(), vision.ShotsRequest{Input: path, Rate: rate, Duration: duration}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found.Shots
}

// compare counts the cuts that are within a frame of a true one, and returns
// the gradual transitions that nothing within half their length stands for.
func compare(shots []models.Shot, rate models.Ratio, want truth) (cuts tally, lost []gradual) {
	used := map[int]bool{}
	match := func(cut bool, at, within float64) bool {
		for i, s := range shots[1:] {
			frame := s.Start.Seconds() * rate.Float()
			if !used[i] && (s.Transition == models.TransitionCut) == cut && math.Abs(frame-at) <= within+1e-3 {
				used[i] = true
				return true
			}
		}
		return false
	}
	for _, at := range want.cuts {
		if match(true, float64(at), 1) {
			cuts.right++
		} else {
			cuts.missed++
		}
	}
	for i, s := range shots[1:] {
		if s.Transition == models.TransitionCut && !used[i] {
			cuts.wrong++
		}
	}
	for _, g := range want.gradual {
		if !match(false, (g.from+g.to)/2, (g.to-g.from)/2) {
			lost = append(lost, g)
		}
	}
	return cuts, lost
}

func describe(shots []models.Shot, rate models.Ratio) string {
	var b strings.Builder
	for _, s := range shots[1:] {
		fmt.Fprintf(&b, " %s@%.1f", s.Transition, s.Start.Seconds()*rate.Float())
	}
	return b.String()
}

// reel makes a clip of six shots at a frame rate: cuts, of which the second
// shot has a flash and the third is a pan, then a dissolve, then a fade.
func reel(t *testing.T, rate models.Ratio) (path string, want truth) {
	t.Helper()
	shot := int(rate.Float()*1.2 + 0.5) // frames of each
	over := shot / 2                    // of each transition
	r := fmt.Sprintf("%d/%d", rate.Num, rate.Den)
	sources := []string{
		"testsrc2=s=320x180:r=" + r,
		"mandelbrot=s=320x180:r=" + r + fmt.Sprintf(",eq=brightness=0.8:enable='between(n,%d,%d)'", shot/2, shot/2+1),
		"testsrc=s=1280x720:r=" + r + fmt.Sprintf(",crop=320:180:'n*480/%d':200", shot),
		"smptehdbars=s=320x180:r=" + r,
		"cellauto=s=160x90:rule=110:r=" + r + ",scale=320:180",
		"rgbtestsrc=s=320x180:r=" + r + ",rotate=1",
	}
	var args []string
	var filter strings.Builder
	for i, s := range sources {
		args = append(args, "-f", "lavfi", "-i", s)
		fmt.Fprintf(&filter, "[%d]format=yuv420p,setsar=1,trim=end_frame=%d,settb=1/90000[s%d];", i, shot, i)
	}
	fmt.Fprintf(&filter, "[s0][s1][s2][s3]concat=n=4,settb=1/90000,fps=%s[a];", r)
	xfade := func(how string, at int) string {
		return fmt.Sprintf("xfade=transition=%s:offset=%f:duration=%f", how, float64(at)/rate.Float(), float64(over)/rate.Float())
	}
	dissolve, fade := 4*shot-over, 5*shot-2*over
	fmt.Fprintf(&filter, "[s4]fps=%s[b];[a][b]%s,fps=%s[c];[s5]fps=%s[d];[c][d]%s", r, xfade("fade", dissolve), r, r, xfade("fadeblack", fade))
	args = append(args, "-filter_complex", filter.String(), "-c:v", "libx264", "-preset", "ultrafast", "-crf", "23", "-pix_fmt", "yuv420p")
	return testenv.Clip(t, "reel.mp4", args...), truth{
		cuts: []int{shot, 2 * shot, 3 * shot},
		gradual: []gradual{
			{models.TransitionDissolve, float64(dissolve), float64(dissolve + over)},
			{models.TransitionFade, float64(fade), float64(fade + over)},
		},
	}
}

func TestShotsOfKnownClips(t *testing.T) {
	t.Parallel()
	for _, rate := range []models.Ratio{{Num: 24000, Den: 1001}, {Num: 25, Den: 1}, {Num: 30000, Den: 1001}, {Num: 60, Den: 1}} {
		t.Run(fmt.Sprintf("at %.3f frames per second", rate.Float()), func(t *testing.T) {
			t.Parallel()
			path, want := reel(t, rate)
			checkReel(t, path, rate, want)
		})
	}
	t.Run("at a variable rate", func(t *testing.T) {
		t.Parallel()
		rate := models.Ratio{Num: 30, Den: 1}
		path, want := reel(t, rate)
		// Every third frame is missing, those at cuts excepted.
		cut := fmt.Sprintf("select='mod(n,3)+not(mod(n,%d))'", want.cuts[0])
		vfr := testenv.Clip(t, "reel-vfr.mkv", "-i", path, "-vf", cut, "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast")
		checkReel(t, vfr, rate, want)
	})
}

func checkReel(t *testing.T, path string, rate models.Ratio, want truth) {
	t.Helper()
	shots := findShots(t, path, rate, 6*time.Second)
	cuts, lost := compare(shots, rate, want)
	if cuts.wrong+cuts.missed+len(lost) > 0 || len(shots) != 1+len(want.cuts)+len(want.gradual) {
		t.Errorf("cuts: %v; gradual not found: %v\nwant %v\n got%s", cuts, lost, want, describe(shots, rate))
	}
}

// TestShotsOfRealClips prints the accuracy on clips whose cuts people marked.
func TestShotsOfRealClips(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(testenv.Media(t, "transcripts/shots.json"))
	if err != nil {
		t.Fatal(err)
	}
	var marks map[string]json.RawMessage
	if err := json.Unmarshal(raw, &marks); err != nil {
		t.Fatal(err)
	}
	var still []string
	if err := json.Unmarshal(marks["no_cut_expected"], &still); err != nil {
		t.Fatal(err)
	}
	delete(marks, "no_cut_expected")
	delete(marks, "_note")

	var all tally
	for name, raw := range marks {
		rate, want := readMarks(t, raw)
		shots := findShots(t, testenv.Media(t, name), rate, time.Minute)
		cuts, lost := compare(shots, rate, want)
		t.Logf("%-28s %v, gradual found %d of %d", name, cuts, len(want.gradual)-len(lost), len(want.gradual))
		all.add(cuts)
	}
	t.Logf("%-28s %v", "all", all)
	if len(marks) == 0 || all.f1() < 0.95 {
		t.Errorf("F1 of hard cuts in %d clips is %.3f, want 0.95", len(marks), all.f1())
	}
	for _, name := range still {
		path := testenv.Media(t, name)
		info, err := testenv.FFmpeg(t).Probe(t.Context(), path, ffmpeg.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		rate := info.First(models.StreamVideo).FrameRate
		if shots := findShots(t, path, rate, 20*time.Second); len(shots) != 1 {
			t.Errorf("%s is one shot, found%s", name, describe(shots, rate))
		}
	}
}

func readMarks(t *testing.T, raw json.RawMessage) (models.Ratio, truth) {
	t.Helper()
	var m struct {
		FPS     string
		Cuts    []int
		Gradual []struct {
			Type  string
			Range [2]float64
		}
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	var rate models.Ratio
	if _, err := fmt.Sscanf(m.FPS, "%d/%d", &rate.Num, &rate.Den); err != nil {
		t.Fatal(err)
	}
	want := truth{cuts: m.Cuts}
	for _, g := range m.Gradual {
		want.gradual = append(want.gradual, gradual{from: g.Range[0], to: g.Range[1]})
	}
	return rate, want
}
