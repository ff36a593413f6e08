package text

import (
	"strings"
	"unicode"
)

// Version is raised whenever the same text would give other terms: what is
// indexed must then be indexed again.
const Version = 1

// maxTermRunes bounds a term. A longer word is found by its beginning.
const maxTermRunes = 64

// Token is one word of a text, or one character of a script that is written
// without spaces.
type Token struct {
	// Term is what is indexed and searched: letters, digits and their marks,
	// never empty, without ASCII other than a–z and 0–9.
	Term string
	// Word is the term before stemming.
	Word string
	// Start and End are the token's bytes in the text. They never cut a
	// character, and never run backwards from one token to the next.
	Start, End int
	// Open tells that the token is the last character of a run, whose term is
	// that character alone. In a query it stands for every term it begins.
	Open bool
}

// Tokens returns the tokens of a text in order. It accepts any bytes.
func Tokens(s string) []Token {
	var t tokenizer
	fold(s, t.push)
	t.endWord()
	t.endRun()
	return t.tokens
}

// Terms returns the terms of a text in order, separated by spaces.
func Terms(s string) string {
	var b strings.Builder
	for i, t := range Tokens(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Term)
	}
	return b.String()
}

// tokenizer is pushed folded runes and gathers them to tokens. At any time it
// holds the parts of an unfinished word, or an unfinished run, or neither.
type tokenizer struct {
	tokens []Token
	word   []piece // split at apostrophes
	run    []piece // characters of a script without spaces
}

// piece is some folded text and the bytes it came from.
type piece struct {
	text       []rune
	start, end int
}

func (p *piece) add(r rune, start, end int) {
	if len(p.text) == 0 {
		p.start = start
	}
	if len(p.text) < maxTermRunes {
		p.text = append(p.text, r)
	}
	p.end = end
}

func (t *tokenizer) push(r rune, start, end int) {
	switch {
	case unicode.IsNumber(r), unicode.IsLetter(r) && !apostrophe(r) && !solid(r):
		t.endRun()
		if len(t.word) == 0 {
			t.word = []piece{{}}
		}
		t.word[len(t.word)-1].add(r, start, end)
	case solid(r):
		t.endWord()
		t.run = append(t.run, piece{[]rune{r}, start, end})
	case unicode.IsMark(r):
		t.mark(r, start, end)
	case apostrophe(r) && len(t.word) > 0 && len(t.word[len(t.word)-1].text) > 0:
		t.word = append(t.word, piece{})
	case invisible(r):
	default:
		t.endWord()
		t.endRun()
	}
}

// mark adds a mark to the character before it; on its own it is no text.
func (t *tokenizer) mark(r rune, start, end int) {
	switch {
	case len(t.run) > 0:
		t.run[len(t.run)-1].add(r, start, end)
	case len(t.word) > 0 && len(t.word[len(t.word)-1].text) > 0:
		t.word[len(t.word)-1].add(r, start, end)
	}
}

// endWord makes tokens of the word gathered so far.
func (t *tokenizer) endWord() {
	parts := t.word
	t.word = nil
	if n := len(parts); n > 0 && len(parts[n-1].text) == 0 {
		parts = parts[:n-1] // an apostrophe that ended the word
	}
	if n := len(parts); n > 1 && clitic(string(parts[n-1].text)) {
		parts[n-2].end = parts[n-1].end
		parts = parts[:n-1]
	}
	for len(parts) > 1 && elided(string(parts[0].text)) {
		t.emit(parts[0])
		parts = parts[1:]
	}
	if len(parts) == 0 {
		return
	}
	joined := parts[0]
	for _, p := range parts[1:] {
		for _, r := range p.text {
			joined.add(r, p.start, p.end)
		}
	}
	t.emit(joined)
}

func (t *tokenizer) emit(p piece) {
	word := string(p.text)
	if again := Fold(word); again != "" {
		word = again // a mark that something invisible kept from its letter has met it now
	}
	t.tokens = append(t.tokens, Token{Term: stem(word), Word: word, Start: p.start, End: p.end})
}

// endRun makes a token of each character of the run gathered so far.
func (t *tokenizer) endRun() {
	for i, p := range t.run {
		term := string(p.text)
		last := i == len(t.run)-1
		if !last {
			term += string(t.run[i+1].text)
		}
		t.tokens = append(t.tokens, Token{Term: term, Word: term, Start: p.start, End: p.end, Open: last})
	}
	t.run = nil
}

// clitic tells whether an English word ends before the apostrophe in front of s.
func clitic(s string) bool {
	switch s {
	case "s", "ll", "re", "ve", "d", "m":
		return true
	}
	return false
}

// elided tells whether s, with an apostrophe after it, is a word of its own in
// French, Italian or Catalan.
func elided(s string) bool {
	switch s {
	case "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu",
		"un", "all", "dall", "dell", "nell", "sull", "coll", "quell", "quest", "sant", "bell":
		return true
	}
	return false
}

// apostrophe tells whether r joins the letters around it. Full width is folded.
func apostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', '`', '´':
		return true
	}
	return false
}

// invisible tells whether r, such as a soft hyphen, leaves a word whole. A
// zero-width space does not: it is there to part words.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) && r != '\u200b'
}

// solid tells whether r belongs to a script that is written without spaces, or
// that glues particles to words as Korean does.
func solid(r rune) bool {
	if r < 0x0E00 || !unicode.IsLetter(r) {
		return false
	}
	return r == 'ー' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
