package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold passes the folded runes of s to emit, each with the bytes of s that it
// came from. One character may become several runes ("æ", "½"), which then
// share their origin, and a character with its marks may become one.
func fold(s string, emit func(r rune, start, end int)) {
	for start := 0; start < len(s); {
		end := start + 1
		if s[start] >= utf8.RuneSelf || end < len(s) && s[end] >= utf8.RuneSelf {
			end = start + norm.NFKC.NextBoundaryInString(s[start:], true)
		}
		for _, r := range foldSegment(s[start:end]) {
			emit(r, start, end)
		}
		start = end
	}
}

// Fold is s in the form in which texts are compared where case and marks do not
// count: see the package's comment. It is valid UTF-8.
func Fold(s string) string {
	var b strings.Builder
	fold(s, func(r rune, _, _ int) { b.WriteRune(r) })
	return b.String()
}

// foldSegment folds a character with its marks.
func foldSegment(segment string) string {
	if len(segment) == 1 && segment[0] < utf8.RuneSelf {
		return strings.ToLower(segment)
	}
	lower := make([]rune, 0, len(segment))
	for _, r := range norm.NFKC.String(segment) {
		lower = append(lower, unicode.ToLower(r))
	}
	switch base := firstBase(lower); {
	case unicode.In(base, unicode.Latin, unicode.Greek, unicode.Hebrew, unicode.Arabic):
		return plain(norm.NFD.String(string(lower)))
	case unicode.Is(unicode.Cyrillic, base):
		// Composed, so that marks which make letters stay and stress marks go.
		return plain(norm.NFC.String(string(lower)))
	}
	return norm.NFC.String(string(lower))
}

// plain drops the marks of s that are runes of their own, and replaces letters
// that searchers write in another way.
func plain(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if letters, ok := plainLetters[r]; ok {
			out = append(out, []rune(letters)...)
		} else if !unicode.Is(unicode.Mn, r) {
			out = append(out, r)
		}
	}
	return string(out)
}

// firstBase is the first rune that has a script of its own.
func firstBase(segment []rune) rune {
	for _, r := range segment {
		if !unicode.In(r, unicode.Common, unicode.Inherited) {
			return r
		}
	}
	return 0
}

// plainLetters are the letters that no decomposition makes plain.
var plainLetters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ð': "d", 'đ': "d", 'þ': "th",
	'ł': "l", 'ħ': "h", 'ı': "i", 'ŧ': "t", 'ŋ': "n",
	'ς': "σ", // at the end of a word
	'ё': "е",
	'ـ': "", // Arabic tatweel only stretches
}
