package main

import (
	"context"
	"strings"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// hit is a moment that was found, in the JSON form that the command line prints.
type hit struct {
	Video     string  `json:"video"`
	Start     seconds `json:"start"`
	End       seconds `json:"end"`
	Kind      string  `json:"kind"`
	Text      string  `json:"text"`
	Snippet   string  `json:"snippet"` // the hits between « and »
	Thumbnail string  `json:"thumbnail"`
	Score     float64 `json:"score"`
	Why       hitWhy  `json:"why"`
}

// hitWhy says what made a moment an answer.
type hitWhy struct {
	Words   float64  `json:"words"` // the rank of its words; higher is better
	Matched []string `json:"matched"`
}

// hitOf is a moment that was found in a library.
func hitOf(ctx context.Context, m *cuepointv1.Moment, l *library) hit {
	return hit{
		Video: videoID(m.GetVideo()), Start: seconds(m.GetStartOffset().AsDuration()), End: seconds(m.GetEndOffset().AsDuration()),
		Kind: m.GetKind(), Text: m.GetText(), Snippet: marked(m.GetSnippet()), Thumbnail: l.place(ctx, m.GetThumbnailUri()), Score: m.GetScore(),
		Why: hitWhy{Words: m.GetWhy().GetWords(), Matched: append([]string{}, m.GetWhy().GetMatched()...)},
	}
}

func marked(snippet []*cuepointv1.SnippetPart) string {
	var b strings.Builder
	for _, part := range snippet {
		if part.GetHit() {
			b.WriteString("«" + part.GetText() + "»")
		} else {
			b.WriteString(part.GetText())
		}
	}
	return b.String()
}
