package main

import (
	"fmt"
	"strings"

	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/internal/search"
)

type searchCmd struct {
	Query string `arg:"" help:"Words in any order; \"words in quotes\" follow each other."`
	Video string `help:"Only in this video." placeholder:"ID"`
	Limit int    `help:"At most this many moments." default:"${hits}"`
}

// Run answers the moments that hold all words, best first.
func (c *searchCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	found, err := a.Search.Search(e.ctx, search.Query{Text: c.Query, VideoID: c.Video, Limit: c.Limit})
	if err != nil {
		return err
	}
	hits := a.Hits(e.ctx, found)
	if e.cli.JSON {
		return e.print(map[string][]app.Hit{"hits": hits}, "")
	}
	for i, hit := range hits {
		fmt.Fprintf(e.stdout, "%s  %s–%s  %s  %s  score %.2f: %s\n    %s\n",
			hit.Video, clock(hit.Start), clock(hit.End), hit.Kind, found[i].Video.Title,
			hit.Score, strings.Join(hit.Why.Matched, ", "), hit.Snippet)
		if hit.Thumbnail != "" {
			fmt.Fprintf(e.stdout, "    %s\n", hit.Thumbnail)
		}
	}
	if len(hits) == 0 {
		fmt.Fprintln(e.stderr, "nothing found")
	}
	return nil
}
