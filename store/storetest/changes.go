package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// testChange writes the same by one change to a video as by its parts to another.
func testChange(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	state, reason := models.VideoPartial, models.Errorf(models.CodeTruncatedMedia, "it ends early")
	for n, write := range []func(l store.TxLibrary, c store.Change) error{
		func(l store.TxLibrary, c store.Change) error { return l.Change(t.Context(), c) },
		func(l store.TxLibrary, c store.Change) error {
			return errors.Join(
				l.UpdateVideo(t.Context(), c.VideoID, c.Video), l.SetRun(t.Context(), c.VideoID, c.Runs...),
				l.Commit(t.Context(), *c.Commit), l.Record(t.Context(), c.Events...),
			)
		},
	} {
		id := create(t, s, n).ID
		found := cue(n, "speech", models.CueSpeech, 0, 1, "hello")
		if err := inTx(t, db, func(l store.TxLibrary) error {
			if _, err := l.Lock(t.Context(), id); err != nil {
				return err
			}
			return write(l, store.Change{
				VideoID: id,
				Video:   store.VideoUpdate{State: &state, Error: &reason},
				Runs:    []models.StageRun{run("shots"), {Stage: "index", Status: models.StagePending, Fence: 1}},
				Commit: &store.Commit{
					VideoID: id, Run: run("speech"), Media: &models.MediaInfo{Duration: 7}, Cues: []models.Cue{found},
					Artifacts: []models.Artifact{{Kind: models.ArtifactCaptions, Path: "a.vtt"}},
					Postings:  []models.Posting{{CueID: found.ID, Terms: "hello"}},
				},
				Events: []models.Event{{VideoID: id, Type: models.EventVideoState, State: state, Time: moment}},
			})
		}); err != nil {
			t.Fatal(err)
		}
	}
	type written struct {
		State    models.VideoState
		Error    *models.Error
		Media    *models.MediaInfo
		Runs     []models.StageRun
		Cues     int
		Files    int
		Found    int
		Recorded []models.EventType
	}
	read := func(n int) (w written) {
		v, err := s.Video(t.Context(), newVideo(n).ID)
		if err != nil {
			t.Fatal(err)
		}
		w = written{State: v.State, Error: v.Error, Media: v.Media, Runs: v.Runs}
		if !v.Updated.After(v.Created) {
			t.Errorf("%s was updated at %v", v.ID, v.Updated)
		}
		w.Cues = len(cues(t, s, store.CueQuery{VideoID: v.ID}))
		files, err := s.Artifacts(t.Context(), v.ID)
		if err != nil {
			t.Fatal(err)
		}
		matches, err := s.Search(t.Context(), store.SearchQuery{VideoID: v.ID, Phrases: []store.Phrase{{Terms: []string{"hello"}}}})
		if err != nil {
			t.Fatal(err)
		}
		w.Files, w.Found = len(files), len(matches)
		for _, e := range events(t, db, 0) {
			if e.VideoID == v.ID {
				w.Recorded = append(w.Recorded, e.Type)
			}
		}
		return w
	}
	one, parts := read(0), read(1)
	if diff := cmp.Diff(parts, one); diff != "" {
		t.Errorf("by one change (-by parts +by one):\n%s", diff)
	}
	if len(one.Runs) != 3 || one.Cues != 1 || one.Files != 1 || one.Found != 1 || len(one.Recorded) != 1 || one.State != state {
		t.Errorf("written: %+v", one)
	}
}

// testCommitted looks whether what is called after a transaction sees what it did.
func testCommitted(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	var called []string
	after := func(name string, video *models.Video) func() {
		return func() {
			called = append(called, name)
			if _, err := s.Video(t.Context(), video.ID); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if err := db.Tx(t.Context(), func(tx store.Tx) error {
		v := create(t, tx.In(models.DefaultWorkspace), 1)
		tx.Committed(after("first", v))
		tx.Committed(after("second", v))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	if err := db.Tx(t.Context(), func(tx store.Tx) error {
		tx.Committed(after("never", create(t, tx.In(models.DefaultWorkspace), 2)))
		return mine
	}); !errors.Is(err, mine) {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"first", "second"}, called); diff != "" {
		t.Errorf("called (-want +got):\n%s", diff)
	}
}
