package vision

import (
	"math"
	"slices"
)

// ramp is a stretch of frames that blend from one picture into another.
type ramp struct {
	kind     rampKind
	from, to float64 // frames between which the share goes from 0 to 1
	strength float64
	evidence float64 // of a dissolve
}

func (r *ramp) middle() float64 { return (r.from + r.to) / 2 }

type rampKind int

const (
	rampDissolve rampKind = iota // picture into picture
	rampOut                      // picture into one colour
	rampIn                       // one colour into picture
)

// Thresholds of ramps.
const (
	rampDistance   = 8.0  // least distance of the pictures at its ends
	rampDark       = 2.5  // and where one of them is flat, the other perhaps dark
	rampColors     = 30.0 // and where both are flat
	rampRest       = 0.45 // most of a picture that the blend does not explain
	rampFadeRest   = 0.25 // and of a fade
	rampBend       = 0.25 // most deviation from an even pace
	rampFadeBend   = 0.35 // and of a fade, which may follow a gamma curve
	rampBack       = 0.08 // most going back of the share from one sample to the next
	rampPace       = 2.7  // most that one step of a dissolve may be, relative to an even step
	rampCut        = 0.85 // and at most: a cut with a frame or two between
	rampFadeUnlike = 0.6  // most unlikeness of what fades
	rampFadeStep   = 0.5  // and of a fade
	rampEvidence   = 0.7  // least evidence of a dissolve
	rampCalm       = 0.7  // most that happens just before or after a dissolve, relative to just within it
	rampSamples    = 8
)

// rampFinder finds dissolves and fades of all lengths up to a longest one.
type rampFinder struct {
	lengths []int
	past    *history
	ramps   []ramp
}

func newRampFinder(longest int) *rampFinder {
	f := &rampFinder{past: newHistory(longest + 2*margin(longest) + 1)}
	for l := 2; l <= longest; l = max(l+1, l*5/4) {
		f.lengths = append(f.lengths, l)
	}
	return f
}

// margin is how far a ramp's surroundings are looked at.
func margin(length int) int { return max(1, length/4) }

func (f *rampFinder) push(s *Score) {
	f.past.push(s)
	for _, l := range f.lengths {
		f.look(f.past.n-1-margin(l), l)
	}
}

// finish looks at what push still waited with.
func (f *rampFinder) finish() []ramp {
	for _, l := range f.lengths {
		for end := f.past.n - margin(l); end < f.past.n; end++ {
			f.look(end, l)
		}
	}
	return f.ramps
}

// look keeps the ramp of a length that ends at a frame, if there is one.
func (f *rampFinder) look(end, length int) {
	if end-length < f.past.first() {
		return
	}
	if r, ok := f.judge(end-length, end); ok {
		f.keep(r)
	}
}

// keep takes r unless it is one of those found already seen through another
// window: of these the strongest stays.
func (f *rampFinder) keep(r ramp) {
	same := func(o ramp) bool {
		shared := min(o.to, r.to) - max(o.from, r.from)
		return o.kind == r.kind && shared > 0.5*min(o.to-o.from, r.to-r.from)
	}
	for _, o := range f.ramps {
		if same(o) && o.strength >= r.strength {
			return
		}
	}
	f.ramps = append(slices.DeleteFunc(f.ramps, same), r)
}

// judge tells whether the frames from a to b blend from the one into the other.
func (f *rampFinder) judge(a, b int) (ramp, bool) {
	first, middle, last := f.past.at(a), f.past.at((a+b)/2), f.past.at(b)
	r := ramp{kind: rampDissolve}
	least := rampDistance
	switch {
	case first.flat() && last.flat():
		least = rampColors
	case first.flat():
		r.kind, least = rampIn, rampDark
	case last.flat():
		r.kind, least = rampOut, rampDark
	}
	if r.kind == rampIn && f.past.at(a+1).flat() || r.kind == rampOut && f.past.at(b-1).flat() {
		return ramp{}, false // begins later, or ended before
	}
	apart := distance(&first.Picture, &last.Picture)
	if apart < least {
		return ramp{}, false
	}
	if share, rest := blend(&middle.Picture, &first.Picture, &last.Picture); share < 0.1 || share > 0.9 || rest > rampRest {
		return ramp{}, false
	}
	course, ok := f.follow(a, b, r.kind)
	if !ok {
		return ramp{}, false
	}
	if r.kind == rampDissolve {
		r.evidence = unlikeness(&first.Picture, &last.Picture) - 1.5*course.rest +
			2*max(0, 1-2*middle.Contrast/max(first.Contrast+last.Contrast, 1))
		if r.evidence < rampEvidence || !f.begins(a, b) {
			return ramp{}, false
		}
	}
	r.from, r.to = extent(a, b, course.shares)
	r.strength = apart * (1 - course.rest) * (1 - course.bend)
	return r, true
}

// begins tells whether a ramp stands out from what is before or after it: a
// blend that goes on and on is how things move.
func (f *rampFinder) begins(a, b int) bool {
	m := margin(b - a)
	moved := func(from, to int) float64 {
		from, to = max(from, f.past.first()), min(to, f.past.n-1)
		return distance(&f.past.at(from).Picture, &f.past.at(to).Picture)
	}
	return min(moved(a-m, a)/moved(a, a+m), moved(b, b+m)/moved(b-m, b)) < rampCalm
}

// course is how a blend goes.
type course struct {
	shares []float64 // at evenly spaced frames
	rest   float64   // on average
	bend   float64   // at most
}

// follow samples the blend over the frames from a to b.
func (f *rampFinder) follow(a, b int, kind rampKind) (c course, ok bool) {
	first, last := f.past.at(a), f.past.at(b)
	steps := min(b-a, rampSamples)
	most, bend, step := rampRest, rampBend, min(rampCut, rampPace/float64(steps))
	if kind != rampDissolve {
		most, bend, step = rampFadeRest, rampFadeBend, max(rampFadeStep, step)
	}
	c.shares = make([]float64, steps+1)
	for i := 1; i < steps; i++ {
		n := a + (b-a)*i/steps
		s := f.past.at(n)
		share, rest := blend(&s.Picture, &first.Picture, &last.Picture)
		c.shares[i] = share
		c.rest += rest / float64(steps-1)
		c.bend = max(c.bend, math.Abs(share-float64(n-a)/float64(b-a)))
		switch {
		case rest > most, c.bend > bend, share < c.shares[i-1]-rampBack, share-c.shares[i-1] > step:
			return c, false
		case kind == rampOut && (s.Contrast > (1.25-share)*first.Contrast+last.Contrast || share < 0.7 && unlikeness(&s.Picture, &first.Picture) > rampFadeUnlike),
			kind == rampIn && (s.Contrast > (0.25+share)*last.Contrast+first.Contrast || share > 0.3 && unlikeness(&s.Picture, &last.Picture) > rampFadeUnlike):
			return c, false // something else on the way
		}
	}
	c.shares[steps] = 1
	return c, 1-c.shares[steps-1] <= step
}

// extent finds where a ramp begins and ends from the frames at which its share
// passes a tenth and nine tenths.
func extent(a, b int, shares []float64) (from, to float64) {
	steps := len(shares) - 1
	cross := func(level float64) float64 {
		for i := 1; i <= steps; i++ {
			if shares[i] >= level {
				part := 1.0
				if d := shares[i] - shares[i-1]; d > 0 {
					part = (level - shares[i-1]) / d
				}
				return float64(a) + float64(b-a)*(float64(i-1)+part)/float64(steps)
			}
		}
		return float64(b)
	}
	low, high := cross(0.1), cross(0.9)
	more := (high - low) / 8
	return low - more, high + more
}
