package vision

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// How long things take, at least or at most.
const (
	minShot     = 240 * time.Millisecond  // a shorter one is a flash or a glitch
	shortRamp   = 130 * time.Millisecond  // a shorter blend is a hard cut with a frame between
	longestRamp = 3500 * time.Millisecond // a longer one is how the scene is lit
	nearRamp    = 100 * time.Millisecond  // how far the end of a ramp may be from the flat frames it leads to
)

// Detector makes shots of frame scores. It is pushed every frame once, in
// order, and remembers a few seconds.
type Detector struct {
	grid  Grid
	cuts  *cutFinder
	ramps *rampFinder
	flats *flatFinder
	n     int
}

// NewDetector returns a detector for frames on a grid.
func NewDetector(g Grid) *Detector {
	frames := func(d time.Duration, least int) int { return max(least, int(d.Seconds()*g.Rate.Float()+0.5)) }
	return &Detector{
		grid:  g,
		cuts:  newCutFinder(frames(minShot, 2)),
		ramps: newRampFinder(frames(shortRamp, 2), frames(longestRamp, 4)),
		flats: newFlatFinder(frames(minShot, 2)),
	}
}

// Push takes the score of the next frame.
func (d *Detector) Push(s *Score) {
	d.cuts.push(s)
	d.ramps.push(s)
	d.flats.push(s)
	d.n++
}

// boundary is where a shot begins. at is its first frame, or the middle of a
// gradual transition; from and to are its extent.
type boundary struct {
	at, from, to float64
	kind         models.Transition
	confidence   float64
}

// Shots ends the detection. The shots cover 0 to duration without a gap; there
// is always at least one.
func (d *Detector) Shots(duration time.Duration) []models.Shot {
	found := d.filter(d.boundaries())
	shots := []models.Shot{{Transition: models.TransitionCut, Confidence: 1}}
	for _, b := range found {
		start := d.at(b.at)
		if start <= 0 || start >= duration {
			continue
		}
		shots[len(shots)-1].End = start
		shots = append(shots, models.Shot{
			Start: start, Transition: b.kind, Confidence: b.confidence, Over: d.at(b.to - b.from),
		})
	}
	shots[len(shots)-1].End = duration
	return shots
}

// at is the time of a place between frames.
func (d *Detector) at(frame float64) time.Duration {
	if frame == math.Trunc(frame) {
		return d.grid.At(int(frame))
	}
	return time.Duration(frame / d.grid.Rate.Float() * float64(time.Second))
}

func (d *Detector) frames(t time.Duration) float64 { return t.Seconds() * d.grid.Rate.Float() }

// boundaries brings together what the finders found. A fade wins over the cuts
// that its steps look like, a cut over a dissolve that it would interrupt.
func (d *Detector) boundaries() []boundary {
	ramps, cuts := d.ramps.finish(), d.cuts.finish()
	all, taken := d.fades(ramps, cuts)
	for _, c := range cuts {
		at := float64(c.frame)
		if !overlaps(taken, at-1, at+1) {
			all = append(all, boundary{at: at, from: at, to: at, kind: models.TransitionCut, confidence: c.confidence})
			taken = append(taken, [2]float64{at - 1, at + 1})
		}
	}
	for _, r := range ramps {
		if r.kind == rampDissolve && !overlaps(taken, r.from, r.to) {
			all = append(all, d.dissolve(r))
		}
	}
	slices.SortFunc(all, func(a, b boundary) int { return cmp.Compare(a.at, b.at) })
	return all
}

func (d *Detector) dissolve(r ramp) boundary {
	confidence := min(1, r.evidence/2)
	if r.to-r.from < d.frames(shortRamp) {
		at := math.Ceil(r.middle())
		return boundary{at: at, from: at, to: at, kind: models.TransitionCut, confidence: confidence}
	}
	return boundary{at: r.middle(), from: r.from, to: r.to, kind: models.TransitionDissolve, confidence: confidence}
}

// fades looks at every flat stretch: how it is entered and left. It also
// returns the stretches in which nothing else is to be found.
func (d *Detector) fades(ramps []ramp, cuts []cut) (found []boundary, taken [][2]float64) {
	for _, flat := range d.flats.flats {
		first, last := float64(flat.from), float64(flat.to-1)
		in := d.leading(ramps, rampOut, first)
		out := d.leading(ramps, rampIn, last)
		from, to := first, last
		// A cut at the far end of a ramp is no step of it.
		if in != nil {
			from = in.from
			taken = append(taken, [2]float64{in.from + 0.4*(in.to-in.from), first + 1})
		}
		if out != nil {
			to = out.to
			taken = append(taken, [2]float64{last - 1, out.to - 0.4*(out.to-out.from)})
		}
		short := float64(flat.length()) < d.frames(minShot)
		left := slices.ContainsFunc(cuts, func(c cut) bool { return c.frame == flat.to })
		switch {
		case flat.from == 0, flat.to == d.n: // how the video begins or ends
		case in == nil && out == nil: // cuts
		case short && flat.blink():
			taken = append(taken, [2]float64{first - 1, last + 2})
		case in != nil && (out != nil || !left), short:
			found = append(found, boundary{at: (from + to) / 2, from: from, to: to, kind: models.TransitionFade, confidence: 0.9})
			taken = append(taken, [2]float64{first - 1, last + 2})
		case out != nil:
			found = append(found, boundary{at: out.middle(), from: out.from, to: out.to, kind: models.TransitionFade, confidence: 0.7})
		}
	}
	return found, taken
}

// leading finds the ramp of a kind that leads to or from a frame.
func (d *Detector) leading(ramps []ramp, kind rampKind, frame float64) *ramp {
	near := d.frames(nearRamp) + 1
	for i := range ramps {
		if r := &ramps[i]; r.kind == kind && r.from-near <= frame && frame <= r.to+near {
			return r
		}
	}
	return nil
}

func overlaps(spans [][2]float64, from, to float64) bool {
	return slices.ContainsFunc(spans, func(s [2]float64) bool { return from < s[1] && s[0] < to })
}

// filter drops boundaries that would make a shot too short, the less confident
// of two.
func (d *Detector) filter(all []boundary) []boundary {
	least := d.frames(minShot)
	var kept []boundary
	for _, b := range all {
		last := len(kept) - 1
		switch {
		case b.at < least || float64(d.n)-b.at < 1:
		case last < 0 || b.at-kept[last].at >= least:
			kept = append(kept, b)
		case b.confidence > kept[last].confidence:
			kept[last] = b
		}
	}
	return kept
}
