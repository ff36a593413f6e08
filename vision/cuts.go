package vision

// cut is a hard cut: the first frame of the new shot.
type cut struct {
	frame      int
	strength   float64
	confidence float64
}

// Thresholds of hard cuts. A cut stands out from what happens around it, shows
// what was not there before, and is not undone a moment later.
const (
	cutChange     = 1.5  // least Change
	cutNovelty    = 0.35 // least Novelty
	cutRatio      = 3.0  // least Change relative to that of the frames around it
	cutNoise      = 0.5  // added to the Change of the frames around it
	cutStep       = 1.5  // least difference relative to that of the frames around it, motion and all
	cutSeparation = 0.5  // least distance of what is before and after, relative to the step itself
)

// cutFinder finds hard cuts. It looks span frames ahead.
type cutFinder struct {
	span int
	past *history
	cuts []cut
}

func newCutFinder(span int) *cutFinder {
	return &cutFinder{span: span, past: newHistory(2*span + 2)}
}

func (f *cutFinder) push(s *Score) {
	f.past.push(s)
	if n := f.past.n - 1 - f.span; n > 0 {
		f.judge(n)
	}
}

// finish judges the frames that push still waited with.
func (f *cutFinder) finish() []cut {
	for n := max(1, f.past.n-f.span); n < f.past.n; n++ {
		f.judge(n)
	}
	return f.cuts
}

func (f *cutFinder) judge(n int) {
	s := f.past.at(n)
	change := s.Change()
	if change < cutChange || s.Novelty() < cutNovelty {
		return
	}
	from, to := max(f.past.first(), n-f.span), min(f.past.n, n+f.span+1)
	around := max(f.second(from, n, (*Score).Change), f.second(n+1, to, (*Score).Change)) + cutNoise
	steps := max(f.second(from, n, (*Score).step), f.second(n+1, to, (*Score).step))
	if change < cutRatio*around || s.step() < cutStep*steps || f.separation(from, n, to) < cutSeparation {
		return
	}
	confidence := 1 - around*cutRatio/(2*change)
	f.cuts = append(f.cuts, cut{frame: n, strength: change, confidence: confidence})
}

// second is the second largest measure of some frames: the largest may be the
// next cut.
func (f *cutFinder) second(from, to int, measure func(*Score) float64) float64 {
	var largest, second float64
	for n := from; n < to; n++ {
		switch c := measure(f.past.at(n)); {
		case c > largest:
			largest, second = c, largest
		case c > second:
			second = c
		}
	}
	return second
}

// separation is how far the most similar frames before and after n are apart,
// relative to the step at n. It is small where a flash comes and goes.
func (f *cutFinder) separation(from, n, to int) float64 {
	step := distance(&f.past.at(n-1).Picture, &f.past.at(n).Picture)
	least := step
	for i := from; i < n; i++ {
		for j := n; j < to; j++ {
			least = min(least, distance(&f.past.at(i).Picture, &f.past.at(j).Picture))
		}
	}
	if step == 0 {
		return 0
	}
	return least / step
}
