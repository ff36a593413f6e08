package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// listening is a run of the speech stage under way.
func listening(id string, fence int64) models.StageRun {
	return models.StageRun{Stage: "speech", ID: id, Status: models.StageRunning, Fence: fence}
}

// found makes cues that a run has found, from one on.
func found(before, count int) (cues []models.Cue) {
	for n := before + 1; n <= before+count; n++ {
		cues = append(cues, models.Cue{
			Kind: models.CueSpeech, Start: time.Duration(count-n) * time.Second, End: time.Minute, // not in order of time
			Text: fmt.Sprintf("%d: any \x00 text' %%s", n), Confidence: 0.25, Data: json.RawMessage(`{"language":"en"}`),
		})
	}
	return cues
}

// wantProvisional compares what is provisional, by the number in its text.
func wantProvisional(t *testing.T, s store.Library, q store.ProvisionalQuery, want ...int) {
	t.Helper()
	cues, err := s.Provisional(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, c := range cues {
		var n int
		if _, err := fmt.Sscanf(c.Text, "%d:", &n); err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", q, diff)
	}
}

func testProvisional(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	if err := s.SetRun(t.Context(), v.ID, listening("r1", 7)); err != nil {
		t.Fatal(err)
	}
	all := store.ProvisionalQuery{VideoID: v.ID, Stage: "speech", Run: "r1", Limit: 10_000}
	beat := func(l store.Library, fence int64, before, count int, want bool) {
		t.Helper()
		alive, err := l.Beat(t.Context(), store.Beat{VideoID: v.ID, Stage: "speech", Fence: fence, At: moment, Before: before, Cues: found(before, count)})
		if err != nil || alive != want {
			t.Errorf("alive %v, %v, want %v", alive, err, want)
		}
	}
	beat(s, 7, 0, 2, true)
	for range 2 { // the answer to the first got lost
		beat(s, 7, 2, 3, true)
	}
	beat(s, 7, 2, 4, true) // and by then there was more
	beat(s, 6, 6, 1, false)
	beat(s, 8, 6, 1, false)
	beat(db.In("other"), 7, 6, 1, false)
	wantProvisional(t, s, all, 1, 2, 3, 4, 5, 6)
	page := all
	page.After, page.Limit = 2, 3
	wantProvisional(t, s, page, 3, 4, 5)
	page.After = 6
	wantProvisional(t, s, page)
	wantProvisional(t, db.In("other"), all)

	want := found(0, 2)[0]
	want.VideoID, want.Stage, want.Provenance = v.ID, "speech", models.Provenance{Analyzer: "speech", Run: "r1"}
	page.After, page.Limit = 0, 2
	got, err := s.Provisional(t.Context(), page)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if got[0].ID == "" || got[0].ID == got[1].ID {
		t.Errorf("ids %q and %q", got[0].ID, got[1].ID)
	}
	want.ID, want.Text = got[0].ID, got[0].Text // databases differ in what they make of NUL
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if shown := cues(t, s, store.CueQuery{VideoID: v.ID}); shown != nil {
		t.Errorf("what is provisional is among the cues: %v", shown)
	}
	beat(s, 7, 6, 3000, true)
	page.After, page.Limit = 3004, 5000
	wantProvisional(t, s, page, 3005, 3006)
}

func testProvisionalEnds(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	write := func(status models.StageStatus, id string) func(v *models.Video) error {
		return func(v *models.Video) error {
			return s.SetRun(t.Context(), v.ID, models.StageRun{Stage: "speech", ID: id, Status: status, Fence: 8})
		}
	}
	n := 0
	for name, end := range map[string]func(v *models.Video) error{
		"a commit": func(v *models.Video) error {
			return s.Commit(t.Context(), store.Commit{VideoID: v.ID, Run: models.StageRun{Stage: "speech", ID: "r1", Status: models.StageDone}})
		},
		"a failure":      write(models.StageFailed, "r1"),
		"a cancellation": write(models.StageCanceled, "r1"),
		"another try":    write(models.StagePending, "r1"),
		"another run":    write(models.StageRunning, "r2"),
		"a deletion":     func(v *models.Video) error { return s.DeleteVideo(t.Context(), v.ID, time.Time{}) },
		"a purge":        func(v *models.Video) error { return s.PurgeVideo(t.Context(), v.ID) },
	} {
		n++
		v := create(t, s, n)
		shots := models.StageRun{Stage: "shots", ID: "r1", Status: models.StageRunning, Fence: 7}
		if err := s.SetRun(t.Context(), v.ID, listening("r1", 7), shots); err != nil {
			t.Fatal(err)
		}
		for _, stage := range []string{"speech", "shots"} {
			if alive, err := s.Beat(t.Context(), store.Beat{VideoID: v.ID, Stage: stage, Fence: 7, At: moment, Cues: found(0, 2)}); err != nil || !alive {
				t.Fatalf("%v, %v", alive, err)
			}
		}
		if err := errors.Join(s.SetRun(t.Context(), v.ID, listening("r1", 7)), end(v)); err != nil { // the first ends nothing
			t.Fatalf("%s: %v", name, err)
		}
		ours := store.ProvisionalQuery{VideoID: v.ID, Stage: "speech", Run: "r1", Limit: 10}
		wantProvisional(t, s, ours)
		theirs := ours
		theirs.Stage = "shots"
		if now, err := s.Video(t.Context(), v.ID); err == nil && now.Deleted.IsZero() {
			wantProvisional(t, s, theirs, 1, 2)
		} else {
			wantProvisional(t, s, theirs)
		}
	}
}
