package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// newTwin is a duplicate of a video, over its blob.
func newTwin(n int, of *models.Video) *models.Video {
	v := newVideo(n)
	v.Blob, v.SHA256, v.Duplicate = of.Blob, of.SHA256, true
	return v
}

func createTwin(t *testing.T, s store.Library, n int, of *models.Video) *models.Video {
	t.Helper()
	v := newTwin(n, of)
	if err := s.CreateVideo(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

// wantBytes asks for the videos of the same bytes: first the one that is found
// by them, then the duplicates.
func wantBytes(t *testing.T, s store.Library, sum, found string, duplicates ...string) {
	t.Helper()
	v, err := s.VideoBySHA256(t.Context(), sum)
	if found == "" {
		wantCode(t, err, models.CodeNotFound)
	} else if err != nil || v.ID != found {
		t.Errorf("the video of these bytes is %v, %v, want %s", v, err, found)
	}
	all, err := s.Duplicates(t.Context(), sum)
	var ids []string
	for _, v := range all {
		ids = append(ids, v.ID)
	}
	if err != nil || !slices.Equal(ids, duplicates) {
		t.Errorf("duplicates %v, %v, want %v", ids, err, duplicates)
	}
}

func testDuplicates(t *testing.T, db store.Store) {
	s := db.In("ours")
	v := create(t, s, 5)
	older, younger := createTwin(t, s, 1, v), createTwin(t, s, 9, v)
	create(t, s, 2) // of other bytes
	if err := s.SetRun(t.Context(), older.ID, run("speech")); err != nil {
		t.Fatal(err)
	}
	wantBytes(t, s, v.SHA256, v.ID, older.ID, younger.ID)
	wantBytes(t, db.In("theirs"), v.SHA256, "")
	if all, err := s.Duplicates(t.Context(), v.SHA256); err != nil || len(all[0].Runs) != 1 || !all[0].Duplicate {
		t.Errorf("%+v, %v, want its runs", all[0], err)
	}
	again := newTwin(3, v)
	again.Duplicate = false
	wantCode(t, s.CreateVideo(t.Context(), again), models.CodeAlreadyExists)

	// They are deleted and brought back one by one.
	del := func(v *models.Video) {
		t.Helper()
		if err := s.DeleteVideo(t.Context(), v.ID, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	del(older)
	wantBytes(t, s, v.SHA256, v.ID, younger.ID)
	del(v)
	wantBytes(t, s, v.SHA256, younger.ID, younger.ID)
	for _, id := range []string{older.ID, v.ID} {
		if err := s.UndeleteVideo(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	wantBytes(t, s, v.SHA256, v.ID, older.ID, younger.ID)
	del(v)
	if err := s.CreateVideo(t.Context(), again); err != nil {
		t.Errorf("beside duplicates alone: %v", err)
	}
	wantCode(t, s.UndeleteVideo(t.Context(), v.ID), models.CodeAlreadyExists)
	wantBytes(t, s, v.SHA256, again.ID, older.ID, younger.ID)
}

func testSharedSource(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	for n, deleteFirst := range []bool{false, true} {
		v := create(t, s, 10*n)
		twin := createTwin(t, s, 10*n+1, v)
		if deleteFirst {
			for _, one := range []*models.Video{twin, v} {
				if err := s.DeleteVideo(t.Context(), one.ID, moment); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, one := range []*models.Video{v, twin} {
			wantInUse(t, db, v, true)
			if err := s.PurgeVideo(t.Context(), one.ID); err != nil {
				t.Fatal(err)
			}
			if left, err := s.Video(t.Context(), twin.ID); i == 0 && (err != nil || left.Blob != v.Blob) {
				t.Errorf("the other is %+v, %v", left, err)
			}
		}
		wantInUse(t, db, v, false)
	}
}

// testDuplicateRace has many make videos of the same bytes at once: who finds
// that another was faster makes a duplicate.
func testDuplicateRace(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	of := newVideo(0)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			v := newTwin(n, of)
			for _, v.Duplicate = range []bool{false, true} {
				switch err := s.CreateVideo(t.Context(), v); models.ErrorCode(err) {
				case "":
					return
				case models.CodeAlreadyExists:
				default:
					t.Error(err)
				}
			}
			t.Error("it could not be made a duplicate")
		})
	}
	all.Wait()
	page, err := s.Videos(t.Context(), store.VideoQuery{})
	originals := slices.DeleteFunc(slices.Clone(page.Videos), func(v *models.Video) bool { return v.Duplicate })
	if err != nil || len(page.Videos) != 8 || len(originals) != 1 {
		t.Fatalf("%d videos, of which %d are no duplicates, %v, want 8 and 1", len(page.Videos), len(originals), err)
	}
	if v, err := s.VideoBySHA256(t.Context(), of.SHA256); err != nil || v.ID != originals[0].ID {
		t.Errorf("%v, %v is the video of these bytes, want %s", v, err, originals[0].ID)
	}
}
