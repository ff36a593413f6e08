package edits

import (
	"slices"
	"sort"
	"time"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
)

// How alike what an edit was made on and what it is laid over have to be.
const (
	// reach is how far the same words may have moved.
	reach = time.Minute
	// kept is how much of the words that were edited has to be there yet.
	kept = 0.5
	// covered is how much of the words that would be hidden has to be known from
	// the edit: little that is new gets lost from sight.
	covered = 0.6
	// slack is how far a chapter may have moved and still be the same one,
	// whatever its title.
	slack = 5 * time.Second
	// apart is how far the beginnings of chapters are from each other, at least.
	apart = time.Second
)

// place finds what an edit is to be laid over. An addition needs nothing.
func (o *Overlay) place(e *models.Edit) (at []int, ok bool) {
	switch c := e.Change; c.Action {
	case models.EditRename:
		at = o.spokenBy(c.From)
		return at, len(at) > 0
	case models.EditAdd:
		if o.Kind == models.CueChapter {
			at = o.beginning(c.After[0].Start)
		}
		return at, true
	default:
		if at = o.find(c.Before); at == nil {
			at = o.search(c)
		}
		return at, at != nil
	}
}

// beginning is the chapter of a stage that begins nearest to a time, if one does.
func (o *Overlay) beginning(at time.Duration) (found []int) {
	nearest := apart
	for i, c := range o.Cues {
		if d := (c.Start - at).Abs(); c.Edit == "" && d < nearest {
			found, nearest = []int{i}, d
		}
	}
	return found
}

// search returns the cues that say most nearly what was edited; nil for none.
// What other edits say is not looked at, unless it was one of them.
func (o *Overlay) search(c models.EditChange) (best []int) {
	was := spanOf(c.Before)
	said := [][]string{o.words(c.Before), o.words(c.After)}
	most := 0.0
	begin := sort.Search(len(o.Cues), func(i int) bool { return o.Cues[i].Start >= was.start-reach })
	for i := begin; i < len(o.Cues) && o.Cues[i].Start <= was.start+reach; i++ {
		for j := i; j < len(o.Cues) && o.free(j, c.Before); j++ {
			run := o.Cues[i : j+1]
			if o.Kind == models.CueChapter && len(run) > len(c.Before) {
				break
			}
			hidden := o.words(run)
			if score := fit(run, hidden, was, said); score > most {
				best, most = indices(i, j), score
			}
			if len(hidden) > 2*max(len(said[0]), len(said[1]), 1) {
				break // and more would only fit less
			}
		}
	}
	return best
}

// free tells whether an edit on some cues may be laid over the i-th.
func (o *Overlay) free(i int, before []models.Cue) bool {
	return o.Cues[i].Edit == "" || o.renames[o.Cues[i].Edit] || slices.ContainsFunc(before, func(c models.Cue) bool { return c.ID == o.Cues[i].ID })
}

func indices(from, to int) (all []int) {
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}

// fit tells how well a run of cues fits what was edited: 0 where it does not,
// and more the more alike they are and the nearer.
func fit(run []models.Cue, hidden []string, was span, said [][]string) float64 {
	is := spanOf(run)
	away := (is.start - was.start).Abs()
	together := min(is.end, was.end) - max(is.start, was.start)
	all := max(is.end, was.end) - min(is.start, was.start)
	near := max(0, together.Seconds()) / max(all.Seconds(), 1e-9)
	score := 1 + near - away.Seconds()/reach.Seconds()
	if run[0].Kind == models.CueChapter && away < slack {
		return score + 5 // sooner than the same words elsewhere
	}
	alike := 0.0
	for _, words := range said {
		same := shared(hidden, words)
		switch {
		case slices.Equal(hidden, words) && len(words) > 0:
			alike = 1
		case together > 0 && same >= kept*float64(len(words)) && same >= covered*float64(len(hidden)) && same > 0:
			alike = max(alike, same/float64(len(words))*same/float64(len(hidden)))
		}
	}
	if alike == 0 {
		return 0
	}
	return score + 4*alike // what is said counts for more than when
}

// shared is how many words two texts share.
func shared(a, b []string) float64 {
	count := map[string]int{}
	for _, word := range a {
		count[word]++
	}
	n := 0
	for _, word := range b {
		if count[word] > 0 {
			count[word]--
			n++
		}
	}
	return float64(n)
}

// words are the words of cues.
func (o *Overlay) words(cues []models.Cue) (all []string) {
	if o.split == nil {
		o.split = map[string][]string{}
	}
	for _, c := range cues {
		words, known := o.split[c.Text]
		if !known {
			for _, t := range text.Tokens(c.Text) {
				words = append(words, t.Word)
			}
			o.split[c.Text] = words
		}
		all = append(all, words...)
	}
	return all
}
