package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// with updates a video.
func with(t *testing.T, s store.Library, id string, u store.VideoUpdate) *models.Video {
	t.Helper()
	if err := s.UpdateVideo(t.Context(), id, u); err != nil {
		t.Fatal(err)
	}
	v, err := s.Video(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func testRevision(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	text, state, labels, revision := "text", models.VideoReady, map[string]string{"a": "b"}, int64(0)
	for name, u := range map[string]store.VideoUpdate{
		"title":       {Title: &text},
		"language":    {Language: &text},
		"captions":    {Captions: &models.Sidecar{Name: "a.vtt", SHA256: "abc"}},
		"labels":      {Labels: &labels},
		"external id": {ExternalID: &text},
	} {
		revision++
		if got := with(t, s, v.ID, u); got.Revision != revision {
			t.Errorf("%s: revision %d, want %d", name, got.Revision, revision)
		}
	}
	// What the pipeline writes is no edit.
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("probe"), Media: &models.MediaInfo{}})
	if got := with(t, s, v.ID, store.VideoUpdate{State: &state, Source: &text, Blob: &text}); got.Revision != revision {
		t.Errorf("revision %d, want %d", got.Revision, revision)
	}
}

// testConflict has many add a label to what they read: who overwrites what it
// has not seen loses one.
func testConflict(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	title, wrong := "never", int64(7)
	wantCode(t, s.UpdateVideo(t.Context(), v.ID, store.VideoUpdate{Title: &title, IfRevision: &wrong}), models.CodeConflict)
	wantCode(t, s.UpdateVideo(t.Context(), "none", store.VideoUpdate{Title: &title, IfRevision: &wrong}), models.CodeNotFound)

	const editors = 4
	var all sync.WaitGroup
	for i := range editors {
		all.Go(func() {
			for code := models.CodeConflict; code == models.CodeConflict; {
				read, err := s.Video(t.Context(), v.ID)
				if err != nil {
					t.Error(err)
					return
				}
				labels := map[string]string{fmt.Sprint("editor", i): ""}
				for key := range read.Labels {
					labels[key] = ""
				}
				err = s.UpdateVideo(t.Context(), v.ID, store.VideoUpdate{Labels: &labels, IfRevision: &read.Revision})
				if code = models.ErrorCode(err); code != "" && code != models.CodeConflict {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := s.Video(t.Context(), v.ID)
	if err != nil || len(got.Labels) != editors || got.Revision != editors || got.Title != v.Title {
		t.Errorf("%+v, %v, want %d labels and as many edits", got, err, editors)
	}
}

func testExternalID(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	one, two := create(t, s, 1), create(t, s, 2) // which have none, both
	id, none := "asset", ""
	with(t, s, one.ID, store.VideoUpdate{ExternalID: &id})
	wantCode(t, s.UpdateVideo(t.Context(), two.ID, store.VideoUpdate{ExternalID: &id}), models.CodeAlreadyExists)
	three := newVideo(3)
	three.ExternalID = id
	wantCode(t, s.CreateVideo(t.Context(), three), models.CodeAlreadyExists)
	if err := db.In("other").CreateVideo(t.Context(), three); err != nil {
		t.Errorf("in another workspace: %v", err)
	}

	if err := s.DeleteVideo(t.Context(), one.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	with(t, s, two.ID, store.VideoUpdate{ExternalID: &id})
	wantCode(t, s.UndeleteVideo(t.Context(), one.ID), models.CodeAlreadyExists)
	with(t, s, two.ID, store.VideoUpdate{ExternalID: &none})
	if err := s.UndeleteVideo(t.Context(), one.ID); err != nil {
		t.Error(err)
	}
	if got, err := s.Video(t.Context(), one.ID); err != nil || got.ExternalID != id {
		t.Errorf("%+v, %v, want its external id", got, err)
	}
}

func testLabels(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	for _, labels := range []map[string]string{
		{"env": "prod", "with-dash_and_1": `"quoted" <b> \ ' %`, "empty": ""},
		{"env": "Été 東京 \u2028\n"},
		nil,
	} {
		if got := with(t, s, v.ID, store.VideoUpdate{Labels: &labels}); !cmp.Equal(got.Labels, labels) {
			t.Errorf("%v was kept as %v", labels, got.Labels)
		}
	}
	// What is no text is kept as well as it can be.
	odd := map[string]string{"odd": "a\x00b\xff"}
	if got := with(t, s, v.ID, store.VideoUpdate{Labels: &odd}); len(got.Labels) != 1 {
		t.Errorf("%v was kept as %v", odd, got.Labels)
	}
}
