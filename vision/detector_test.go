package vision

import (
	"bytes"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

// film is a row of pictures to detect shots in, scored without OpenCV.
type film struct {
	rate   models.Ratio
	frames []Picture
}

func newFilm(rate int) *film { return &film{rate: models.Ratio{Num: rate, Den: 1}} }

// scene is a picture of blocks in random greys.
func scene(seed uint64) Picture {
	r := rand.New(rand.NewPCG(seed, 0))
	var p Picture
	var greys [8 * 6]uint8
	for i := range greys {
		greys[i] = uint8(40 + r.IntN(170))
	}
	for i := range luma {
		x, y := i%PictureWidth, i/PictureWidth
		p[i] = greys[y/3*8+x/4]
	}
	for i := luma; i < len(p); i++ {
		p[i] = 128
	}
	return p
}

func plain(grey uint8) Picture {
	var p Picture
	for i := range p {
		p[i] = 128
		if i < luma {
			p[i] = grey
		}
	}
	return p
}

func mix(a, b Picture, share float64) Picture {
	for i := range a {
		a[i] = uint8(float64(a[i])*(1-share) + float64(b[i])*share + 0.5)
	}
	return a
}

func (f *film) hold(p Picture, frames int) *film {
	for range frames {
		f.frames = append(f.frames, p)
	}
	return f
}

// blend goes from a to b in a number of frames that show something of both.
func (f *film) blend(a, b Picture, frames int) *film {
	for i := range frames {
		f.frames = append(f.frames, mix(a, b, float64(i+1)/float64(frames+1)))
	}
	return f
}

func (f *film) duration() time.Duration { return Grid{Rate: f.rate}.At(len(f.frames)) }

func (f *film) shots() []models.Shot {
	d := NewDetector(Grid{Rate: f.rate})
	for i := range f.frames {
		p := &f.frames[i]
		var sum, squares float64
		for _, v := range p[:luma] {
			sum, squares = sum+float64(v), squares+float64(v)*float64(v)
		}
		s := Score{Picture: *p, Luma: sum / luma, Contrast: math.Sqrt(max(0, squares/luma-sum/luma*sum/luma))}
		if i > 0 {
			s.Difference = distance(p, &f.frames[i-1])
			if s.Difference > 0.5 {
				s.Structure = unlikeness(p, &f.frames[i-1])
			}
		}
		d.Push(&s)
	}
	return d.Shots(f.duration())
}

// found is a shot's begin in frames, for tables.
type found struct {
	At   int
	Kind models.Transition
}

func (f *film) found() []found {
	var all []found
	for _, s := range f.shots() {
		all = append(all, found{int(math.Round(s.Start.Seconds() * f.rate.Float())), s.Transition})
	}
	return all
}

func TestDetector(t *testing.T) {
	t.Parallel()
	a, b, c, black, white := scene(1), scene(2), scene(3), plain(0), plain(255)
	start := found{0, models.TransitionCut}
	for name, test := range map[string]struct {
		film *film
		want []found
	}{
		"one picture is one shot": {newFilm(25).hold(a, 50), []found{start}},
		"a cut is at the first frame of the new shot": {
			newFilm(25).hold(a, 30).hold(b, 7).hold(c, 30),
			[]found{start, {30, models.TransitionCut}, {37, models.TransitionCut}},
		},
		"a cut with one blended frame is a cut": {
			newFilm(25).hold(a, 30).blend(a, b, 1).hold(b, 30),
			[]found{start, {30, models.TransitionCut}},
		},
		"a dissolve is in its middle": {
			newFilm(25).hold(a, 40).blend(a, b, 19).hold(b, 40),
			[]found{start, {49, models.TransitionDissolve}},
		},
		"a long dissolve at 60 frames per second": {
			newFilm(60).hold(a, 120).blend(a, b, 119).hold(b, 120),
			[]found{start, {179, models.TransitionDissolve}},
		},
		"a fade through black is one boundary": {
			newFilm(25).hold(a, 40).blend(a, black, 10).hold(black, 5).blend(black, b, 10).hold(b, 40),
			[]found{start, {52, models.TransitionFade}},
		},
		"a fade through white": {
			newFilm(30).hold(a, 40).blend(a, white, 12).hold(white, 2).blend(white, b, 12).hold(b, 40),
			[]found{start, {53, models.TransitionFade}},
		},
		"a fade in from black begins no shot, nor does one to black at the end": {
			newFilm(25).hold(black, 10).blend(black, a, 12).hold(a, 40).blend(a, black, 12).hold(black, 10),
			[]found{start},
		},
		"black between cuts is a shot of its own": {
			newFilm(25).hold(a, 30).hold(black, 20).hold(b, 30),
			[]found{start, {30, models.TransitionCut}, {50, models.TransitionCut}},
		},
		"a flash is no cut": {
			newFilm(25).hold(a, 30).hold(white, 3).hold(a, 20).hold(mix(a, white, 0.7), 2).hold(a, 30),
			[]found{start},
		},
		"more light is no cut": {
			newFilm(25).hold(mix(a, black, 0.5), 30).hold(a, 30),
			[]found{start},
		},
		"a slow change of light is no dissolve": {
			newFilm(25).hold(mix(a, black, 0.6), 30).blend(mix(a, black, 0.6), a, 20).hold(a, 30),
			[]found{start},
		},
		"a shot too short to see is none": {
			newFilm(25).hold(a, 30).hold(b, 3).hold(c, 30),
			[]found{start, {30, models.TransitionCut}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.film.found()); diff != "" {
				t.Errorf("shots (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFastMotionIsNoCut(t *testing.T) {
	t.Parallel()
	f := newFilm(25).hold(scene(9), 20)
	wide := func(x int) Picture { // a wall of scenes that the camera goes along
		a, b := scene(100+uint64(x/PictureWidth)), scene(101+uint64(x/PictureWidth))
		var p Picture
		for i := range p {
			p[i] = 128
			if i < luma {
				col := i%PictureWidth + x%PictureWidth
				row := i / PictureWidth * PictureWidth
				if col < PictureWidth {
					p[i] = a[row+col]
				} else {
					p[i] = b[row+col-PictureWidth]
				}
			}
		}
		return p
	}
	f.frames = nil
	for n := range 100 {
		f.frames = append(f.frames, wide(n*9))
	}
	if shots := f.shots(); len(shots) != 1 {
		t.Errorf("%d shots in a pan, want 1: %v", len(shots), f.found())
	}
}

func TestShotsCoverTheVideo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := newFilm(rapid.SampledFrom([]int{1, 5, 24, 60}).Draw(t, "rate"))
		for range rapid.IntRange(1, 5).Draw(t, "parts") {
			a := scene(rapid.Uint64Range(0, 5).Draw(t, "a"))
			b := rapid.SampledFrom([]Picture{plain(0), plain(255), scene(7), scene(8)}).Draw(t, "b")
			f.hold(a, rapid.IntRange(0, 20).Draw(t, "hold")).blend(a, b, rapid.IntRange(0, 12).Draw(t, "blend"))
		}
		shots := f.shots()
		if shots[0].Start != 0 || shots[0].Transition != models.TransitionCut || shots[len(shots)-1].End != f.duration() {
			t.Fatalf("shots from %v to %v, want 0 to %v", shots[0].Start, shots[len(shots)-1].End, f.duration())
		}
		for i, s := range shots {
			if s.Start >= s.End && f.duration() > 0 || i > 0 && s.Start != shots[i-1].End || s.Over < 0 || s.Confidence < 0 || s.Confidence > 1 {
				t.Fatalf("shot %d is %+v after %+v", i, s, shots[max(0, i-1)])
			}
			if cut := s.Transition == models.TransitionCut; cut != (s.Over == 0) {
				t.Fatalf("shot %d begins with a %s over %v", i, s.Transition, s.Over)
			}
		}
	})
}

func TestScoresAreCSV(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := newScoreWriter(&b, Grid{Rate: models.Ratio{Num: 25, Den: 1}})
	for range 3 {
		w.Write(&Score{Luma: 100, Difference: 20, Structure: 0.5})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"2", "0.080000", "100.00", "0.00", "20.00", "0.00", "0.5000", "10.000"}
	if diff := cmp.Diff(want, rows[3]); diff != "" || len(rows) != 4 || len(rows[0]) != len(want) {
		t.Errorf("%d rows, the last (-want +got):\n%s", len(rows), diff)
	}
}
