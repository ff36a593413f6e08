package app

import (
	"context"
	"strings"

	"github.com/cuepoint/cuepoint/internal/search"
	"github.com/cuepoint/cuepoint/models"
)

// Hit is a moment that was found, in the JSON form that the command line prints.
type Hit struct {
	Video     string         `json:"video"`
	Start     Seconds        `json:"start"`
	End       Seconds        `json:"end"`
	Kind      models.CueKind `json:"kind"`
	Text      string         `json:"text"`
	Snippet   string         `json:"snippet"` // the hits between « and »
	Thumbnail string         `json:"thumbnail"`
	Score     float64        `json:"score"`
	Why       HitWhy         `json:"why"`
}

// HitWhy says what made a moment an answer.
type HitWhy struct {
	Words   float64  `json:"words"` // the rank of its words; higher is better
	Matched []string `json:"matched"`
}

// Hits are search hits as the command line prints them.
func (a *App) Hits(ctx context.Context, found []search.Hit) []Hit {
	hits := make([]Hit, 0, len(found))
	for _, f := range found {
		h := Hit{
			Video: f.Cue.VideoID, Start: Seconds(f.Cue.Start), End: Seconds(f.Cue.End), Kind: f.Cue.Kind,
			Text: f.Cue.Text, Snippet: marked(f.Snippet), Score: f.Score,
			Why: HitWhy{Words: f.Why.Words, Matched: f.Why.Matched},
		}
		if f.Thumbnail != nil {
			h.Thumbnail = a.place(ctx, f.Thumbnail)
		}
		hits = append(hits, h)
	}
	return hits
}

func marked(snippet []search.Part) string {
	var b strings.Builder
	for _, part := range snippet {
		if part.Hit {
			b.WriteString("«" + part.Text + "»")
		} else {
			b.WriteString(part.Text)
		}
	}
	return b.String()
}
