package stages_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/analyzertest"
	"github.com/cuepoint/cuepoint/analyzer/stages"
	"github.com/cuepoint/cuepoint/models"
)

func TestIndexTakesEveryCueWithWords(t *testing.T) {
	t.Parallel()
	inputs := &analyzertest.Inputs{Moments: []models.Cue{
		{ID: "1", Kind: models.CueSpeech, Text: "Les élèves, the cameras"},
		{ID: "2", Kind: models.CueShot},
		{ID: "3", Kind: models.CueSpeech, Text: "♪ … ♪"},
		{ID: "4", Kind: models.CueChapter, Text: "東京"},
		{ID: "5", Kind: "ocr", Text: "Slide 7"},
	}}
	result, _ := analyzertest.Run(t, stages.NewIndex("speech", "chapters"), analyzer.Job{Inputs: inputs})
	want := []models.Posting{{CueID: "1", Terms: "les elev the camera"}, {CueID: "4", Terms: "東京 京"}, {CueID: "5", Terms: "slide 7"}}
	if diff := cmp.Diff(want, result.Search); diff != "" {
		t.Errorf("postings (-want +got):\n%s", diff)
	}
}

func TestIndexOfNothingReplacesWhatWasThere(t *testing.T) {
	t.Parallel()
	result, _ := analyzertest.Run(t, stages.NewIndex("speech"), analyzer.Job{})
	if result.Search == nil || len(result.Search) != 0 {
		t.Errorf("postings %#v, want none, and not nil", result.Search)
	}
}

func TestIndexFailsWhereCuesCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	_, err := stages.NewIndex("speech").Run(t.Context(), &analyzer.Job{Inputs: &analyzertest.Inputs{Err: broken}})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the library's", err)
	}
}

func TestIndexKeepsTheContract(t *testing.T) {
	t.Parallel()
	inputs := &analyzertest.Inputs{Moments: []models.Cue{{ID: "1", Kind: models.CueSpeech, Text: "one"}, {ID: "2", Kind: models.CueSpeech, Text: "two"}}}
	analyzertest.StageContract(t, stages.NewIndex("speech", "shots", "chapters"), analyzer.Job{Inputs: inputs})
}
