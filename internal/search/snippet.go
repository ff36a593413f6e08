package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/store"
)

// Part is a run of a snippet, all of it hit or none.
type Part struct {
	Text string
	Hit  bool
}

// snippetBytes is how long a snippet is about. Captions are shorter.
const snippetBytes = 320

// span is some bytes of a text.
type span struct{ start, end int }

// find returns where phrases stand in a text, in order, without overlaps.
func find(s string, phrases []store.Phrase) []span {
	tokens := text.Tokens(s)
	var found []span
	for _, p := range phrases {
		for i := range tokens {
			if standsAt(tokens[i:], p) {
				found = append(found, span{tokens[i].Start, tokens[i+len(p.Terms)-1].End})
			}
		}
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	return merge(found)
}

// standsAt tells whether tokens begin with a phrase, as the store understands it.
func standsAt(tokens []text.Token, p store.Phrase) bool {
	if len(tokens) < len(p.Terms) {
		return false
	}
	for i, term := range p.Terms {
		mayGoOn := p.Prefix && i == len(p.Terms)-1
		if found := tokens[i].Term; found != term && (!mayGoOn || !strings.HasPrefix(found, term)) {
			return false
		}
	}
	return true
}

// merge joins spans that overlap or touch. They come in order of their start.
func merge(spans []span) []span {
	var merged []span
	for _, s := range spans {
		if n := len(merged); n > 0 && s.start <= merged[n-1].end {
			merged[n-1].end = max(merged[n-1].end, s.end)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// snippet cuts a text to the part around its first hit and marks the hits.
// Joined, the parts are the text, with an ellipsis where it was cut.
func snippet(s string, hits []span) []Part {
	var parts []Part
	add := func(text string, hit bool) {
		if text != "" {
			parts = append(parts, Part{text, hit})
		}
	}
	w := window(s, hits)
	at := w.start
	if at > 0 {
		add("…", false)
	}
	for _, h := range hits {
		if h.start < at || h.end > w.end {
			continue
		}
		add(s[at:h.start], false)
		add(s[h.start:h.end], true)
		at = h.end
	}
	add(s[at:w.end], false)
	if w.end < len(s) {
		add("…", false)
	}
	return parts
}

// window chooses what to show of a text: all of it if it is short, else about
// snippetBytes with the first hit a third of the way in, cut between words
// where there are any nearby, and never through a hit.
func window(s string, hits []span) span {
	if len(s) <= snippetBytes {
		return span{0, len(s)}
	}
	var first span
	if len(hits) > 0 {
		first = hits[0]
	}
	var w span
	if w.start = first.start - snippetBytes/3; w.start > 0 {
		w.start = wordStart(s, w.start, first.start)
	} else {
		w.start = 0
	}
	w.end = min(len(s), max(first.end, w.start+snippetBytes))
	for _, h := range hits {
		if h.start < w.end {
			w.end = max(w.end, h.end)
		}
	}
	w.end = wordEnd(s, w.end)
	return w
}

// wordStart is the first place after at, and not after limit, where a word begins.
func wordStart(s string, at, limit int) int {
	if space := strings.IndexByte(s[at:limit], ' '); space >= 0 {
		return at + space + 1
	}
	for at < limit && !utf8.RuneStart(s[at]) {
		at++
	}
	return at
}

// wordEnd is a place soon after at where a word ends, else where a character does.
func wordEnd(s string, at int) int {
	if space := strings.IndexByte(s[at:min(len(s), at+40)], ' '); space >= 0 {
		return at + space
	}
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return at
}
