package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// patience is how long a test waits for what has to come.
const patience = time.Minute

func record(t *testing.T, db store.Store, events ...models.Event) {
	t.Helper()
	if err := inTx(t, db, func(l store.TxLibrary) error { return l.Record(t.Context(), events...) }); err != nil {
		t.Fatal(err)
	}
}

// events reads all events after a cursor, some at a time.
func events(t *testing.T, db store.Store, after int64) (all []models.Event) {
	t.Helper()
	for {
		some, err := db.Events(t.Context(), after, 2)
		if err != nil || len(some) > 2 {
			t.Fatalf("%d at once, %v", len(some), err)
		}
		if len(some) == 0 {
			return all
		}
		all, after = append(all, some...), some[len(some)-1].Cursor
	}
}

func wantLast(t *testing.T, db store.Store, want int64) {
	t.Helper()
	if last, err := db.LastEvent(t.Context()); err != nil || last != want {
		t.Errorf("the last event is %d, %v, want %d", last, err, want)
	}
}

func testEvents(t *testing.T, db store.Store) {
	wantLast(t, db, 0)
	want := []models.Event{
		{Workspace: models.DefaultWorkspace, VideoID: "v", Type: models.EventVideoState, State: models.VideoPartial,
			Error: models.Errorf(models.CodeTruncatedMedia, "it ends early"), Time: moment},
		{Workspace: models.DefaultWorkspace, VideoID: "v", Type: models.EventStageStatus, State: models.VideoProcessing,
			Stage: "speech", Status: models.StageDone, Attempt: 2, Time: moment.Add(time.Second)},
		{Workspace: models.DefaultWorkspace, VideoID: "w", Type: models.EventVideoPurged, Time: moment.Add(time.Minute)},
	}
	claimed := want[0]
	claimed.Workspace, claimed.Cursor = "other", 99 // are not the caller's to say
	record(t, db, claimed, want[1])
	record(t, db, want[2])
	got := events(t, db, 0)
	for i := range got {
		if i > 0 && got[i].Cursor <= got[i-1].Cursor || got[i].Cursor <= 0 {
			t.Errorf("event %d has cursor %d", i, got[i].Cursor)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	last := got[2].Cursor
	wantLast(t, db, last)
	if diff := gocmp.Diff(got[1:], events(t, db, got[0].Cursor)); diff != "" {
		t.Errorf("after the first (-want +got):\n%s", diff)
	}
	for i := range want {
		want[i].Cursor = got[i].Cursor
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// What is dropped is gone, and its cursors do not come again.
	if err := db.DropEvents(t.Context(), want[2].Time); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want[2:], events(t, db, 0)); diff != "" {
		t.Errorf("the first ones dropped (-want +got):\n%s", diff)
	}
	if err := db.DropEvents(t.Context(), want[2].Time.Add(1000)); err != nil {
		t.Fatal(err)
	}
	if left := events(t, db, 0); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	wantLast(t, db, last)
	record(t, db, want[0])
	if next := events(t, db, last); len(next) != 1 {
		t.Errorf("after the last cursor come %v, want one", next)
	}
}

// testWholeOutcome writes all that the end of a stage does, and takes it back.
func testWholeOutcome(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	mine := errors.New("mine")
	for _, want := range []error{mine, nil} {
		err := inTx(t, db, func(l store.TxLibrary) error {
			if _, err := l.Lock(t.Context(), v.ID); err != nil {
				return err
			}
			return cmp.Or(
				l.Commit(t.Context(), store.Commit{VideoID: v.ID, Run: run("speech"), Cues: []models.Cue{cue(1, "speech", models.CueSpeech, 0, 1, "")}}),
				l.Record(t.Context(), models.Event{VideoID: v.ID, Type: models.EventStageStatus, Time: moment}),
				l.Discard(t.Context(), moment, "videos/v/"),
				want,
			)
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		n := 0
		if want == nil {
			n = 1
		}
		got, err := s.Video(t.Context(), v.ID)
		if err != nil || len(got.Runs) != n {
			t.Errorf("runs %v, %v, want %d", got.Runs, err, n)
		}
		garbage, err := db.Garbage(t.Context(), moment, 10)
		if c, e := cues(t, s, store.CueQuery{VideoID: v.ID}), events(t, db, 0); err != nil || len(c) != n || len(e) != n || len(garbage) != n {
			t.Errorf("%d cues, %d events, garbage %v, %v, want %d of each", len(c), len(e), garbage, err, n)
		}
	}
}

func testChanges(t *testing.T, db store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hints := []<-chan struct{}{db.Changes(ctx), db.Changes(t.Context())}
	for n := range 4 {
		last, err := db.LastEvent(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 3 {
			cancel()
			hints = hints[1:]
		}
		record(t, db, models.Event{VideoID: "v"}, models.Event{VideoID: "w"})
		for _, c := range hints {
			await(t, db, c, last)
		}
	}
}

// await waits for a hint that goes with an event after a cursor: one for what
// was before may still be there.
func await(t *testing.T, db store.Store, hints <-chan struct{}, after int64) {
	t.Helper()
	late := time.After(patience)
	for found := false; !found; {
		select {
		case <-hints:
		case <-late:
			t.Fatal("no hint came")
		}
		some, err := db.Events(t.Context(), after, 1)
		if err != nil {
			t.Fatal(err)
		}
		found = len(some) > 0
	}
}

// testFollow has readers follow with cursors what many write at once. A run of
// each video counts its events under the video's lock, so that event n of a
// video says n: a reader that meets another number missed one, saw one twice,
// in another order, or one that was taken back.
func testFollow(t *testing.T, db store.Store) {
	const videos, writers, transactions, readers = 4, 5, 15, 3
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for n := range videos {
		create(t, db.In(models.DefaultWorkspace), n)
	}
	written := make(chan struct{})
	var reading, writing sync.WaitGroup
	for i := range readers {
		reading.Go(func() { follow(t, db, written, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	for i := range writers {
		writing.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(readers+i)))
			for range transactions {
				count(t, db, fmt.Sprintf("video%d", random.IntN(videos)), 1+random.IntN(5), random.IntN(4) == 0)
			}
		})
	}
	writing.Wait()
	close(written)
	reading.Wait()
}

// count records n events of a video, or takes them back.
func count(t *testing.T, db store.Store, id string, n int, undone bool) {
	mine := errors.New("undone")
	err := inTx(t, db, func(l store.TxLibrary) error {
		v, err := l.Lock(t.Context(), id)
		if err != nil {
			return err
		}
		r := models.StageRun{Stage: "counted"}
		if before := v.Run(r.Stage); before != nil {
			r = *before
		}
		for range n {
			r.Attempt++
			if err := l.Record(t.Context(), models.Event{VideoID: id, Attempt: r.Attempt}); err != nil {
				return err
			}
		}
		if undone {
			return mine
		}
		return l.SetRun(t.Context(), id, r)
	})
	if err != nil && !errors.Is(err, mine) {
		t.Error(err)
	}
}

// follow reads events as they come, until all that were written are there.
func follow(t *testing.T, db store.Store, written <-chan struct{}, random *rand.Rand) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	hints := db.Changes(ctx)
	seen := map[string]int{}
	var cursor int64
	for ended := false; ; {
		some, err := db.Events(ctx, cursor, 1+random.IntN(7))
		if err != nil {
			t.Errorf("at %v: %v", seen, err)
			return
		}
		for _, e := range some {
			if seen[e.VideoID]++; e.Attempt != seen[e.VideoID] || e.Cursor <= cursor {
				t.Errorf("event %d of %s has cursor %d, after %d of cursor %d", e.Attempt, e.VideoID, e.Cursor, seen[e.VideoID]-1, cursor)
				return
			}
			cursor = e.Cursor
		}
		switch {
		case len(some) > 0:
		case ended: // before it was asked: these are all
			wantCounted(t, db, seen)
			return
		default:
			select {
			case <-hints:
			case <-written:
				ended = true
			}
		}
	}
}

// wantCounted compares what a reader saw with what the videos' runs say.
func wantCounted(t *testing.T, db store.Store, seen map[string]int) {
	t.Helper()
	all, err := db.EachVideo(t.Context(), "", 100)
	if err != nil {
		t.Error(err)
	}
	for _, v := range all {
		if r := v.Run("counted"); r != nil && r.Attempt != seen[v.ID] {
			t.Errorf("%d events of %s were seen, want %d", seen[v.ID], v.ID, r.Attempt)
		}
	}
}
