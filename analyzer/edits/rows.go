package edits

import (
	"slices"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// rows are the cues that an edit puts in the place of those that it covers.
func (o *Overlay) rows(e *models.Edit) []models.Cue {
	var all []models.Cue
	if e.Change.Action == models.EditRename {
		for _, c := range e.Covers {
			if c, err := speaking(c, e.Change.To); err == nil {
				c.Edit = e.ID
				all = append(all, c)
			}
		}
		return all
	}
	for _, made := range e.Change.After {
		made.Edit = e.ID
		if len(e.Covers) > 0 {
			made = o.row(e, made)
		}
		all = append(all, made)
	}
	return all
}

// row is what an edit made, as it is over the cues that it covers now: what its
// author did not say is theirs.
func (o *Overlay) row(e *models.Edit, made models.Cue) models.Cue {
	c, set, first := made, e.Change.Set, e.Covers[0]
	c.Stage, c.Provenance = first.Stage, first.Provenance
	was, is := spanOf(e.Change.Before), spanOf(e.Covers)
	c.Start, c.End = is.start, is.end
	if set.Start {
		c.Start = o.clamp(is.from(was, made.Start))
	}
	if set.End {
		c.End = o.clamp(is.from(was, made.End))
	}
	if c.End <= c.Start {
		c.Start, c.End = is.start, is.end
	}
	c.Confidence = 1
	if !set.Text {
		c.Text = joined(e.Covers)
		for _, covered := range e.Covers {
			c.Confidence = min(c.Confidence, covered.Confidence)
		}
	}
	if o.Kind != models.CueSpeech {
		c.Data = first.Data
		return c
	}
	return spoken(c, made, e)
}

// spoken fills in what a segment knows besides.
func spoken(c, made models.Cue, e *models.Edit) models.Cue {
	d, err := e.Covers[0].Speech()
	if err != nil {
		return c // as it was made
	}
	if own, err := made.Speech(); err == nil && e.Change.Set.Speaker {
		d.Speaker = own.Speaker
	}
	d.Words = nil
	for _, covered := range e.Covers {
		said, err := covered.Speech()
		if err != nil || len(said.Words) == 0 {
			return c.WithSpeech(d)
		}
		d.Words = append(d.Words, said.Words...)
	}
	if e.Change.Action == models.EditSplit {
		d.Words = slices.DeleteFunc(d.Words, func(w models.Word) bool {
			middle := (w.Start + w.End) / 2
			return middle < c.Start || middle >= c.End
		})
	}
	if e.Change.Set.Text {
		d.Words = align(c.Text, d.Words, c.Start, c.End)
	}
	for i := range d.Words {
		w := &d.Words[i]
		w.Start, w.End = min(max(w.Start, c.Start), c.End), min(max(w.End, c.Start), c.End)
	}
	return c.WithSpeech(d)
}

// joined is what several cues say.
func joined(cues []models.Cue) string {
	var texts []string
	for _, c := range cues {
		texts = append(texts, strings.TrimSpace(c.Text))
	}
	return strings.TrimSpace(strings.Join(texts, " "))
}

// span is the time that cues take.
type span struct{ start, end time.Duration }

func spanOf(cues []models.Cue) span {
	var s span
	for i, c := range cues {
		if i == 0 {
			s = span{c.Start, c.End}
		}
		s.start, s.end = min(s.start, c.Start), max(s.end, c.End)
	}
	return s
}

func (s span) length() time.Duration { return s.end - s.start }

// from is the time in s of what was at a time in another span.
func (s span) from(was span, at time.Duration) time.Duration {
	switch {
	case was == s || was == span{}:
		return at
	case at <= was.start:
		return at - was.start + s.start
	case at >= was.end:
		return at - was.end + s.end
	}
	return s.start + time.Duration(float64(at-was.start)*float64(s.length())/float64(was.length()))
}

// clamp bounds a time to the video.
func (o *Overlay) clamp(at time.Duration) time.Duration {
	if o.Duration > 0 {
		at = min(at, o.Duration)
	}
	return max(at, 0)
}
