package text

import (
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/tamil"
)

// stem returns the stem of a folded word, and the word itself where its script
// has no stemmer or where it is no plain word of that script ("mp4").
func stem(word string) string {
	env := snowballstem.NewEnv(word)
	switch script(word) {
	case unicode.Latin:
		english.Stem(env)
	case unicode.Cyrillic:
		russian.Stem(env)
	case unicode.Arabic:
		arabic.Stem(env)
	case unicode.Tamil:
		tamil.Stem(env)
	}
	if env.Current() == "" {
		return word
	}
	return env.Current()
}

// script is the script that all of a word is written in, of those that have a
// stemmer, or nil.
func script(word string) *unicode.RangeTable {
	var all *unicode.RangeTable
	for _, r := range word {
		var own *unicode.RangeTable
		switch {
		case unicode.Is(unicode.Latin, r):
			own = unicode.Latin
		case unicode.Is(unicode.Cyrillic, r):
			own = unicode.Cyrillic
		case unicode.Is(unicode.Arabic, r):
			own = unicode.Arabic
		case unicode.Is(unicode.Tamil, r):
			own = unicode.Tamil
		}
		if own == nil || all != nil && all != own {
			return nil
		}
		all = own
	}
	return all
}
