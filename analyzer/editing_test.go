package analyzer_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// says is the work of a stage that hears these sentences, a second each.
func says(sentences ...string) work {
	return func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
		result := &analyzer.Result{}
		for i, s := range sentences {
			at := time.Duration(i) * time.Second
			result.Cues = append(result.Cues, models.Cue{Kind: models.CueSpeech, Start: at, End: at + time.Second, Text: s, Confidence: 0.5})
		}
		return result, nil
	}
}

// indexes is the work of a stage that makes all cues searchable.
func indexes(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	cues, err := job.Inputs.Cues(ctx, "")
	result := &analyzer.Result{Search: []models.Posting{}}
	for _, c := range cues {
		result.Search = append(result.Search, models.Posting{CueID: c.ID, Terms: text.Terms(c.Text)})
	}
	return result, err
}

func (b *bench) seen(t *testing.T, id string) (texts []string) {
	t.Helper()
	cues, err := b.lib.Cues(t.Context(), store.CueQuery{VideoID: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cues {
		texts = append(texts, c.Text)
	}
	return texts
}

func wantSeen(t *testing.T, b *bench, id string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.seen(t, id)); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

func wantFound(t *testing.T, b *bench, word string, want int) {
	t.Helper()
	found, err := b.lib.Search(t.Context(), store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{text.Terms(word)}}}})
	if err != nil || len(found) != want {
		t.Errorf("%q finds %v (%v), want %d", word, found, err, want)
	}
}

// correct has somebody say what the n-th sentence should be.
func (b *bench) correct(t *testing.T, id string, n int, should string) models.Edit {
	t.Helper()
	cues, err := b.lib.Cues(t.Context(), store.CueQuery{VideoID: id})
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.control.Edit(t.Context(), workspace, id, models.CueSpeech, analyzer.Editor{Author: "key"},
		edits.Correct(cues[n].ID, edits.Correction{Text: &should}))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (b *bench) rerun(t *testing.T, id string) {
	t.Helper()
	if err := b.control.Rerun(t.Context(), workspace, id, []string{"speech"}, true); err != nil {
		t.Fatal(err)
	}
	b.wait(t, id)
}

func TestAnEditOutlivesWhatItWasMadeOn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		b.speech.work, b.index.work = says("Bees mak honey.", "The end."), indexes
		start(t, b.worker(t, "one"))
		id := b.add(t, analyzer.Options{})
		b.wait(t, id)

		e := b.correct(t, id, 0, "Bees make honey.")
		wantSeen(t, b, id, "Bees make honey.", "The end.")
		wantFound(t, b, "make", 1)
		wantFound(t, b, "mak", 0)
		wantFound(t, b, "end", 1)
		b.index.wantRuns(t, 1)

		b.speech.becomes("other", says("So.", "Bees mak honey!", "That was the end."))
		b.rerun(t, id)
		wantSeen(t, b, id, "So.", "Bees make honey.", "That was the end.")
		wantFound(t, b, "make", 1)
		wantFound(t, b, "mak", 0)

		b.speech.becomes("another", says("Nothing of that."))
		b.rerun(t, id)
		wantSeen(t, b, id, "Nothing of that.")
		wantFound(t, b, "make", 0)
		if orphan, err := b.lib.Edit(t.Context(), e.ID); err != nil || orphan.State != models.EditOrphaned || orphan.Change.After[0].Text != "Bees make honey." {
			t.Errorf("the edit is %+v (%v), want it orphaned", orphan, err)
		}
		if types := b.types(t); !slices.Contains(types, models.EventTranscriptEdited) || !slices.Contains(types, models.EventEditsOrphaned) {
			t.Errorf("events were %v", types)
		}

		b.speech.becomes("first", says("Bees mak honey.", "The end."))
		b.rerun(t, id)
		wantSeen(t, b, id, "Bees make honey.", "The end.")
		if _, err := b.control.RevertEdit(t.Context(), workspace, id, e.ID, analyzer.Editor{}); err != nil {
			t.Fatal(err)
		}
		wantSeen(t, b, id, "Bees mak honey.", "The end.")
		wantFound(t, b, "make", 0)
		wantFound(t, b, "mak", 1)
		b.rerun(t, id)
		wantSeen(t, b, id, "Bees mak honey.", "The end.")
	})
}

// types are those of all events.
func (b *bench) types(t *testing.T) (types []models.EventType) {
	t.Helper()
	all, err := b.db.Events(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		types = append(types, e.Type)
	}
	return types
}

func TestOnlyTheLastEditIsReverted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = says("Bees mak hony.")
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{})
	b.wait(t, id)
	first, second := b.correct(t, id, 0, "Bees make hony."), b.correct(t, id, 0, "Bees make honey.")
	state := func(e models.Edit, want models.EditState) {
		t.Helper()
		if e, err := b.lib.Edit(t.Context(), e.ID); err != nil || e.State != want || e.Author != "key" {
			t.Errorf("the edit is %+v (%v), want it %s", e, err, want)
		}
	}
	revert := func(e models.Edit, want models.Code) {
		t.Helper()
		if _, err := b.control.RevertEdit(t.Context(), workspace, id, e.ID, analyzer.Editor{}); models.ErrorCode(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	state(first, models.EditSuperseded)
	state(second, models.EditActive)
	revert(first, models.CodeNotRevertible)
	revert(models.Edit{ID: "none"}, models.CodeNotFound)
	revert(second, "")
	state(first, models.EditActive)
	state(second, models.EditReverted)
	wantSeen(t, b, id, "Bees make hony.")
	revert(second, models.CodeNotRevertible)
	revert(first, "")
	wantSeen(t, b, id, "Bees mak hony.")
}

func TestWhoEditsWhatHasChangedIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.speech.work = says("Bees mak honey.")
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{})
	read := b.wait(t, id)
	e := b.correct(t, id, 0, "Bees make honey.")
	old := analyzer.Editor{IfRevision: &read.Revision}
	if _, err := b.control.Edit(t.Context(), workspace, id, models.CueSpeech, old, edits.Rename("a", "b")); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("edited: %v, want CONFLICT", err)
	}
	if _, err := b.control.RevertEdit(t.Context(), workspace, id, e.ID, old); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("reverted: %v, want CONFLICT", err)
	}
	if _, err := b.control.Edit(t.Context(), workspace, id, models.CueShot, analyzer.Editor{}, edits.Remove("a")); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("a shot: %v, want INVALID_ARGUMENT", err)
	}
	if _, err := b.control.Edit(t.Context(), "other", id, models.CueSpeech, analyzer.Editor{}, edits.Rename("a", "b")); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("from another workspace: %v, want NOT_FOUND", err)
	}
}

// TestWhatIsEditedWhileItIsIndexed edits between an index's reading and its
// commit.
func TestWhatIsEditedWhileItIsIndexed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	read, commit := make(chan struct{}), make(chan struct{})
	b.speech.work = says("Bees mak honey.")
	b.index.work = func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		result, err := indexes(ctx, job)
		if job.Video.Revision == 0 {
			close(read)
			<-commit
		}
		return result, err
	}
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{})
	<-read
	b.correct(t, id, 0, "Bees make honey.")
	close(commit)
	b.wait(t, id)
	wantFound(t, b, "make", 1)
	wantFound(t, b, "mak", 0)
	b.index.wantRuns(t, 2)
}
