package vision

import (
	"math"
	"slices"
)

// ramp is a stretch of frames that blend from one picture into another.
type ramp struct {
	kind     rampKind
	from, to float64 // frames between which the share of the second goes from 0 to 1
	strength float64 // to compare windows over the same ramp
	evidence float64 // of a dissolve
}

func (r *ramp) middle() float64 { return (r.from + r.to) / 2 }

type rampKind int

const (
	rampDissolve rampKind = iota // picture into picture
	rampOut                      // picture into black or white
	rampIn                       // black or white into picture
)

// Thresholds of ramps. Distances are of [Picture]s.
const (
	rampDistance   = 8.0  // least distance of the ends
	rampDark       = 2.5  // where one is flat and the other may be dark
	rampColors     = 30.0 // where both are flat
	rampRest       = 0.40 // most of a frame that the blend does not explain
	rampFadeRest   = 0.25 // of a fade
	rampBend       = 0.25 // most deviation from an even pace
	rampFadeBend   = 0.35 // of a fade, which may follow a gamma curve
	rampBack       = 0.08 // most going back of the share from one sample to the next
	rampPace       = 2.7  // most of one step, relative to an even step
	rampFadeStep   = 0.5  // most of one step of a fade
	rampCut        = 0.85 // most of one step where there are two or three: a cut with blended frames
	rampFadeUnlike = 0.6  // most unlikeness of a fading picture to itself
	rampEvidence   = 0.7  // least evidence of a dissolve
	rampCalm       = 0.7  // most movement just outside of a dissolve, relative to just inside
	rampSamples    = 8    // most frames of a ramp that are looked at
)

// rampFinder finds dissolves and fades of all lengths up to a longest one.
type rampFinder struct {
	short   int // frames of a ramp that counts as a cut
	lengths []int
	past    *history
	ramps   []ramp
}

func newRampFinder(short, longest int) *rampFinder {
	f := &rampFinder{short: short, past: newHistory(longest + 2*margin(longest) + 1)}
	for l := 2; l <= longest; l = max(l+1, l*5/4) {
		f.lengths = append(f.lengths, l)
	}
	return f
}

// margin is how far the surroundings of a ramp are looked at.
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
		for end := max(0, f.past.n-margin(l)); end < f.past.n; end++ {
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

// keep takes r unless it is a ramp already seen through another window: of
// these the strongest stays.
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
	kind, least := rampDissolve, rampDistance
	switch {
	case first.flat() && last.flat():
		least = rampColors
	case first.flat():
		kind, least = rampIn, rampDark
	case last.flat():
		kind, least = rampOut, rampDark
	}
	if kind == rampIn && f.past.at(a+1).flat() || kind == rampOut && f.past.at(b-1).flat() {
		return ramp{}, false // begins later, or ended before
	}
	apart := distance(&first.Picture, &last.Picture)
	if apart < least {
		return ramp{}, false
	}
	// Most windows end here, at the cost of one blend.
	if share, rest := blend(&middle.Picture, &first.Picture, &last.Picture); share < 0.1 || share > 0.9 || rest > rampRest {
		return ramp{}, false
	}
	course, ok := f.follow(a, b, kind)
	if !ok {
		return ramp{}, false
	}
	r := ramp{kind: kind, strength: apart * (1 - course.rest) * (1 - course.bend)}
	if kind == rampDissolve {
		r.evidence = evidence(first, middle, last, course.rest)
		if r.evidence < rampEvidence || !f.stands(a, b) {
			return ramp{}, false
		}
	}
	r.from, r.to = course.extent(a, b)
	return r, true
}

// evidence weighs what tells a dissolve from motion and light: the ends show
// different things, the blend explains what is between, and there, where two
// pictures lie over each other, contrast is lower than at either end.
func evidence(first, middle, last *Score, rest float64) float64 {
	dip := 1 - 2*middle.Contrast/max(first.Contrast+last.Contrast, 1)
	return unlikeness(&first.Picture, &last.Picture) - 1.5*rest + 2*max(0, dip)
}

// stands tells whether a ramp stands out from what is before or after it, a
// short one from both: what goes on and on is how things move.
func (f *rampFinder) stands(a, b int) bool {
	m := margin(b - a)
	moved := func(from, to int) float64 {
		from, to = max(from, f.past.first()), min(to, f.past.n-1)
		return distance(&f.past.at(from).Picture, &f.past.at(to).Picture)
	}
	before := moved(a-m, a) < rampCalm*moved(a, a+m)
	after := moved(b, b+m) < rampCalm*moved(b-m, b)
	if b-a <= f.short {
		return before && after
	}
	return before || after
}

// course is how a blend goes.
type course struct {
	shares []float64 // of the second picture, at evenly spaced frames
	rest   float64   // that it does not explain, on average
	bend   float64   // most deviation from an even pace
}

// follow samples the blend over the frames from a to b.
func (f *rampFinder) follow(a, b int, kind rampKind) (c course, ok bool) {
	first, last := f.past.at(a), f.past.at(b)
	steps := min(b-a, rampSamples)
	rest, bend, step := rampRest, rampBend, min(rampCut, rampPace/float64(steps))
	if kind != rampDissolve {
		rest, bend, step = rampFadeRest, rampFadeBend, max(rampFadeStep, step)
	}
	c.shares = make([]float64, steps+1)
	for i := 1; i < steps; i++ {
		n := a + (b-a)*i/steps
		s := f.past.at(n)
		share, left := blend(&s.Picture, &first.Picture, &last.Picture)
		c.shares[i] = share
		c.rest += left / float64(steps-1)
		c.bend = max(c.bend, math.Abs(share-float64(n-a)/float64(b-a)))
		gone := share - c.shares[i-1]
		if left > rest || c.bend > bend || gone < -rampBack || gone > step ||
			kind == rampOut && !fading(s, first, last, 1-share) || kind == rampIn && !fading(s, last, first, share) {
			return c, false
		}
	}
	c.shares[steps] = 1
	return c, 1-c.shares[steps-1] <= step
}

// fading tells whether s is a picture of which a share is left and the rest is flat.
func fading(s, picture, flat *Score, share float64) bool {
	if s.Contrast > (share+0.25)*picture.Contrast+flat.Contrast {
		return false
	}
	return share < 0.3 || unlikeness(&s.Picture, &picture.Picture) <= rampFadeUnlike
}

// extent finds where a ramp from frame a to b really begins and ends, from
// where its share passes a tenth and nine tenths.
func (c *course) extent(a, b int) (from, to float64) {
	steps := len(c.shares) - 1
	cross := func(level float64) float64 {
		i := 1
		for i < steps && c.shares[i] < level {
			i++
		}
		before, after := c.shares[i-1], c.shares[i]
		part := 1.0
		if after > before {
			part = min(1, max(0, (level-before)/(after-before)))
		}
		return float64(a) + float64(b-a)*(float64(i-1)+part)/float64(steps)
	}
	low, high := cross(0.1), cross(0.9)
	more := (high - low) / 8
	return low - more, high + more
}
