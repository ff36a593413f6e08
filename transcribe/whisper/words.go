package whisper

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
)

// token is a piece of text that the model said: bytes, not always whole
// characters, with a space before it where a word begins.
type token struct {
	text       string
	start, end time.Duration
	p          float64 // probability
}

// segment joins tokens to a segment said from start until end. spaced tells
// whether the language writes spaces between words; where it does not, each
// token that ends a character ends a word, as Whisper's own word times do. It
// has no text where the tokens have none.
func segment(tokens []token, start, end time.Duration, spaced bool) models.Segment {
	s := models.Segment{Start: start, End: end}
	var text strings.Builder
	sum := 0.0
	for len(tokens) > 0 {
		n := wordLength(tokens, spaced)
		if w := word(tokens[:n]); w.Text != "" {
			w.Start = min(max(w.Start, start), end)
			w.End = min(max(w.End, w.Start), end)
			start = w.End // the next begins no earlier
			s.Words = append(s.Words, w)
		}
		for _, t := range tokens[:n] {
			text.WriteString(t.text)
			sum += t.p
			s.Confidence++
		}
		tokens = tokens[n:]
	}
	if s.Confidence > 0 {
		s.Confidence = sum / s.Confidence
	}
	s.Text = clean(text.String())
	return s
}

// wordLength is how many of the tokens the first word takes.
func wordLength(tokens []token, spaced bool) int {
	said := tokens[0].text
	for i, t := range tokens[1:] {
		if spaced && strings.HasPrefix(t.text, " ") || !spaced && utf8.ValidString(said) && !punctuation(t.text) {
			return i + 1
		}
		said += t.text
	}
	return len(tokens)
}

func word(tokens []token) models.Word {
	w := models.Word{Start: tokens[0].start, End: tokens[len(tokens)-1].end}
	for _, t := range tokens {
		w.Text += t.text
		w.Confidence += t.p / float64(len(tokens))
	}
	w.Text = clean(w.Text)
	return w
}

func punctuation(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	return size == len(text) && unicode.IsPunct(r)
}

// clean makes valid text of what tokens said: a character may be missing bytes.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// spaced tells whether a language, in Whisper's code, puts spaces between words.
func spaced(language string) bool {
	switch language {
	case "zh", "ja", "th", "lo", "my", "yue":
		return false
	}
	return true
}
