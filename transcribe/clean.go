package transcribe

import (
	"regexp"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

const (
	// pause splits a segment: a caption must not stand through a silence that
	// the recognizer skipped between two of its words.
	pause = 2 * time.Second
	// repeats is how often in a row the same segment is believed.
	repeats = 2
)

// annotation matches what recognizers write instead of words: "[Music]",
// "(applause)", "♪".
var annotation = regexp.MustCompile(`^(\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫\s\pP])+$`)

// cleaner drops what nobody said: annotations, and the loops that recognizers
// fall into over music and noise.
type cleaner struct {
	text  string // of the segment before
	times int    // it came in a row
}

func (c *cleaner) clean(segments []models.Segment) []models.Segment {
	var kept []models.Segment
	for _, s := range segments {
		if s.Text == "" || annotation.MatchString(s.Text) {
			continue
		}
		if text := strings.ToLower(letters(s.Text)); text != c.text {
			c.text, c.times = text, 0
		}
		if c.times++; c.times > repeats {
			continue
		}
		kept = append(kept, atPauses(s)...)
	}
	return kept
}

// atPauses splits a segment where its words are far apart.
func atPauses(s models.Segment) []models.Segment {
	var parts []models.Segment
	lo := 0
	for i := 1; i < len(s.Words); i++ {
		if s.Words[i].Start-s.Words[i-1].End >= pause {
			parts = append(parts, part(s, lo, i))
			lo = i
		}
	}
	if lo == 0 {
		return []models.Segment{s}
	}
	return append(parts, part(s, lo, len(s.Words)))
}
