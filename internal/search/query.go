package search

import (
	"strings"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// MaxQuery is how many bytes a query may have.
const MaxQuery = 1024

// parse reads a query: what stands in quotes is one phrase, every other word
// is one of its own, and nothing else is syntax. A word that the analysis
// splits ("H.264", "東京都") is a phrase of its tokens. INVALID_ARGUMENT where
// there is no word or too much.
func parse(query string) ([]store.Phrase, error) {
	if len(query) > MaxQuery {
		return nil, models.Errorf(models.CodeInvalidArgument, "the query has %d bytes, at most %d are possible: leave out some words", len(query), MaxQuery)
	}
	if !utf8.ValidString(query) {
		return nil, models.Errorf(models.CodeInvalidArgument, "the query is not valid UTF-8; type it again")
	}
	var phrases []store.Phrase
	seen := map[string]bool{}
	for _, words := range split(query) {
		p, ok := phraseOf(words)
		if key := strings.Join(p.Terms, " "); ok && !seen[key] {
			seen[key] = true
			phrases = append(phrases, p)
		}
	}
	if len(phrases) == 0 {
		return nil, models.Errorf(models.CodeInvalidArgument, "the query holds no word to look for; type one")
	}
	return phrases, nil
}

// split cuts a query at its quotes, and at spaces outside of them. A quote
// without a partner is a space.
func split(query string) []string {
	var parts []string
	pieces := strings.Split(strings.Map(straight, query), `"`)
	for i, piece := range pieces {
		if quoted := i%2 == 1 && i < len(pieces)-1; quoted {
			parts = append(parts, piece)
		} else {
			parts = append(parts, strings.Fields(piece)...)
		}
	}
	return parts
}

// straight makes every double quote of the world's keyboards a plain one.
func straight(r rune) rune {
	switch r {
	case '“', '”', '„', '‟', '«', '»', '＂', '〝', '〞', '〟':
		return '"'
	}
	return r
}

// phraseOf is the phrase of some words. ok is false where there are none.
func phraseOf(words string) (p store.Phrase, ok bool) {
	tokens := text.Tokens(words)
	if len(tokens) == 0 {
		return p, false
	}
	for _, t := range tokens {
		p.Terms = append(p.Terms, t.Term)
	}
	// The character that ends a run says nothing of the one after it.
	p.Prefix = tokens[len(tokens)-1].Open
	return p, true
}
