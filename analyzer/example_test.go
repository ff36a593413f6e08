package analyzer_test

import (
	"context"
	"fmt"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

// applause is an analyzer of one's own: it finds laughter and applause in the
// transcript.
type applause struct{}

func (applause) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "applause", Version: 1, Class: analyzer.Light, Needs: []string{"speech"}, Optional: true}
}

func (applause) Params(*analyzer.Job) string { return "" }

func (applause) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	said, err := job.Inputs.Cues(ctx, models.CueSpeech)
	if err != nil {
		return nil, err
	}
	result := &analyzer.Result{}
	for _, cue := range said {
		if cue.Text == "[Applause]" {
			result.Cues = append(result.Cues, models.Cue{Kind: "applause", Start: cue.Start, End: cue.End, Text: "applause", Confidence: 1})
		}
	}
	return result, nil
}

// A stage is a type with three methods, in the list behind those it needs.
func ExampleNewPipeline() {
	speech := &fake{spec: analyzer.Spec{Name: "speech", Version: 1, Class: analyzer.Heavy}}
	pipeline, err := analyzer.NewPipeline(speech, applause{})
	fmt.Println(pipeline.Names(), err)

	_, err = analyzer.NewPipeline(applause{}, speech)
	fmt.Println(err)
	// Output:
	// [speech applause] <nil>
	// stage applause needs speech, which does not stand before it
}
