package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// edit is one of video1's speech.
func edit(n int) models.Edit {
	before, after := cue(n, "speech", models.CueSpeech, 0, time.Second, "helo"), cue(n, "speech", models.CueSpeech, 0, time.Second, "hello")
	id := fmt.Sprintf("edit%d", n)
	after.Edit, after.Data = id, json.RawMessage(`{"speaker":"\u0000"}`)
	return models.Edit{
		ID: id, VideoID: "video1", Kind: models.CueSpeech, Author: models.AuthorLocal, Created: moment, State: models.EditActive,
		Change: models.EditChange{
			Action: models.EditCorrect, Before: []models.Cue{before}, After: []models.Cue{after}, Set: models.EditFields{Text: true},
		},
		Covers: []models.Cue{before},
	}
}

// change makes a change in a transaction of its own.
func change(t *testing.T, db store.Store, c store.Change) {
	t.Helper()
	err := db.Tx(t.Context(), func(tx store.Tx) error {
		l := tx.In(models.DefaultWorkspace)
		if _, err := l.Lock(t.Context(), c.VideoID); err != nil {
			return err
		}
		return l.Change(t.Context(), c)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func standing(t *testing.T, db store.Store, workspace, video string) (edits []models.Edit) {
	t.Helper()
	err := db.Tx(t.Context(), func(tx store.Tx) (err error) {
		edits, err = tx.In(workspace).StandingEdits(t.Context(), video, models.CueSpeech)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return edits
}

func testEdits(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	one, two, chapter := edit(1), edit(2), edit(3)
	chapter.Kind = models.CueChapter
	change(t, db, store.Change{VideoID: v.ID, Edits: []models.Edit{two, chapter, one}})
	got, err := s.Edit(t.Context(), one.ID)
	if diff := cmp.Diff(one, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]models.Edit{two, one}, standing(t, db, models.DefaultWorkspace, v.ID)); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}

	// What becomes of an edit is written over; what it does stays.
	one.State, one.Covers = models.EditOrphaned, nil
	other := one
	other.Change, other.Author = models.EditChange{}, "somebody else"
	two.State = models.EditReverted
	change(t, db, store.Change{VideoID: v.ID, Edits: []models.Edit{other, two}})
	if diff := cmp.Diff([]models.Edit{one}, standing(t, db, models.DefaultWorkspace, v.ID)); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	if got, err := s.Video(t.Context(), v.ID); err != nil || got.Revision != 0 {
		t.Errorf("%+v, %v, want the revision as it was", got, err)
	}

	if edits := standing(t, db, "other", v.ID); edits != nil {
		t.Errorf("another workspace sees %v", edits)
	}
	_, err = db.In("other").Edit(t.Context(), one.ID)
	wantCode(t, err, models.CodeNotFound)
	if err := s.DeleteVideo(t.Context(), v.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Edit(t.Context(), one.ID)
	wantCode(t, err, models.CodeNotFound)
	if err := s.UndeleteVideo(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Edit(t.Context(), one.ID); err != nil {
		t.Error(err)
	}
	if err := s.PurgeVideo(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Edit(t.Context(), one.ID)
	wantCode(t, err, models.CodeNotFound)
}

func testEditPages(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	create(t, s, 2)
	for i := range 5 {
		e := edit(i)
		if i%2 == 1 {
			e.State = models.EditReverted
		}
		change(t, db, store.Change{VideoID: v.ID, Edits: []models.Edit{e}})
	}
	change(t, db, store.Change{VideoID: "video2", Edits: []models.Edit{edit(9)}})
	list := func(q store.EditQuery) (ids []string) {
		t.Helper()
		for q.VideoID = v.ID; ; {
			page, err := s.Edits(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Edits {
				ids = append(ids, e.ID)
			}
			if q.Token = page.Next; q.Token == "" {
				return ids
			}
		}
	}
	for name, test := range map[string]struct {
		q    store.EditQuery
		want []string
	}{
		"all":     {store.EditQuery{}, []string{"edit4", "edit3", "edit2", "edit1", "edit0"}},
		"pages":   {store.EditQuery{Size: 2}, []string{"edit4", "edit3", "edit2", "edit1", "edit0"}},
		"a state": {store.EditQuery{Size: 1, States: []models.EditState{models.EditReverted}}, []string{"edit3", "edit1"}},
		"states":  {store.EditQuery{States: []models.EditState{models.EditActive, models.EditOrphaned}}, []string{"edit4", "edit2", "edit0"}},
	} {
		if got := list(test.q); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	for _, token := range []string{"!!", "eA"} {
		_, err := s.Edits(t.Context(), store.EditQuery{VideoID: v.ID, Token: token})
		wantCode(t, err, models.CodeInvalidArgument)
	}
}

func testChangedCues(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	other := create(t, s, 2)
	kept, gone := cue(1, "speech", models.CueSpeech, time.Second, 2*time.Second, "kept"), cue(2, "speech", models.CueSpeech, 0, time.Second, "gone")
	elsewhere := cue(3, "speech", models.CueSpeech, 0, time.Second, "elsewhere")
	elsewhere.VideoID = other.ID
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech"), Cues: []models.Cue{kept, gone}})
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("index"), Postings: []models.Posting{{CueID: kept.ID, Terms: "kept"}, {CueID: gone.ID, Terms: "gone"}}})
	commit(t, s, store.Commit{VideoID: other.ID, Run: run("speech"), Cues: []models.Cue{elsewhere}})

	put := cue(2, "speech", models.CueSpeech, 3*time.Second, 4*time.Second, "put")
	put.Edit = "edit2"
	change(t, db, store.Change{VideoID: v.ID, Cues: &store.CueChange{
		Remove: []string{gone.ID, elsewhere.ID, "none"}, Add: []models.Cue{put}, Postings: []models.Posting{{CueID: put.ID, Terms: "put"}},
	}})
	if diff := cmp.Diff([]models.Cue{kept, put}, cues(t, s, store.CueQuery{VideoID: v.ID})); diff != "" {
		t.Errorf("cues (-want +got):\n%s", diff)
	}
	if left := cues(t, s, store.CueQuery{VideoID: other.ID}); len(left) != 1 {
		t.Errorf("another video has %v", left)
	}
	for word, want := range map[string][]string{"kept": {kept.ID}, "gone": nil, "put": {put.ID}} {
		if got := search(t, s, store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{word}}}}); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", word, got, want)
		}
	}
	if got, err := s.Video(t.Context(), v.ID); err != nil || got.Revision != 1 {
		t.Errorf("%+v, %v, want revision 1", got, err)
	}
	// A stage's next result replaces everything of it.
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech"), Cues: []models.Cue{gone}})
	if diff := cmp.Diff([]models.Cue{gone}, cues(t, s, store.CueQuery{VideoID: v.ID})); diff != "" {
		t.Errorf("cues (-want +got):\n%s", diff)
	}
}

func testPoster(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	at, none := new(time.Duration), (*time.Duration)(nil)
	if got := with(t, s, v.ID, store.VideoUpdate{Poster: &at}); got.Poster == nil || *got.Poster != 0 || got.Revision != 1 {
		t.Errorf("poster %v at revision %d, want 0 s at 1", got.Poster, got.Revision)
	}
	if got := with(t, s, v.ID, store.VideoUpdate{Poster: &none}); got.Poster != nil {
		t.Errorf("poster %v, want none", got.Poster)
	}
}
