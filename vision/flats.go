package vision

// flat is a stretch of frames that show black or white and nothing else.
type flat struct {
	from, to      int   // frames, to exclusive
	before, after Score // of the frames with most detail near it
}

func (f *flat) length() int { return f.to - f.from }

// blink tells whether the same is seen before and after: a flash, or an eye
// that blinked.
func (f *flat) blink() bool {
	return f.before.Contrast > 0 && f.after.Contrast > 0 && unlikeness(&f.before.Picture, &f.after.Picture) < 0.4
}

// flatFinder finds flat stretches and what is seen within a few frames of them.
type flatFinder struct {
	near  int
	past  *history
	flats []flat
}

func newFlatFinder(near int) *flatFinder { return &flatFinder{near: near, past: newHistory(near)} }

func (f *flatFinder) push(s *Score) {
	n, last := f.past.n, len(f.flats)-1
	switch {
	case s.flat() && last >= 0 && f.flats[last].to == n:
		f.flats[last].to++
	case s.flat():
		begun := flat{from: n, to: n + 1}
		for i := f.past.first(); i < n; i++ {
			if p := f.past.at(i); p.Contrast > begun.before.Contrast {
				begun.before = *p
			}
		}
		f.flats = append(f.flats, begun)
	case last >= 0 && n < f.flats[last].to+f.near && s.Contrast > f.flats[last].after.Contrast:
		f.flats[last].after = *s
	}
	f.past.push(s)
}
