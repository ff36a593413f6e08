package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

type searchCmd struct {
	Query string `arg:"" help:"Words in any order; \"words in quotes\" follow each other."`
	Video string `help:"Only in this video." placeholder:"ID"`
	Limit int    `help:"At most this many moments." default:"${hits}"`
}

// Run answers the moments that hold all words, best first.
func (c *searchCmd) Run(e *env) error {
	return e.ask(false, func(l *library) error {
		req := &cuepointv1.SearchRequest{Query: valid(c.Query), PageSize: int32(min(c.Limit, math.MaxInt32))}
		if c.Video != "" {
			req.Video = videoName(c.Video)
		}
		found, err := l.Searches.Search(e.ctx, req)
		if err != nil {
			return err
		}
		hits := make([]hit, 0, len(found.GetMoments()))
		for _, m := range found.GetMoments() {
			hits = append(hits, hitOf(e.ctx, m, l))
		}
		if e.cli.JSON {
			return e.print(map[string][]hit{"hits": hits}, "")
		}
		for i, hit := range hits {
			fmt.Fprintf(e.stdout, "%s  %s–%s  %s  %s  score %.2f: %s\n    %s\n",
				hit.Video, clock(hit.Start), clock(hit.End), hit.Kind, found.GetMoments()[i].GetVideoTitle(),
				hit.Score, strings.Join(hit.Why.Matched, ", "), hit.Snippet)
			if hit.Thumbnail != "" {
				fmt.Fprintf(e.stdout, "    %s\n", hit.Thumbnail)
			}
		}
		if len(hits) == 0 {
			fmt.Fprintln(e.stderr, "nothing found")
		}
		return nil
	})
}
