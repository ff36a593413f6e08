package analyzer_test

import (
	"testing"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

func TestAnotherLanguageIsFoundAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{})
	b.wait(t, id)
	title, german, none := "Tides", "de", int64(7)
	update := func(d analyzer.Details) {
		t.Helper()
		if err := b.control.Update(t.Context(), workspace, id, d); err != nil {
			t.Fatal(err)
		}
		b.wait(t, id)
	}
	update(analyzer.Details{Title: &title})
	b.speech.wantRuns(t, 1)
	update(analyzer.Details{Language: &german})
	b.speech.wantRuns(t, 2)
	if v := b.wait(t, id); v.Title != title || v.Language != german || v.Revision != 2 {
		t.Errorf("%+v", v)
	}
	if err := b.control.Update(t.Context(), workspace, id, analyzer.Details{Title: &german, IfRevision: &none}); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("at another revision: %v", err)
	}
}

func TestAnotherLanguageDoesNotStartWhatWasCanceled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.add(t, analyzer.Options{})
	if err := b.control.Cancel(t.Context(), workspace, id); err != nil {
		t.Fatal(err)
	}
	german := "de"
	if err := b.control.Update(t.Context(), workspace, id, analyzer.Details{Language: &german}); err != nil {
		t.Fatal(err)
	}
	if v := b.wait(t, id); v.State != models.VideoCanceled || v.Language != german {
		t.Errorf("video is %s, in %q", v.State, v.Language)
	}
}
