//go:build cgo

package opencv_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cuepoint/cuepoint/vision"
	"github.com/cuepoint/cuepoint/vision/opencv"
)

// frame makes a planar frame of one chroma whose luma is a function of place.
func frame(width, height int, luma func(x, y int) uint8, u, v uint8) []byte {
	f := make([]byte, 0, width*height*3/2)
	for y := range height {
		for x := range width {
			f = append(f, luma(x, y))
		}
	}
	f = append(f, bytes.Repeat([]byte{u}, width*height/4)...)
	return append(f, bytes.Repeat([]byte{v}, width*height/4)...)
}

func flat(v uint8) func(int, int) uint8 { return func(int, int) uint8 { return v } }

func checks(size int) func(int, int) uint8 {
	return func(x, y int) uint8 { return uint8(40 + 180*((x/size+y/size)%2)) }
}

func TestWrongSizesAreErrors(t *testing.T) {
	t.Parallel()
	good := frame(32, 16, flat(100), 128, 128)
	for _, size := range [][2]int{{0, 0}, {31, 16}, {32, 15}, {16, 16}, {32, 32}, {-32, -16}, {1 << 20, 16}} {
		if _, err := (opencv.Eyes{}).Judge(good, size[0], size[1]); err == nil {
			t.Errorf("judged %d bytes as %v", len(good), size)
		}
		if _, err := (opencv.Eyes{}).Scale(good, size[0], size[1], 8, 8); err == nil {
			t.Errorf("scaled %d bytes as %v", len(good), size)
		}
	}
	if _, err := (opencv.Eyes{}).Scale(good, 32, 16, 0, 8); err == nil {
		t.Error("scaled to nothing")
	}
	if _, err := (opencv.Eyes{}).JPEG(&vision.Bitmap{Width: 4, Height: 4, BGR: make([]byte, 47)}, 80); err == nil {
		t.Error("encoded a picture with a byte missing")
	}
	if _, err := (opencv.Eyes{}).JPEG(&vision.Bitmap{}, 80); err == nil {
		t.Error("encoded nothing")
	}
	scorer, err := opencv.NewScorer(32, 16)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scorer.Score(good[1:]); err == nil {
		t.Error("scored a frame with a byte missing")
	}
	if _, err := opencv.NewScorer(32, 15); err == nil {
		t.Error("made a scorer for an odd size")
	}
}

func TestJPEGHasTheColorsOfTheFrame(t *testing.T) {
	t.Parallel()
	// Full-range BT.601: red is 76, 85, 255.
	for _, to := range [][2]int{{64, 32}, {20, 10}, {7, 3}, {100, 60}} {
		bitmap, err := (opencv.Eyes{}).Scale(frame(64, 32, flat(76), 85, 255), 64, 32, to[0], to[1])
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := (opencv.Eyes{}).JPEG(bitmap, 95)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := jpeg.Decode(bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		if decoded.Bounds() != image.Rect(0, 0, to[0], to[1]) {
			t.Errorf("size %v, want %v", decoded.Bounds(), to)
		}
		r, g, b, _ := decoded.At(to[0]/2, to[1]/2).RGBA()
		if r>>8 < 245 || g>>8 > 10 || b>>8 > 10 {
			t.Errorf("red became %d, %d, %d", r>>8, g>>8, b>>8)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	judge := func(luma func(x, y int) uint8, u, v uint8) vision.Quality {
		q, err := (opencv.Eyes{}).Judge(frame(320, 180, luma, u, v), 320, 180)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	sharp := judge(checks(4), 128, 128)
	soft := judge(func(x, _ int) uint8 { return uint8(130 + 90*math.Sin(float64(x)/20)) }, 128, 128)
	black, red := judge(flat(0), 128, 128), judge(checks(4), 85, 255)
	if !(sharp.Score() > soft.Score() && soft.Score() > black.Score() && red.Score() > sharp.Score()) {
		t.Errorf("scores of sharp %v, soft %v, black %v, coloured %v", sharp.Score(), soft.Score(), black.Score(), red.Score())
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	const width, height = 160, 96
	noise := func(seed uint64) func(int, int) uint8 {
		r := rand.New(rand.NewPCG(seed, 0))
		var greys [32 * 32]uint8
		for i := range greys {
			greys[i] = uint8(60 + r.IntN(140))
		}
		return func(x, y int) uint8 { return greys[y/7%32*32+x/9%32] }
	}
	moved := func(x, y int) uint8 { return noise(1)(x+6, y+4) }
	lit := func(x, y int) uint8 { return noise(1)(x, y)/2 + 100 }
	score := func(before, after func(int, int) uint8, color uint8) vision.Score {
		scorer, err := opencv.NewScorer(width, height)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scorer.Score(frame(width, height, before, 128, 128)); err != nil {
			t.Fatal(err)
		}
		s, err := scorer.Score(frame(width, height, after, color, 128))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, s := range map[string]vision.Score{
		"another picture": score(noise(1), noise(2), 128),
		"another colour":  score(noise(1), noise(1), 230),
		"a colour field":  score(flat(200), flat(80), 128),
		"black":           score(noise(1), flat(0), 128),
	} {
		if s.Novelty() < 0.5 {
			t.Errorf("%s: novelty %.2f, want more than half", name, s.Novelty())
		}
	}
	for name, s := range map[string]vision.Score{
		"the same":   score(noise(1), noise(1), 128),
		"motion":     score(noise(1), moved, 128),
		"more light": score(noise(1), lit, 128),
	} {
		if s.Novelty() > 0.34 {
			t.Errorf("%s: novelty %.2f, want less than a third", name, s.Novelty())
		}
	}
}
