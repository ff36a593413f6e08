package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// inTx runs f in a transaction on the default workspace.
func inTx(t *testing.T, db store.Store, f func(store.TxLibrary) error) error {
	t.Helper()
	return db.Tx(t.Context(), func(tx store.Tx) error { return f(tx.In(models.DefaultWorkspace)) })
}

// testLock counts in a run: who reads what another is about to replace loses a
// count.
func testLock(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	const workers, each = 4, 20
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range each {
				err := inTx(t, db, func(l store.TxLibrary) error {
					locked, err := l.Lock(t.Context(), v.ID)
					if err != nil {
						return err
					}
					run := models.StageRun{Stage: "probe", Attempt: 1}
					if before := locked.Run("probe"); before != nil {
						run.Attempt = before.Attempt + 1
					}
					return l.SetRun(t.Context(), v.ID, run)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	wantRuns(t, s, v.ID, []models.StageRun{{Stage: "probe", Attempt: workers * each}})
}

func testLockReads(t *testing.T, db store.Store) {
	want := whole(t, db.In(models.DefaultWorkspace), 1)
	err := inTx(t, db, func(l store.TxLibrary) error {
		_, err := l.Lock(t.Context(), "none")
		wantCode(t, err, models.CodeNotFound) // which is an answer
		got, err := l.Lock(t.Context(), want.ID)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-as Video +as Lock):\n%s", diff)
		}
		return errors.Join(err, l.DeleteVideo(t.Context(), want.ID, time.Time{}))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = inTx(t, db, func(l store.TxLibrary) error {
		got, err := l.Lock(t.Context(), want.ID)
		if err == nil && got.State != models.VideoDeleted {
			t.Errorf("it is %s, want deleted", got.State)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	err = db.Tx(t.Context(), func(tx store.Tx) error {
		_, err := tx.In("other").Lock(t.Context(), want.ID)
		return err
	})
	wantCode(t, err, models.CodeNotFound)
}

// testSiblings has all stages of a video end at once: one of them, and no more,
// sees that it is the last.
func testSiblings(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	const siblings = 6
	var all sync.WaitGroup
	last := make(chan string, siblings)
	for i := range siblings {
		all.Go(func() {
			stage := fmt.Sprint("stage", i)
			isLast := false
			err := inTx(t, db, func(l store.TxLibrary) error {
				locked, err := l.Lock(t.Context(), v.ID)
				if err != nil {
					return err
				}
				isLast = len(locked.Runs) == siblings-1
				c := cue(i, stage, models.CueSpeech, 0, time.Second, "word")
				return errors.Join(
					l.Commit(t.Context(), store.Commit{VideoID: v.ID, Run: run(stage), Cues: []models.Cue{c},
						Postings: []models.Posting{{CueID: c.ID, Terms: "word"}}}),
					l.Record(t.Context(), models.Event{VideoID: v.ID, Type: models.EventStageStatus, Stage: stage}),
				)
			})
			if err != nil {
				t.Error(err)
			}
			if isLast {
				last <- stage
			}
		})
	}
	all.Wait()
	if len(last) != 1 {
		t.Errorf("%d of them are the last, want one", len(last))
	}
	if got := cues(t, s, store.CueQuery{VideoID: v.ID}); len(got) != siblings {
		t.Errorf("%d cues, want %d", len(got), siblings)
	}
}

func testBeat(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	running := models.StageRun{Stage: "speech", ID: "r1", Status: models.StageRunning, Fence: 7, Worker: "w", Heartbeat: moment, Started: moment}
	pending := models.StageRun{Stage: "shots", Status: models.StagePending, Fence: 7}
	if err := s.SetRun(t.Context(), v.ID, running, pending); err != nil {
		t.Fatal(err)
	}
	before, err := s.Video(t.Context(), v.ID)
	if err != nil {
		t.Fatal(err)
	}
	beat := store.Beat{VideoID: v.ID, Stage: "speech", Fence: 7, Progress: 0.25, At: moment.Add(time.Second)}
	for name, test := range map[string]struct {
		in     string
		change func(*store.Beat)
	}{
		"an earlier fence":  {models.DefaultWorkspace, func(b *store.Beat) { b.Fence = 6 }},
		"a later fence":     {models.DefaultWorkspace, func(b *store.Beat) { b.Fence = 8 }},
		"one not running":   {models.DefaultWorkspace, func(b *store.Beat) { b.Stage = "shots" }},
		"no such stage":     {models.DefaultWorkspace, func(b *store.Beat) { b.Stage = "none" }},
		"another workspace": {"other", func(*store.Beat) {}},
	} {
		b := beat
		test.change(&b)
		if alive, err := db.In(test.in).Beat(t.Context(), b); err != nil || alive {
			t.Errorf("%s: alive %v, %v", name, alive, err)
		}
	}
	wantRuns(t, s, v.ID, []models.StageRun{running, pending})

	if alive, err := s.Beat(t.Context(), beat); err != nil || !alive {
		t.Errorf("alive %v, %v", alive, err)
	}
	running.Heartbeat, running.Progress = beat.At, beat.Progress
	wantRuns(t, s, v.ID, []models.StageRun{running, pending})
	if after, err := s.Video(t.Context(), v.ID); err != nil || !after.Updated.Equal(before.Updated) {
		t.Errorf("the video was updated %v, %v, want %v: a beat is no change", after.Updated, err, before.Updated)
	}
}

func testRunning(t *testing.T, db store.Store) {
	want := map[string]models.StageRun{} // by workspace and video
	for n, workspace := range []string{"a", "a", "b"} {
		v := create(t, db.In(workspace), n)
		r := models.StageRun{Stage: "speech", ID: "r", Status: models.StageRunning, Fence: int64(n), Worker: "w", Heartbeat: moment}
		if err := db.In(workspace).SetRun(t.Context(), v.ID, run("probe"), r, models.StageRun{Stage: "shots", Status: models.StagePending}); err != nil {
			t.Fatal(err)
		}
		want[workspace+" "+v.ID] = r
	}
	deleted := create(t, db.In("b"), 9)
	if err := errors.Join(
		db.In("b").SetRun(t.Context(), deleted.ID, models.StageRun{Stage: "speech", Status: models.StageRunning}),
		db.In("b").DeleteVideo(t.Context(), deleted.ID, time.Time{}),
	); err != nil {
		t.Fatal(err)
	}
	running, err := db.Running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]models.StageRun{}
	for _, one := range running {
		got[one.Workspace+" "+one.VideoID] = one.Run
	}
	if diff := cmp.Diff(want, got); diff != "" || len(running) != len(want) {
		t.Errorf("%d are running (-want +got):\n%s", len(running), diff)
	}
}

func testEachVideo(t *testing.T, db store.Store) {
	if all, err := db.EachVideo(t.Context(), "", 10); err != nil || len(all) != 0 {
		t.Fatalf("%v, %v, want none", all, err)
	}
	var want []*models.Video
	for n, workspace := range []string{"a", "b", "a", "b", "b"} {
		v := whole(t, db.In(workspace), n)
		if n == 3 {
			if err := db.In(workspace).DeleteVideo(t.Context(), v.ID, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		v, err := db.In(workspace).Video(t.Context(), v.ID)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, v)
	}
	var got []*models.Video
	for after := ""; len(got) <= len(want); {
		some, err := db.EachVideo(t.Context(), after, 2)
		if err != nil || len(some) > 2 {
			t.Fatalf("%d at once, %v", len(some), err)
		}
		if len(some) == 0 {
			break
		}
		got, after = append(got, some...), some[len(some)-1].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func testGarbage(t *testing.T, db store.Store) {
	wantGarbage := func(now time.Time, limit int, want ...string) {
		t.Helper()
		got, err := db.Garbage(t.Context(), now, limit)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	discard := func(due time.Time, prefixes ...string) {
		t.Helper()
		if err := inTx(t, db, func(l store.TxLibrary) error { return l.Discard(t.Context(), due, prefixes...) }); err != nil {
			t.Fatal(err)
		}
	}
	later := moment.Add(time.Hour)
	discard(moment)
	discard(later, "videos/a/", "videos/b/", "videos/c/")
	wantGarbage(later.Add(-time.Second), 10)
	wantGarbage(later, 10, "videos/a/", "videos/b/", "videos/c/")
	discard(moment, "videos/b/")
	discard(later.Add(time.Hour), "videos/a/", "videos/b/")
	wantGarbage(moment, 10, "videos/b/")
	wantGarbage(later, 2, "videos/b/", "videos/a/")
	for range 2 {
		if err := db.Forget(t.Context(), "videos/b/"); err != nil {
			t.Fatal(err)
		}
	}
	wantGarbage(later, 10, "videos/a/", "videos/c/")
}
