package analyzer

import (
	"context"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// scripts are what the speech stage hears, by its settings: the same later, and
// something else. Their words are terms of the index as they are.
var scripts = [][]string{
	{"uno due tre", "quattro cinque sei", "sette otto nove"},
	{"", "uno due tre", "quattro cinque sei", "sette otto nove"},
	{"alfa beta gamma", "uno due tre"},
}

var vocabulary = []string{"rosso", "verde", "giallo", "nero"}

func heard(setup int) (cues []models.Cue) {
	for i, text := range scripts[setup%len(scripts)] {
		if text != "" {
			at := time.Duration(i) * time.Second
			cues = append(cues, models.Cue{Kind: models.CueSpeech, Start: at, End: at + time.Second, Text: text, Confidence: 0.5})
		}
	}
	return cues
}

func (w *world) cues(t *rapid.T, video string) []models.Cue {
	cues, err := w.db.In(w.workspace).Cues(context.Background(), store.CueQuery{VideoID: video})
	if err != nil {
		t.Fatal(err)
	}
	return cues
}

func (w *world) edits(t *rapid.T, video string) []models.Edit {
	page, err := w.db.In(w.workspace).Edits(context.Background(), store.EditQuery{VideoID: video, Size: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return page.Edits
}

// edit has somebody edit a segment, where there is one.
func (w *world) edit(t *rapid.T) {
	v, ok := pick(t, "video", w.videos(t))
	if !ok {
		return
	}
	c, ok := pick(t, "segment", w.cues(t, v.ID))
	if !ok {
		return
	}
	word := rapid.SampledFrom(vocabulary).Draw(t, "word")
	plan := rapid.SampledFrom([]edits.Plan{
		edits.Correct(c.ID, edits.Correction{Text: &word}), edits.Remove(c.ID), edits.Split(c.ID, 5, nil),
		edits.Add(c.Start, c.End, word, ""),
	}).Draw(t, "plan")
	w.spoil(t, func() error {
		e, err := w.control.Edit(context.Background(), w.workspace, v.ID, models.CueSpeech, Editor{Author: models.AuthorLocal}, plan)
		if err != nil {
			return err
		}
		for _, c := range e.Change.After { // it is found at once
			if !slices.Contains(w.findWord(t, v.ID, strings.Fields(c.Text)[0]), c.ID) {
				t.Fatalf("%q was edited and is not found", c.Text)
			}
		}
		return nil
	})
}

// revert has somebody take an edit back, where there is one.
func (w *world) revert(t *rapid.T) {
	v, ok := pick(t, "video", w.videos(t))
	if !ok {
		return
	}
	if e, ok := pick(t, "edit", w.edits(t, v.ID)); ok {
		w.spoil(t, func() error {
			_, err := w.control.RevertEdit(context.Background(), w.workspace, v.ID, e.ID, Editor{})
			return err
		})
	}
}

// editAndRerun has people edit a video while its stages find other things now
// and then.
func (w *world) editAndRerun(t *rapid.T) {
	w.submit(t)
	w.drain(t)
	steps := w.steps()
	for _, step := range rapid.SliceOfN(rapid.SampledFrom(strings.Fields("edit edit edit edit revert change-settings rerun")), 5, 25).Draw(t, "steps") {
		steps[step](t)
		if rapid.Bool().Draw(t, "nothing else meanwhile") {
			w.drain(t)
		}
		w.check(t)
	}
}

// findWord returns the cues of a video that a word finds.
func (w *world) findWord(t *rapid.T, video, word string) (ids []string) {
	matches, err := w.db.In(w.workspace).Search(context.Background(), store.SearchQuery{
		VideoID: video, Phrases: []store.Phrase{{Terms: []string{text.Terms(word)}}}, Limit: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range matches {
		ids = append(ids, m.CueID)
	}
	slices.Sort(ids)
	return ids
}

// checkEdits looks whether every edit is seen once, covered by others, or known
// not to be.
func (w *world) checkEdits(t *rapid.T, v *models.Video) {
	seen, covered := map[string]int{}, map[string]int{}
	found := map[string]int{} // texts that the stage's last run found
	count := func(c models.Cue, where map[string]int) {
		where[c.Edit]++
		switch run := v.Run("speech").Result.Run; {
		case c.Edit == "" && c.Provenance.Run != run:
			t.Fatalf("%q is there, from run %s, after run %s", c.Text, c.Provenance.Run, run)
		case c.Edit == "":
			found[c.Text]++
		}
	}
	all := w.edits(t, v.ID)
	for _, c := range w.cues(t, v.ID) {
		count(c, seen)
	}
	for _, e := range all {
		for _, c := range e.Covers {
			count(c, covered)
		}
	}
	for _, e := range all {
		want := len(e.Change.After)
		if e.State == models.EditOrphaned || e.State == models.EditReverted {
			want = 0
		}
		if seen[e.ID]+covered[e.ID] != want || (e.State == models.EditSuperseded) != (want > 0 && seen[e.ID] == 0) {
			t.Fatalf("edit %s (%s) is %s: %d of it are seen and %d covered, want %d", e.ID, e.Change.Action, e.State, seen[e.ID], covered[e.ID], want)
		}
	}
	whole := func(script []string) bool { // each line once, and no other
		said := slices.DeleteFunc(slices.Clone(script), func(text string) bool { return text == "" })
		return len(said) == len(found) && !slices.ContainsFunc(said, func(text string) bool { return found[text] != 1 })
	}
	if v.Run("speech").Result.Run != "" && !slices.ContainsFunc(scripts, whole) {
		t.Fatalf("of what was found, this is there: %v", found)
	}
}

// checkIndex looks whether search finds what is seen, and nothing else.
func (w *world) checkIndex(t *rapid.T, v *models.Video) {
	want := map[string][]string{}
	for _, c := range w.cues(t, v.ID) {
		for _, word := range strings.Fields(c.Text) {
			want[word] = append(want[word], c.ID)
		}
	}
	for _, word := range append(strings.Fields(strings.Join(slices.Concat(scripts...), " ")), vocabulary...) {
		slices.Sort(want[word])
		if got := w.findWord(t, v.ID, word); !slices.Equal(got, want[word]) {
			t.Fatalf("%q finds %v, want %v", word, got, want[word])
		}
	}
}
