package chapters

import (
	"math"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// candidate is a place where a chapter may begin.
type candidate struct {
	at    time.Duration
	unit  int     // of the first unit after it
	pause float64 // 0 to 1
	shot  float64 // 0 to 1
}

// nearby is how far a change of picture may be from a gap between sentences to
// belong to it, and leadIn how much of a gap a chapter shows before its first
// word where the picture does not change.
const (
	nearby = time.Second
	leadIn = 200 * time.Millisecond
)

// findCandidates lists the places in order of time: one for each gap between
// units, moved to the change of picture in it, and the changes of picture where
// for a long time nobody speaks. None is nearer than minimum to either end of
// the video.
func findCandidates(in Input, minimum time.Duration) []candidate {
	var found []candidate
	add := func(c candidate) {
		after := time.Duration(-1)
		if len(found) > 0 {
			after = found[len(found)-1].at
		}
		if c.at > after && c.at >= minimum && c.at <= in.Duration-minimum {
			found = append(found, c)
		}
	}
	usual := usualGap(in.Units)
	for i := 0; i <= len(in.Units); i++ {
		from, to := time.Duration(0), in.Duration
		if i > 0 {
			from = in.Units[i-1].End
		}
		if i < len(in.Units) {
			to = in.Units[i].Start
		}
		spoken := i > 0 && i < len(in.Units)
		if !spoken || to-from > 2*minimum {
			for _, s := range within(in.Shots, from, to-nearby) {
				add(candidate{at: s.Start, unit: i, pause: 1, shot: weightOf(s)})
			}
		}
		if i < len(in.Units) {
			add(between(in, i, from, to, usual))
		}
	}
	return found
}

// between is the candidate before unit i, which the gap from…to precedes.
func between(in Input, i int, from, to, usual time.Duration) candidate {
	from = min(from, to)
	c := candidate{at: to - min(leadIn, (to-from)/2), unit: i}
	// A usual gap is no pause; a second more is a clear one.
	c.pause = 1 - math.Exp(-max(0, (to-from-usual).Seconds()))
	best := -1.0
	for _, s := range within(in.Shots, from-nearby, to+nearby) {
		// Of several, the one that fits the words best, or is the clearest.
		fit := weightOf(s) - (to-s.Start).Abs().Seconds()/4
		if fit > best || c.shot == 0 {
			best, c.at, c.shot = fit, s.Start, weightOf(s)
		}
	}
	// Where pictures change all the time, one that changes here means little.
	rate := float64(len(in.Shots)) / in.Duration.Seconds()
	c.shot *= math.Exp(-rate * (to - from + 2*nearby).Seconds() / 2)
	return c
}

// usualGap is the pause that is no more than usual between units: the median,
// and twice the median distance from it.
func usualGap(units []Unit) time.Duration {
	if len(units) < 2 {
		return 0
	}
	gaps := make([]time.Duration, 0, len(units)-1)
	for i := 1; i < len(units); i++ {
		gaps = append(gaps, max(0, units[i].Start-units[i-1].End))
	}
	middle := median(gaps)
	for i := range gaps {
		gaps[i] = (gaps[i] - middle).Abs()
	}
	return middle + 2*median(gaps)
}

// median sorts its argument.
func median(spans []time.Duration) time.Duration {
	slices.Sort(spans)
	return spans[len(spans)/2]
}

// within returns the shots that begin inside a span; the video's first shot
// begins nothing.
func within(shots []models.Shot, from, to time.Duration) []models.Shot {
	byStart := func(s models.Shot, at time.Duration) int { return int(s.Start - at) }
	first, _ := slices.BinarySearchFunc(shots, max(from, 1), byStart)
	last, _ := slices.BinarySearchFunc(shots, max(from, to)+1, byStart)
	return shots[first:max(first, last)]
}

// weightOf tells how much of a break a change of picture is. Editors keep fades
// for the end of a part.
func weightOf(s models.Shot) float64 {
	switch s.Transition {
	case models.TransitionFade:
		return 1
	case models.TransitionDissolve:
		return 0.7
	default:
		return 0.6
	}
}
