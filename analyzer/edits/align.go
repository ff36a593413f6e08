package edits

import (
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
)

// maxAligned bounds the words that are aligned one by one, which takes the
// square of their number.
const maxAligned = 1000

// align gives the words of a text times: those that were spoken before keep
// theirs, what is new shares the time between them. It returns none where that
// says nothing, as for a text without spaces.
func align(s string, spoken []models.Word, start, end time.Duration) []models.Word {
	fields := strings.Fields(s)
	spaced := len(text.Tokens(s)) <= 2*len(fields)
	if len(spoken) == 0 || !spaced || max(len(fields), len(spoken)) > maxAligned {
		return nil
	}
	words := make([]models.Word, len(fields))
	from := start
	next := 0 // the first word that has no time yet
	for _, p := range common(fields, spoken) {
		old := spoken[p.old]
		spread(words[next:p.new], fields[next:p.new], from, old.Start)
		words[p.new] = models.Word{Text: fields[p.new], Start: old.Start, End: old.End, Confidence: old.Confidence}
		from, next = old.End, p.new+1
	}
	spread(words[next:], fields[next:], from, end)
	return words
}

// spread lets words share a time.
func spread(words []models.Word, fields []string, from, to time.Duration) {
	step := max(to-from, 0) / time.Duration(max(len(words), 1))
	for i := range words {
		at := from + time.Duration(i)*step
		words[i] = models.Word{Text: fields[i], Start: at, End: at + step, Confidence: 1}
	}
}

// pair is a word that is in both of two texts.
type pair struct{ new, old int }

// common is a longest common subsequence of words, whatever their case and
// punctuation.
func common(fields []string, spoken []models.Word) []pair {
	a, b := make([]string, len(fields)), make([]string, len(spoken))
	for i, field := range fields {
		a[i] = text.Terms(field)
	}
	for i, word := range spoken {
		b[i] = text.Terms(word.Text)
	}
	longest := make([][]int, len(a)+1) // of what begins at i and j
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var pairs []pair
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, pair{i, j})
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
