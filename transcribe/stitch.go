package transcribe

import (
	"strings"
	"time"
	"unicode"

	"github.com/cuepoint/cuepoint/models"
)

// stitcher joins what was heard in windows that overlap: each word goes to the
// window whose own part of the sound its middle lies in.
type stitcher struct {
	before []models.Word // of the window before
}

// add takes what was heard in the next window, with times from its start, and
// returns what is the window's own, with times of the stream. Words are kept
// or left one by one; a segment without words is kept or left as a whole.
func (s *stitcher) add(w window, heard []models.Segment) []models.Segment {
	placed := make([]models.Segment, len(heard))
	var words []models.Word
	for i, segment := range heard {
		placed[i] = place(segment, w)
		words = append(words, units(placed[i])...)
	}
	from, to := at(w.keepFrom), at(w.keepTo)
	if w.start < w.keepFrom {
		from = seam(s.before, words, from)
	}
	if w.keepTo == w.end() {
		to++ // what ends with the window is its own
	}
	s.before = words

	var own []models.Segment
	for _, segment := range placed {
		if segment, ok := keep(segment, from, to); ok {
			own = append(own, segment)
		}
	}
	return own
}

// seam returns the time from which words are the later of two windows' own.
// That is the cut between them, unless they disagree by a little about when the
// word at the cut was said: it must be neither lost nor doubled.
func seam(before, after []models.Word, cut time.Duration) time.Duration {
	keptBefore, leftBefore := split(before, cut)
	leftAfter, keptAfter := split(after, cut)
	switch {
	case same(last(keptBefore), first(keptAfter)):
		return middle(keptAfter[0]) + 1
	case same(first(leftBefore), last(leftAfter)):
		return middle(leftAfter[len(leftAfter)-1])
	}
	return cut
}

// split divides words at the first whose middle is not before t.
func split(words []models.Word, t time.Duration) (before, after []models.Word) {
	for i, word := range words {
		if middle(word) >= t {
			return words[:i], words[i:]
		}
	}
	return words, nil
}

func first(words []models.Word) *models.Word {
	if len(words) == 0 {
		return nil
	}
	return &words[0]
}

func last(words []models.Word) *models.Word {
	if len(words) == 0 {
		return nil
	}
	return &words[len(words)-1]
}

// same tells whether two windows heard one and the same word: equal letters,
// and half of the shorter in common.
func same(a, b *models.Word) bool {
	if a == nil || b == nil || !strings.EqualFold(letters(a.Text), letters(b.Text)) {
		return false
	}
	common := min(a.End, b.End) - max(a.Start, b.Start)
	return 2*common >= min(a.End-a.Start, b.End-b.Start)
}

// letters is a word without the punctuation around it, which depends on what
// else was heard.
func letters(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
}

func middle(w models.Word) time.Duration { return (w.Start + w.End) / 2 }

// units are a segment's words, or the segment as one.
func units(s models.Segment) []models.Word {
	if len(s.Words) > 0 {
		return s.Words
	}
	return []models.Word{{Text: s.Text, Start: s.Start, End: s.End}}
}

// place moves a segment to its time in the stream, within its window.
func place(s models.Segment, w window) models.Segment {
	offset, end := at(w.start), at(w.end())
	move := func(t time.Duration) time.Duration { return min(max(t+offset, offset), end) }
	s.Start, s.End = move(s.Start), move(s.End)
	words := make([]models.Word, len(s.Words))
	for i, word := range s.Words {
		word.Start, word.End = move(word.Start), move(word.End)
		words[i] = word
	}
	s.Words = words
	return s
}

// keep returns the part of a segment that was said in [from, to).
func keep(s models.Segment, from, to time.Duration) (models.Segment, bool) {
	own := func(w models.Word) bool { return from <= middle(w) && middle(w) < to }
	if len(s.Words) == 0 {
		return s, own(units(s)[0])
	}
	lo, hi := 0, len(s.Words)
	for lo < hi && !own(s.Words[lo]) {
		lo++
	}
	for hi > lo && !own(s.Words[hi-1]) {
		hi--
	}
	if lo == hi {
		return s, false
	}
	return part(s, lo, hi), true
}

// part returns the segment of the words [lo, hi) of s, with its text as s has it.
func part(s models.Segment, lo, hi int) models.Segment {
	if lo == 0 && hi == len(s.Words) {
		return s
	}
	p := s
	p.Words = s.Words[lo:hi]
	p.Text = strings.TrimSpace(textOf(s, lo, hi))
	if lo > 0 {
		p.Start = p.Words[0].Start
	}
	if hi < len(s.Words) {
		p.End = p.Words[len(p.Words)-1].End
	}
	return p
}

// textOf cuts the words [lo, hi) out of a segment's text: how words are joined
// depends on the language.
func textOf(s models.Segment, lo, hi int) string {
	from, end := 0, 0
	for i, word := range s.Words[:hi] {
		at := strings.Index(s.Text[end:], word.Text)
		if at < 0 {
			return join(s.Words[lo:hi])
		}
		if i == lo {
			from = end + at
		}
		end += at + len(word.Text)
	}
	return s.Text[from:end]
}

func join(words []models.Word) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = word.Text
	}
	return strings.Join(texts, " ")
}
