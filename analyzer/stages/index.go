package stages

import (
	"context"
	"strconv"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
)

// Index makes everything with a text in it searchable: the cues of all stages
// it is told of, whatever their kind.
type Index struct{ needs []string }

// NewIndex returns the stage that indexes what these stages write.
func NewIndex(needs ...string) *Index { return &Index{needs} }

// Spec implements [analyzer.Stage].
func (x *Index) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "index", Version: 1, Needs: x.needs, Optional: true, Class: analyzer.Light}
}

// Params implements [analyzer.Stage]: other terms for the same text mean another index.
func (x *Index) Params(*analyzer.Job) string { return "text/" + strconv.Itoa(text.Version) }

// Run implements [analyzer.Stage]. A video without words gets an empty index,
// which is a result.
func (x *Index) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	cues, err := job.Inputs.Cues(ctx, "")
	if err != nil {
		return nil, err
	}
	postings := make([]models.Posting, 0, len(cues))
	for i, cue := range cues {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if terms := text.Terms(cue.Text); terms != "" {
			postings = append(postings, models.Posting{CueID: cue.ID, Terms: terms})
		}
		job.Progress(float64(i+1) / float64(len(cues)))
	}
	return &analyzer.Result{Search: postings}, nil
}
