package text

import (
	"math"
	"slices"
)

// Cohesion tells how well stretches of a text hang together by their words: the
// lexical cohesion that TextTiling (Hearst 1997) measures around a point, here
// as the likelihood of a whole stretch, after Eisenstein and Barzilay,
// "Bayesian Unsupervised Topic Segmentation" (EMNLP 2008).
//
// Each stretch is taken to draw its words from a distribution of its own, with
// a Dirichlet prior around the text's distribution. A word that recurs within
// a stretch more than in the rest speaks for it; words that occur once, or
// everywhere alike, speak for nothing. Nothing in it depends on the language.
type Cohesion struct {
	units  [][]int   // term numbers by unit
	weight []float64 // by term: how much its occurrences count
	prior  []float64 // by term: its pseudo-counts
	sum    float64   // of prior
	base   []float64 // by unit: its log likelihood under the text's distribution
}

// burstiness, times the root of the text's words, is the sum of the
// pseudo-counts: after so many words a stretch's own counts weigh as much as the
// text's. Longer texts have longer topics, in which a word that comes twice says
// less. The value was chosen on one half of the topics in
// analyzer/stages/testdata and is as good on the other.
const burstiness = 8

// NewCohesion takes the terms of each unit (a sentence or caption), stop words
// left out.
func NewCohesion(units [][]string) *Cohesion {
	c := &Cohesion{}
	number := map[string]int{}
	var count, spread []float64 // by term: occurrences, and units it occurs in
	for _, unit := range units {
		ids := make([]int, len(unit))
		for i, term := range unit {
			id, ok := number[term]
			if !ok {
				id = len(count)
				number[term] = id
				count, spread = append(count, 0), append(spread, 0)
			}
			ids[i] = id
			count[id]++
			if !slices.Contains(ids[:i], id) {
				spread[id]++
			}
		}
		c.units = append(c.units, ids)
	}
	c.weigh(count, spread)
	return c
}

// weigh sets weights by inverse document frequency, with units as documents,
// and the prior and base likelihood that follow from them.
func (c *Cohesion) weigh(count, spread []float64) {
	n := float64(len(c.units))
	var total float64
	c.weight = make([]float64, len(count))
	for id := range count {
		c.weight[id] = math.Log(1+n/spread[id]) / math.Log(1+n)
		total += count[id] * c.weight[id]
	}
	c.prior = make([]float64, len(count))
	share := make([]float64, len(count))
	for id := range count {
		share[id] = count[id] * c.weight[id] / total
		c.prior[id] = burstiness * math.Sqrt(total) * share[id]
		c.sum += c.prior[id]
	}
	c.base = make([]float64, len(c.units))
	for i, unit := range c.units {
		for _, id := range unit {
			c.base[i] += c.weight[id] * math.Log(share[id])
		}
	}
}

// Len is the number of units.
func (c *Cohesion) Len() int { return len(c.units) }

// Backwards visits the stretches that end before unit end, growing from its
// last unit to the start, with how much likelier, in nats, their words are as
// one topic than as a sample of the whole text. It stops when visit returns
// false. Growing a stretch by a unit takes time in proportion to the unit.
func (c *Cohesion) Backwards(end int, visit func(start int, gain float64) bool) {
	seen := map[int]float64{}
	var likelihood, words, base float64
	for start := end - 1; start >= 0; start-- {
		for _, id := range c.units[start] {
			w := c.weight[id]
			likelihood += rising(c.prior[id]+seen[id], w)
			seen[id] += w
			words += w
		}
		base += c.base[start]
		if !visit(start, likelihood-rising(c.sum, words)-base) {
			return
		}
	}
}

// rising is the logarithm of the rising factorial x(x+1)…, by n steps that
// need not be whole: the log of Γ(x+n)/Γ(x).
func rising(x, n float64) float64 {
	if n == 0 {
		return 0
	}
	a, _ := math.Lgamma(x + n)
	b, _ := math.Lgamma(x)
	return a - b
}
