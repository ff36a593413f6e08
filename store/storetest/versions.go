package storetest

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func version(t *testing.T, db store.Store) string {
	t.Helper()
	v, err := db.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func testVersion(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	title, run := "another", models.StageRun{Stage: "speech", Status: models.StageRunning, Fence: 1}
	for name, write := range map[string]func() error{
		"update": func() error { return s.UpdateVideo(t.Context(), v.ID, store.VideoUpdate{Title: &title}) },
		"run":    func() error { return s.SetRun(t.Context(), v.ID, run) },
		"commit": func() error { return s.Commit(t.Context(), store.Commit{VideoID: v.ID, Run: run}) },
		"transaction": func() error {
			return db.Tx(t.Context(), func(tx store.Tx) error {
				return tx.In(models.DefaultWorkspace).UpdateVideo(t.Context(), v.ID, store.VideoUpdate{Title: &title})
			})
		},
	} {
		before := versionAfterReading(t, db, s, v.ID)
		if err := write(); err != nil {
			t.Fatal(err)
		}
		if after := version(t, db); after == before {
			t.Errorf("%s: still %s", name, after)
		}
	}
}

// versionAfterReading returns a version that reading left as it was. Others who
// share the server with the database may change it meanwhile, but not always.
func versionAfterReading(t *testing.T, db store.Store, s store.Library, id string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		before := version(t, db)
		if _, err := s.Video(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if version(t, db) == before {
			return before
		}
	}
	t.Fatal("each reading changed the version")
	return ""
}

// testVersionUnderWrites keeps what it reads by the version that was noted before,
// as who keeps answers does, while others write.
func testVersionUnderWrites(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	var writing sync.WaitGroup
	for range 2 {
		writing.Go(func() {
			for n := range 60 {
				title := strconv.Itoa(n)
				if err := s.UpdateVideo(t.Context(), v.ID, store.VideoUpdate{Title: &title}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { writing.Wait(); close(written) }()
	defer func() { <-written }()
	kept := map[string]string{}
	for done := false; !done; {
		select {
		case <-written:
			done = true
		default:
		}
		before := version(t, db)
		got, err := s.Video(t.Context(), v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if version(t, db) != before {
			continue
		}
		if known, ok := kept[before]; ok && known != got.Title {
			t.Fatalf("version %s holds the title %s and the title %s", before, known, got.Title)
		}
		kept[before] = got.Title
	}
	last := versionAfterReading(t, db, s, v.ID)
	if got, err := s.Video(t.Context(), v.ID); err != nil || kept[last] != "" && kept[last] != got.Title {
		t.Errorf("kept %q, is %q, error %v", kept[last], got.Title, err)
	}
}
