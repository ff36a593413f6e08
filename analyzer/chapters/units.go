package chapters

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
)

// Unit is a stretch of speech that no chapter divides: a sentence, or a caption
// where nothing marks the sentences.
type Unit struct {
	Start, End time.Duration
	Text       string
}

// What bounds a unit besides the end of its sentence.
const (
	unitPause = 1200 * time.Millisecond // nobody pauses so long within a sentence
	unitSpan  = 30 * time.Second
)

// Units divides a transcript. Sentences that run over several captions are put
// together, captions with several sentences taken apart, at the times of their
// words where those are known and by their lengths where not. Lines that
// rolling captions repeat, and notes such as [Music], are left out.
func Units(segments []models.Segment) []Unit {
	words, ends := flatten(segments)
	punctuated := isPunctuated(words)
	var units []Unit
	text := ""
	var start time.Duration
	for i, w := range words {
		if text == "" {
			start = w.Start
		}
		text = join(text, w.Text)
		last := i == len(words)-1
		switch {
		case last:
		case punctuated && endsSentence(w.Text):
		case !punctuated && ends[i]:
		case words[i+1].Start-w.End >= unitPause:
		case words[i+1].End-start > unitSpan:
		default:
			continue
		}
		units = append(units, Unit{Start: start, End: w.End, Text: text})
		text = ""
	}
	return units
}

// flatten lists the words of all segments in order of time, and which of them
// end a segment.
func flatten(segments []models.Segment) (words []models.Word, ends []bool) {
	var before []string // words of the segment before, as shown
	var clock time.Duration
	for i, s := range segments {
		// One that is still shown when the next comes has been said by then.
		if i+1 < len(segments) && segments[i+1].Start > s.Start {
			s.End = min(s.End, segments[i+1].Start)
		}
		timed := wordsOf(s)
		shown := make([]string, len(timed))
		for i, w := range timed {
			shown[i] = w.Text
		}
		if len(s.Words) == 0 {
			timed = timed[repeated(before, shown):]
		}
		if len(shown) > 0 {
			before = shown
		}
		for i, w := range timed {
			w.Start = max(w.Start, clock)
			w.End = max(min(w.End, s.End), w.Start)
			clock = w.End
			words = append(words, w)
			ends = append(ends, i == len(timed)-1)
		}
	}
	return words, ends
}

// wordsOf returns a segment's words, with times in proportion to their lengths
// where it has none.
func wordsOf(s models.Segment) []models.Word {
	if isNote(s.Text) {
		return nil
	}
	if len(s.Words) > 0 {
		words := slices.Clone(s.Words)
		for i := range words {
			words[i].Text = strings.TrimSpace(words[i].Text)
		}
		return slices.DeleteFunc(words, func(w models.Word) bool { return w.Text == "" })
	}
	texts := strings.Fields(separate.Replace(s.Text))
	total := 0
	for _, t := range texts {
		total += utf8.RuneCountInString(t) + 1
	}
	words := make([]models.Word, len(texts))
	span, done := s.End-s.Start, 0
	at := func() time.Duration {
		return s.Start + time.Duration(float64(span)*float64(done)/float64(total))
	}
	for i, t := range texts {
		words[i] = models.Word{Text: t, Start: at()}
		done += utf8.RuneCountInString(t) + 1
		words[i].End = at()
	}
	return words
}

// join puts a word behind others, with a space where their script has one.
func join(text, word string) string {
	last, _ := utf8.DecodeLastRuneInString(text)
	first, _ := utf8.DecodeRuneInString(word)
	if text == "" || unspaced(last) && unspaced(first) {
		return text + word
	}
	return text + " " + word
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer,
		unicode.Myanmar) || strings.ContainsRune("。、！？，：；", r)
}

// separate puts a space behind the full stops of scripts that have none there.
var separate = strings.NewReplacer("。", "。 ", "！", "！ ", "？", "？ ", "।", "। ")

// isNote says whether a caption describes sounds instead of words.
func isNote(text string) bool {
	t := strings.TrimSpace(text)
	for _, pair := range []string{"[]", "()", "♪♪", "（）", "【】"} {
		open, size := utf8.DecodeRuneInString(pair)
		if strings.HasPrefix(t, string(open)) && strings.HasSuffix(t, pair[size:]) {
			return true
		}
	}
	return false
}

// repeated counts the words at the start of next that before ended with.
// One or two may be chance, unless they are all that was shown before.
func repeated(before, next []string) int {
	for n := min(len(before), len(next)); n > 0; n-- {
		if (n >= 3 || n == len(before)) && slices.Equal(before[len(before)-n:], next[:n]) {
			return n
		}
	}
	return 0
}

// isPunctuated says whether sentences are marked, and not just now and then.
func isPunctuated(words []models.Word) bool {
	marked := 0
	for _, w := range words {
		if endsSentence(w.Text) {
			marked++
		}
	}
	return marked*60 >= len(words)
}

func endsSentence(word string) bool {
	word = strings.TrimRight(word, `"'”’»)]`)
	last, size := utf8.DecodeLastRuneInString(word)
	if !strings.ContainsRune(".!?…。！？।؟", last) {
		return false
	}
	// An initial or a short title: "J. Smith", "Dr. Jones".
	rest := word[:len(word)-size]
	return last != '.' || utf8.RuneCountInString(rest) > 1 && !slices.Contains(titles, rest)
}

var titles = []string{"Dr", "Mr", "Mrs", "Ms", "Prof", "St", "vs", "etc", "z.B", "Nr", "Sr", "Sra", "bzw"}
