package chapters

import (
	"math"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Cohesion says how well stretches of units hang together; see
// [text.Cohesion.Backwards] for an implementation.
type Cohesion interface {
	// Backwards visits the stretches that end before unit end, from the
	// shortest on, with what speaks for each being one topic, in nats, until
	// visit returns false.
	Backwards(end int, visit func(start int, gain float64) bool)
}

// Input is what a video has to divide it by. Units and Shots are in order of
// time and may be empty; Cohesion is over the units, and not asked where there
// are none.
type Input struct {
	Duration time.Duration
	Units    []Unit
	Shots    []models.Shot
	Cohesion Cohesion
}

// Part is a chapter without a title. Its units are those from First to before
// Last.
type Part struct {
	models.Chapter
	First, Last int
}

// What a boundary's evidence weighs against the gain in cohesion, in nats, and
// what a boundary costs besides the choice among the places for it.
const (
	pauseWeight  = 6.0
	shotWeight   = 3.0
	boundaryCost = 1.0
)

// Divide finds the division whose parts hang together best, whose boundaries
// have the best evidence, and whose lengths suit the video: the maximum over
// all divisions, by dynamic programming, as Utiyama and Isahara do for text
// alone ("A Statistical Model for Domain-Independent Text Segmentation", ACL
// 2001). The parts are contiguous from 0 to the duration. A video that is too
// short, or that has nothing to divide it by, is one part; one without any
// duration is none.
func Divide(in Input) []Part {
	if in.Duration <= 0 {
		return nil
	}
	bounds := boundsFor(in.Duration, len(in.Units) > 0)
	g := newGrid(in, bounds)
	natural := boundaryCost + g.choice()
	cuts := g.best(natural)
	// Too many or too few for such a video: let boundaries cost more or less.
	low, high := -100.0, 1000.0
	switch {
	case len(cuts) > bounds.most-1:
		low = natural
	case len(cuts) < bounds.least-1:
		high = natural
	default:
		return g.parts(cuts)
	}
	for range 24 {
		cost := (low + high) / 2
		if cuts = g.best(cost); len(cuts) > bounds.most-1 {
			low = cost
		} else if len(cuts) < bounds.least-1 {
			high = cost
		} else {
			break
		}
	}
	return g.parts(cuts)
}

// bounds are what suits a video of some length.
type bounds struct {
	minimum     time.Duration // of a chapter
	usual       time.Duration
	longest     time.Duration // that is considered where there is a choice
	least, most int           // chapters
}

// boundsFor lets chapters grow with the video, as people make them: some ten
// seconds in a clip of a minute, three to eight minutes in a long talk.
// Pictures alone say less than words, and are divided into a usual number.
func boundsFor(duration time.Duration, spoken bool) bounds {
	const shortest, long = 9 * time.Second, 180 * time.Second
	grown := time.Duration(float64(shortest) * math.Pow(duration.Seconds()/90, 0.8))
	short := min(max(grown, shortest), long)
	upper := min(max(4*short, 150*time.Second), 480*time.Second)
	b := bounds{
		minimum: min(max(short*6/10, 8*time.Second), time.Minute),
		usual:   time.Duration(math.Sqrt(float64(short) * float64(upper))),
		longest: 3 * upper,
		least:   max(1, int(duration/upper)),
		most:    max(1, int(duration/short)),
	}
	if !spoken {
		b.usual = 2 * short
		b.least = max(1, int((duration+b.usual/2)/b.usual))
		b.most = b.least
	}
	return b
}

// grid is all possible parts with what speaks for each. Place 0 is the start of
// the video, the last place its end, those between are candidates.
type grid struct {
	places []candidate
	worth  [][]float64 // worth[j][k]: of the part from place j-1-k to place j
	gain   [][]float64 // the part of worth that is cohesion
	bounds bounds
}

func newGrid(in Input, b bounds) *grid {
	g := &grid{bounds: b, places: []candidate{{}}}
	g.places = append(g.places, findCandidates(in, b.minimum)...)
	g.places = append(g.places, candidate{at: in.Duration, unit: len(in.Units)})
	g.worth = make([][]float64, len(g.places))
	g.gain = make([][]float64, len(g.places))
	for j := 1; j < len(g.places); j++ {
		gains := g.gains(in, j)
		g.gain[j] = gains
		g.worth[j] = make([]float64, len(gains))
		for k, gain := range gains {
			g.worth[j][k] = gain + g.lengthPrior(g.places[j].at-g.places[j-1-k].at)
		}
	}
	return g
}

// choice is how unlikely a chance boundary would be at any one place: the
// logarithm of the number of places per chapter of usual length.
func (g *grid) choice() float64 {
	chapters := float64(g.places[len(g.places)-1].at) / float64(g.bounds.usual)
	return math.Log(max(1, float64(len(g.places))/max(1, chapters)))
}

// gains asks for the cohesion of the parts that end at place j, back to the
// first place that leaves no choice.
func (g *grid) gains(in Input, j int) []float64 {
	end := g.places[j]
	var gains []float64
	// take adds the parts that begin before unit start, and says whether to go on.
	take := func(start int, gain float64) bool {
		for i := j - 1 - len(gains); i >= 0 && g.places[i].unit >= start; i-- {
			if length := end.at - g.places[i].at; length > g.bounds.longest && len(gains) > 0 &&
				end.at-g.places[i+1].at >= g.bounds.minimum {
				return false
			}
			gains = append(gains, gain)
		}
		return len(gains) < j
	}
	if take(end.unit, 0) && end.unit > 0 {
		in.Cohesion.Backwards(end.unit, take)
	}
	return gains
}

// lengthPrior is the logarithm of a log-normal density around the usual length,
// but for a constant.
func (g *grid) lengthPrior(length time.Duration) float64 {
	const spread = 0.9
	if length < g.bounds.minimum {
		return math.Inf(-1)
	}
	d := math.Log(float64(length)/float64(g.bounds.usual)) / spread
	return -d * d / 2
}

// best returns the places, without the two ends, of the best division where
// each boundary costs cost.
func (g *grid) best(cost float64) []int {
	n := len(g.places)
	score, from := make([]float64, n), make([]int, n)
	for j := 1; j < n; j++ {
		score[j] = math.Inf(-1)
		for k, worth := range g.worth[j] {
			i := j - 1 - k
			s := score[i] + worth
			if i > 0 {
				s += pauseWeight*g.places[i].pause + shotWeight*g.places[i].shot - cost
			}
			if s > score[j] {
				score[j], from[j] = s, i
			}
		}
	}
	var cuts []int
	for j := from[n-1]; j > 0; j = from[j] {
		cuts = append(cuts, j)
	}
	for i, j := 0, len(cuts)-1; i < j; i, j = i+1, j-1 {
		cuts[i], cuts[j] = cuts[j], cuts[i]
	}
	return cuts
}
