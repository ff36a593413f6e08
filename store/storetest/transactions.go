package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func testTx(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	err := db.Tx(t.Context(), func(tx store.Tx) error {
		if tx.Handle() == nil {
			t.Error("the driver's transaction is not to be had")
		}
		in := tx.In(models.DefaultWorkspace)
		v := whole(t, in, 1)
		wantWays(t, "inside", everyWay, seen(t, in, v, "cue1"))
		wantWays(t, "outside", nil, seen(t, s, v, "cue1"))
		create(t, tx.In("other"), 2)
		_, err := in.Video(t.Context(), "none")
		wantCode(t, err, models.CodeNotFound) // which is an answer
		wantCode(t, in.DeleteVideo(t.Context(), "none", time.Time{}), models.CodeNotFound)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantWays(t, "afterwards", everyWay, seen(t, s, newVideo(1), "cue1"))
	if _, err := db.In("other").Video(t.Context(), "video2"); err != nil {
		t.Error(err)
	}
}

func testTxUndone(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	mine := errors.New("mine")
	for name, f := range map[string]func(store.Library) error{
		"its error": func(store.Library) error { return mine },
		"a change that failed": func(in store.Library) error {
			twice := cue(7, "speech", models.CueSpeech, 0, 1, "")
			// Who does not look at the error does not get half of a commit.
			_ = in.Commit(t.Context(), store.Commit{VideoID: "video1", Run: run("speech"), Cues: []models.Cue{twice, twice}})
			return nil
		},
	} {
		err := db.Tx(t.Context(), func(tx store.Tx) error {
			in := tx.In(models.DefaultWorkspace)
			whole(t, in, 1)
			return f(in)
		})
		if !errors.Is(err, mine) && models.ErrorCode(err) != models.CodeAlreadyExists {
			t.Errorf("%s: Tx says %v", name, err)
		}
		wantWays(t, name, nil, seen(t, s, newVideo(1), "cue1"))
	}
	err := db.Tx(t.Context(), func(tx store.Tx) error {
		in := tx.In(models.DefaultWorkspace)
		v := create(t, in, 1)
		return models.Errorf(models.CodeConflict, "mine").Because(in.CreateVideo(t.Context(), v))
	})
	if e := models.AsError(err); e == nil || e.Code != models.CodeConflict || e.Message != "mine" {
		t.Errorf("what was said of a failure became %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is gone")
			}
		}()
		_ = db.Tx(t.Context(), func(tx store.Tx) error {
			create(t, tx.In(models.DefaultWorkspace), 1)
			panic("mine")
		})
	}()
	wantWays(t, "after a panic", nil, seen(t, s, newVideo(1), "cue1"))
}

func testCanceled(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Tx(ctx, func(tx store.Tx) error {
		title := "never"
		if err := tx.In(models.DefaultWorkspace).UpdateVideo(ctx, v.ID, store.VideoUpdate{Title: &title}); err != nil {
			return err
		}
		cancel()
		return nil
	})
	wantCode(t, err, models.CodeCanceled)
	_, err = s.Video(ctx, v.ID)
	wantCode(t, err, models.CodeCanceled)
	wantCode(t, s.DeleteVideo(ctx, v.ID, time.Time{}), models.CodeCanceled)
	if got, err := s.Video(t.Context(), v.ID); err != nil || got.Title != v.Title {
		t.Errorf("%+v, %v: a canceled transaction changed it", got, err)
	}
}

// testConcurrent pages through a library, most of which others are changing.
func testConcurrent(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	var want []string
	for i := range 30 {
		v := create(t, s, i)
		if i%3 != 0 { // those are deleted on the way
			want = append(want, v.ID)
		}
	}
	slices.Reverse(want)

	var writers sync.WaitGroup
	begun := make(chan struct{})
	for writer := range 3 {
		writers.Go(func() {
			<-begun
			for i := range 10 {
				n := 10*writer + i
				if err := s.CreateVideo(t.Context(), newVideo(1000+n)); err != nil {
					t.Error(err)
				}
				err := s.SetRun(t.Context(), fmt.Sprintf("video%d", n), models.StageRun{Stage: "probe"})
				if err != nil && n%3 != 0 {
					t.Error(err)
				}
				if n%3 == 0 {
					if err := s.DeleteVideo(t.Context(), fmt.Sprintf("video%d", n), time.Time{}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	var got []string
	for q := (store.VideoQuery{Size: 4}); ; {
		page, err := s.Videos(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Token == "" {
			close(begun)
		}
		for _, v := range page.Videos {
			if slices.Contains(want, v.ID) {
				got = append(got, v.ID)
			}
		}
		if page.Next == "" {
			break
		}
		q.Token = page.Next
	}
	writers.Wait()
	if !slices.Equal(got, want) {
		t.Errorf("pages hold %v, want %v", got, want)
	}
}

// testOneOfMany has many create the same thing at once.
func testOneOfMany(t *testing.T, db store.Store) {
	var all sync.WaitGroup
	results := make(chan error, 8)
	for i := range cap(results) {
		all.Go(func() {
			v := newVideo(i)
			v.SHA256 = "the same"
			results <- db.In(models.DefaultWorkspace).CreateVideo(t.Context(), v)
		})
	}
	all.Wait()
	close(results)
	created := 0
	for err := range results {
		if err == nil {
			created++
		} else {
			wantCode(t, err, models.CodeAlreadyExists)
		}
	}
	if created != 1 {
		t.Errorf("%d of them were created, want one", created)
	}
}
