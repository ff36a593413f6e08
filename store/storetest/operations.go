package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func newOperation(n int, video string) models.Operation {
	return models.Operation{ID: fmt.Sprintf("operation%d", n), Workspace: models.DefaultWorkspace, VideoID: video,
		Method: "AnalyzeVideo", Created: moment.Add(time.Duration(n) * time.Second)}
}

func put(t *testing.T, db store.Store, o models.Operation) error {
	t.Helper()
	return inTx(t, db, func(l store.TxLibrary) error { return l.PutOperation(t.Context(), o) })
}

func finish(t *testing.T, db store.Store, video string, failure *models.Error, at time.Time) {
	t.Helper()
	if err := inTx(t, db, func(l store.TxLibrary) error { return l.FinishOperations(t.Context(), video, failure, at) }); err != nil {
		t.Fatal(err)
	}
}

func wantOperation(t *testing.T, s store.Library, want models.Operation) {
	t.Helper()
	got, err := s.Operation(t.Context(), want.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func testOperations(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v, other := create(t, s, 1), create(t, s, 2)
	first, second, others := newOperation(1, v.ID), newOperation(2, v.ID), newOperation(3, other.ID)
	claimed := first
	claimed.Workspace = "theirs" // is not the caller's to say
	for _, o := range []models.Operation{claimed, others} {
		if err := put(t, db, o); err != nil {
			t.Fatal(err)
		}
	}
	wantOperation(t, s, first)
	wantCode(t, put(t, db, first), models.CodeAlreadyExists)
	wantCode(t, put(t, db, newOperation(4, "none")), models.CodeNotFound)
	_, err := db.In("theirs").Operation(t.Context(), first.ID)
	wantCode(t, err, models.CodeNotFound)

	finish(t, db, v.ID, models.Errorf(models.CodeNoMedia, "nothing in it"), moment)
	first.Error, first.Done = models.Errorf(models.CodeNoMedia, "nothing in it"), moment
	if err := put(t, db, second); err != nil {
		t.Fatal(err)
	}
	finish(t, db, v.ID, nil, moment.Add(time.Hour))
	finish(t, db, "none", nil, moment)
	second.Done = moment.Add(time.Hour)
	for _, o := range []models.Operation{first, second, others} {
		wantOperation(t, s, o)
	}

	if err := s.DeleteVideo(t.Context(), v.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantOperation(t, s, first)
	wantCode(t, put(t, db, newOperation(4, v.ID)), models.CodeNotFound)
	if err := s.PurgeVideo(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Operation(t.Context(), first.ID)
	wantCode(t, err, models.CodeNotFound)
	wantOperation(t, s, others)
}

func testOperationPages(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	var want, got []string
	for n := range 5 {
		o := newOperation(n, v.ID)
		o.Created = moment.Add(time.Duration(n/2) * time.Second)
		if err := put(t, db, o); err != nil {
			t.Fatal(err)
		}
		want = append(want, o.ID)
	}
	slices.Reverse(want)
	for q := (store.OperationQuery{Size: 2}); ; {
		page, err := s.Operations(t.Context(), q)
		if err != nil || len(page.Operations) > 2 {
			t.Fatalf("%d at once, %v", len(page.Operations), err)
		}
		for _, o := range page.Operations {
			got = append(got, o.ID)
		}
		if q.Token = page.Next; q.Token == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages hold %v, want %v", got, want)
	}
	for _, token := range wrongTokens {
		_, err := s.Operations(t.Context(), store.OperationQuery{Token: token})
		wantCode(t, err, models.CodeInvalidArgument)
	}
	if page, err := db.In("theirs").Operations(t.Context(), store.OperationQuery{}); err != nil || len(page.Operations) > 0 {
		t.Errorf("another workspace has %v, %v", page.Operations, err)
	}
}

func remember(t *testing.T, db store.Store, workspace string, r models.Request) error {
	t.Helper()
	return db.Tx(t.Context(), func(tx store.Tx) error { return tx.In(workspace).Remember(t.Context(), r) })
}

func testRequests(t *testing.T, db store.Store) {
	made := models.Request{Method: "CreateVideo", ID: "once", Digest: "abc", VideoID: "video1", Created: moment}
	answered := models.Request{Method: "CreateKey", ID: "once", Digest: "def", Response: []byte{0, 0xff, 'x'}, Created: moment.Add(time.Hour)}
	elsewhere := made
	elsewhere.Digest = "other"
	wantRequests := func(workspace string, want ...models.Request) {
		t.Helper()
		for _, r := range []models.Request{made, answered} {
			got, err := db.In(workspace).Recall(t.Context(), r.Method, r.ID)
			i := slices.IndexFunc(want, func(w models.Request) bool { return w.Method == r.Method })
			if i < 0 {
				wantCode(t, err, models.CodeNotFound)
			} else if diff := cmp.Diff(want[i], got); err != nil || diff != "" {
				t.Errorf("%s of %s, %v (-want +got):\n%s", r.Method, workspace, err, diff)
			}
		}
	}
	wantRequests("ours")
	for _, r := range []models.Request{made, answered} {
		if err := remember(t, db, "ours", r); err != nil {
			t.Fatal(err)
		}
	}
	if err := remember(t, db, "theirs", elsewhere); err != nil {
		t.Fatal(err)
	}
	again := made
	again.Digest = "another"
	wantCode(t, remember(t, db, "ours", again), models.CodeAlreadyExists)
	wantRequests("ours", made, answered)
	wantRequests("theirs", elsewhere)

	if err := db.DropRequests(t.Context(), answered.Created); err != nil {
		t.Fatal(err)
	}
	wantRequests("ours", answered)
	wantRequests("theirs")
}

// testRequestRace has many ask the same thing at once, each making a video of
// its own of it.
func testRequestRace(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	var all sync.WaitGroup
	answers := make(chan string, 8)
	for i := range cap(answers) {
		all.Go(func() {
			err := inTx(t, db, func(l store.TxLibrary) error {
				v := newVideo(i)
				if err := l.CreateVideo(t.Context(), v); err != nil {
					return err
				}
				return l.Remember(t.Context(), models.Request{Method: "CreateVideo", ID: "once", VideoID: v.ID, Created: moment})
			})
			if code := models.ErrorCode(err); code != "" && code != models.CodeAlreadyExists {
				t.Error(err)
			}
			r, err := s.Recall(t.Context(), "CreateVideo", "once")
			if err != nil {
				t.Error(err)
			}
			answers <- r.VideoID
		})
	}
	all.Wait()
	close(answers)
	page, err := s.Videos(t.Context(), store.VideoQuery{})
	if err != nil || len(page.Videos) != 1 {
		t.Fatalf("%d videos, %v, want one", len(page.Videos), err)
	}
	for id := range answers {
		if id != page.Videos[0].ID {
			t.Errorf("one was answered %s, want %s", id, page.Videos[0].ID)
		}
	}
}
