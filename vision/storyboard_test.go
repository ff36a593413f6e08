package vision

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

// blind stands in for eyes: its pictures are of one grey, the frame's first
// byte, and its files hold that of every pixel.
type blind struct{}

func (blind) Scorer(int, int) (Scorer, error) { return nil, nil }
func (blind) Judge(f []byte, _, _ int) (Quality, error) {
	return Quality{Luma: 100, Sharpness: float64(f[1])}, nil
}
func (blind) JPEG(b *Bitmap, _ int) ([]byte, error) { return b.BGR, nil }
func (blind) Scale(f []byte, _, _, w, h int) (*Bitmap, error) {
	b := newBitmap(w, h)
	for i := range b.BGR {
		b.BGR[i] = f[0]
	}
	return b, nil
}

var cuePattern = regexp.MustCompile(`(?m)^(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})\n(storyboard-\d+\.jpg)#xywh=(\d+),(\d+),(\d+),(\d+)$`)

func TestStoryboardShowsEveryTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		duration := time.Duration(rapid.IntRange(1, 2500_000).Draw(rt, "ms")) * time.Millisecond
		seen := time.Duration(float64(duration) * rapid.Float64Range(0.01, 1).Draw(rt, "picture")) // sound may go on
		side := rapid.SampledFrom([][2]int{{64, 36}, {36, 64}, {320, 2}, {2, 2}, {16, 18}}).Draw(rt, "size")
		dir := t.TempDir()
		g := Grid{Rate: models.Ratio{Num: thumbRate, Den: 1}, Width: side[0], Height: side[1]}
		board := newStoryboard(blind{}, g, dir, duration)
		frames := max(1, g.Frames(seen))
		for n := range frames {
			if err := board.push(n, []byte{shade(n / thumbRate)}); err != nil {
				rt.Fatal(err)
			}
		}
		var result ThumbsResult
		if err := board.finish(&result); err != nil {
			rt.Fatal(err)
		}
		checkStoryboard(rt, dir, &result, duration, frames)
	})
}

func TestNoTileIsForASliverOfSound(t *testing.T) {
	t.Parallel()
	g := Grid{Rate: models.Ratio{Num: thumbRate, Den: 1}, Width: 16, Height: 16}
	for ms, want := range map[int]int{1: 1, 900: 1, 9000: 9, 9003: 9, 9024: 9, 9500: 10} {
		length := time.Duration(ms) * time.Millisecond
		board := newStoryboard(blind{}, g, t.TempDir(), length)
		cues := cuePattern.FindAllStringSubmatch(board.vtt(), -1)
		if len(cues) != want {
			t.Errorf("%d tiles for %v, want %d", len(cues), length, want)
		}
	}
}

// shade is the grey of a second.
func shade(second int) byte { return byte(1 + second%251) }

func checkStoryboard(t *rapid.T, dir string, r *ThumbsResult, duration time.Duration, frames int) {
	raw, err := os.ReadFile(filepath.Join(dir, r.Storyboard))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(raw), "WEBVTT\n\n") {
		t.Fatalf("begins with %.20q", raw)
	}
	sheets := map[string]Image{}
	for _, s := range r.Sheets {
		sheets[s.Path] = s
	}
	cues := cuePattern.FindAllStringSubmatch(string(raw), -1)
	if len(cues) != strings.Count(string(raw), "-->") || len(cues) > max(tilesWanted, int(duration.Seconds()/longestStep)+1) {
		t.Fatalf("%d cues that can be read in %d bytes", len(cues), len(raw))
	}
	var end time.Duration
	var last byte
	for _, c := range cues {
		var n [14]int
		for i, s := range c {
			n[i], _ = strconv.Atoi(s) // the file's name is none
		}
		at := func(i int) time.Duration {
			return time.Duration(n[i]*3600+n[i+1]*60+n[i+2])*time.Second + time.Duration(n[i+3])*time.Millisecond
		}
		if at(1) != end || at(5) <= at(1) {
			t.Fatalf("cue %q after %v", c[0], end)
		}
		end = at(5)
		x, y, w, h := n[10], n[11], n[12], n[13]
		sheet, ok := sheets[c[9]]
		if !ok || x+w > sheet.Width || y+h > sheet.Height || w < 2 || h < 2 {
			t.Fatalf("cue %q points outside of %+v", c[0], sheet)
		}
		pixels, err := os.ReadFile(filepath.Join(dir, c[9]))
		if err != nil || len(pixels) != sheet.Width*sheet.Height*3 {
			t.Fatalf("sheet %+v has %d bytes: %v", sheet, len(pixels), err)
		}
		shown := pixels[((y+h-1)*sheet.Width+x+w-1)*3]
		if want := shade(int(at(1).Seconds())); at(1) < time.Duration(frames)*time.Second/thumbRate && shown != want {
			t.Fatalf("the tile for %v shows %d, want %d", at(1), shown, want)
		}
		last = shown
	}
	if end != duration || last == 0 {
		t.Fatalf("cues end at %v, want %v; the last tile shows %d", end, duration, last)
	}
}

func TestEveryShotGetsItsBestFrame(t *testing.T) {
	t.Parallel()
	second := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	shots := []models.Shot{
		{Start: 0, End: second(2)},
		{Start: second(2), End: second(2.05)}, // between two frames
		{Start: second(2.05), End: second(4), Over: second(0.5)},
		{Start: second(4), End: second(6), Over: second(1)},
	}
	album := &album{
		eyes: blind{}, grid: Grid{Rate: models.Ratio{Num: thumbRate, Den: 1}, Width: 4, Height: 4},
		dir: t.TempDir(), shots: shots, result: &ThumbsResult{},
	}
	for n := range 6 * thumbRate {
		sharp := byte(10)
		if at := album.grid.At(n); at == second(1) || at == second(3) || at == second(5) {
			sharp = 100
		} else if at == second(3.5) || at == second(4) { // in a transition
			sharp = 200
		}
		if err := album.push(n, []byte{byte(n), sharp}); err != nil {
			t.Fatal(err)
		}
	}
	if err := album.finish(); err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{second(1), second(2), second(3), second(5)}
	for i, thumb := range album.result.Thumbs {
		if d := (thumb.Time - want[i]).Abs(); d > time.Millisecond {
			t.Errorf("shot %d is shown at %v, want %v", i, thumb.Time, want[i])
		}
	}
	if len(album.result.Thumbs) != len(shots) || album.result.Poster.Time == 0 {
		t.Errorf("%d pictures for %d shots, poster at %v", len(album.result.Thumbs), len(shots), album.result.Poster.Time)
	}
}

func TestPicturesFitAndAreEven(t *testing.T) {
	t.Parallel()
	for _, test := range [][5]int{
		{1920, 1080, 1280, 1280, 720}, {720, 1280, 640, 360, 640}, {853, 480, 160, 160, 90},
		{100, 60, 640, 100, 60}, {1, 1, 160, 2, 2}, {4000, 3, 160, 160, 2},
	} {
		if w, h := fit(test[0], test[1], test[2]); w != test[3] || h != test[4] {
			t.Errorf("%dx%d into %d: %dx%d, want %dx%d", test[0], test[1], test[2], w, h, test[3], test[4])
		}
	}
}
