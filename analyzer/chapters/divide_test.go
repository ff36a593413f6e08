package chapters

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

// blocks is a cohesion that likes stretches within blocks of a number of units,
// and nothing else.
type blocks int

func (b blocks) Backwards(end int, visit func(start int, gain float64) bool) {
	for start := end - 1; start >= 0; start-- {
		gain := float64(end - start)
		if start/int(b) != (end-1)/int(b) {
			gain = 0
		}
		if !visit(start, gain) {
			return
		}
	}
}

// steady is one unit after the other, each of two seconds and a pause of a half.
func steady(n int) []Unit {
	units := make([]Unit, n)
	for i := range units {
		at := time.Duration(i) * 2500 * time.Millisecond
		units[i] = Unit{Start: at, End: at + 2*time.Second, Text: "word"}
	}
	return units
}

func TestDivideFollowsCohesion(t *testing.T) {
	t.Parallel()
	parts := Divide(Input{Duration: 75 * time.Second, Units: steady(30), Cohesion: blocks(10)})
	var got []Part
	for _, p := range parts {
		got = append(got, Part{Chapter: models.Chapter{Start: p.Start, End: p.End}, First: p.First, Last: p.Last})
	}
	want := []Part{
		{Chapter: models.Chapter{Start: 0, End: 24800 * time.Millisecond}, First: 0, Last: 10},
		{Chapter: models.Chapter{Start: 24800 * time.Millisecond, End: 49800 * time.Millisecond}, First: 10, Last: 20},
		{Chapter: models.Chapter{Start: 49800 * time.Millisecond, End: 75 * time.Second}, First: 20, Last: 30},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestDivideSnapsToThePicture(t *testing.T) {
	t.Parallel()
	cut := 25600 * time.Millisecond
	in := Input{Duration: 50 * time.Second, Units: steady(20), Cohesion: blocks(10), Shots: []models.Shot{
		{Start: 0, End: cut}, {Start: cut, End: 50 * time.Second, Transition: models.TransitionFade},
	}}
	parts := Divide(in)
	if len(parts) != 2 || parts[1].Start != cut {
		t.Fatalf("parts %+v, want the second to begin at %v", parts, cut)
	}
	if kinds := []string{parts[1].Evidence[0].Kind, parts[1].Evidence[1].Kind}; !cmp.Equal(kinds, []string{Topic, Shot}) {
		t.Errorf("evidence %+v, want topic and shot", parts[1].Evidence)
	}
	if c := parts[1].Confidence; c <= parts[1].Evidence[0].Score || c > 1 {
		t.Errorf("confidence %v, want more than either piece of evidence gives", c)
	}
}

func TestDivideTheLittleThereIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   Input
		want int
	}{
		"no duration":                {Input{}, 0},
		"nothing said, nothing seen": {Input{Duration: time.Hour}, 1},
		"too short for two":          {Input{Duration: 10 * time.Second, Units: steady(4), Cohesion: blocks(2)}, 1},
		"one topic":                  {Input{Duration: 100 * time.Second, Units: steady(40), Cohesion: blocks(40)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if parts := Divide(c.in); len(parts) != c.want {
				t.Errorf("%d parts, want %d: %+v", len(parts), c.want, parts)
			}
		})
	}
}
