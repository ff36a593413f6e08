package chapters

import (
	"math"

	"github.com/cuepoint/cuepoint/models"
)

// The kinds of evidence for a chapter's beginning.
const (
	Opening   = "opening"   // the video begins
	Topic     = "topic"     // other words are used from here on
	Pause     = "pause"     // nobody speaks for longer than usual
	Shot      = "shot"      // the picture changes
	Container = "container" // the author put a mark here
)

// parts makes the division at these places.
func (g *grid) parts(cuts []int) []Part {
	cuts = append(append([]int{0}, cuts...), len(g.places)-1)
	parts := make([]Part, 0, len(cuts)-1)
	for n := 0; n+1 < len(cuts); n++ {
		from, to := g.places[cuts[n]], g.places[cuts[n+1]]
		p := Part{First: from.unit, Last: to.unit}
		p.Start, p.End = from.at, to.at
		p.Evidence = []models.Evidence{{Kind: Opening, Score: 1}}
		if n > 0 {
			p.Evidence = g.evidence(cuts[n-1], cuts[n], cuts[n+1])
		}
		p.Confidence = together(p.Evidence)
		parts = append(parts, p)
	}
	return parts
}

// evidence lists what speaks for the boundary at place b between a and c.
func (g *grid) evidence(a, b, c int) []models.Evidence {
	// What the two parts gain by being apart, in nats; 4 are a clear case.
	apart := g.cohesion(a, b) + g.cohesion(b, c) - g.cohesion(a, c)
	found := []models.Evidence{}
	for _, e := range []models.Evidence{
		{Kind: Topic, Score: 1 - math.Exp(-max(0, apart)/4)},
		{Kind: Shot, Score: g.places[b].shot},
		{Kind: Pause, Score: g.places[b].pause},
	} {
		if e.Score = math.Round(e.Score*100) / 100; e.Score >= 0.05 {
			found = append(found, e)
		}
	}
	return found
}

// cohesion is what the units between two places gain by being one topic, 0
// where that is too long a part to have been looked at.
func (g *grid) cohesion(i, j int) float64 {
	if k := j - 1 - i; k < len(g.gain[j]) {
		return g.gain[j][k]
	}
	return 0
}

// together is how sure several pieces of evidence make, taken as independent.
func together(evidence []models.Evidence) float64 {
	doubt := 1.0
	for _, e := range evidence {
		doubt *= 1 - e.Score
	}
	return math.Round((1-doubt)*100) / 100
}
