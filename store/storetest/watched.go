package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// incoming is the watch of the tests.
const incoming = "file:///srv/incoming"

func saveWatched(t *testing.T, s store.Library, w store.Watched) store.Watched {
	t.Helper()
	if err := s.SaveWatched(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	w.Revision++
	return w
}

func wantWatched(t *testing.T, s store.Library, watch string, names []string, want ...store.Watched) {
	t.Helper()
	got, err := s.Watched(t.Context(), watch, names)
	byName := cmpopts.SortSlices(func(a, b store.Watched) bool { return a.Name < b.Name })
	if diff := cmp.Diff(want, got, byName, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// testWatched saves files of two watches and two workspaces, one of which has a
// name that is no text.
func testWatched(t *testing.T, db store.Store) {
	s, other := db.In(models.DefaultWorkspace), db.In("other")
	whole := saveWatched(t, s, store.Watched{
		Watch: incoming, Name: "a/b\xff'\x00%.mp4", Version: "12-1700", Sidecar: "3-1701", UploadID: "upload1", Due: moment, Attempts: 3,
	})
	bare := saveWatched(t, s, store.Watched{Watch: incoming, Name: "bare.mp4"})
	elsewhere := saveWatched(t, s, store.Watched{Watch: "s3://b/", Name: "bare.mp4", Version: "1"})
	theirs := saveWatched(t, other, store.Watched{Watch: incoming, Name: "bare.mp4", Version: "2"})

	names := []string{bare.Name, "none.mp4", whole.Name}
	wantWatched(t, s, incoming, names, whole, bare)
	wantWatched(t, s, incoming, nil)
	wantWatched(t, s, "s3://b/", names, elsewhere)
	wantWatched(t, other, incoming, names, theirs)

	whole.Version, whole.Sidecar, whole.UploadID, whole.Due, whole.Attempts = "13", "", "upload2", time.Time{}, 0
	whole = saveWatched(t, s, whole)
	bare.Due = moment
	bare = saveWatched(t, s, bare)
	wantWatched(t, s, incoming, names, whole, bare)

	for _, revision := range []int64{0, whole.Revision - 1, whole.Revision + 1} {
		late := whole
		late.Version, late.Revision = "late", revision
		wantCode(t, s.SaveWatched(t.Context(), late), models.CodeConflict)
	}
	wantCode(t, s.SaveWatched(t.Context(), store.Watched{Watch: incoming, Name: "none.mp4", Revision: 1}), models.CodeConflict)
	wantWatched(t, s, incoming, append(names, "none.mp4"), whole, bare)

	many := make([]string, 1000)
	for i := range many {
		many[i] = fmt.Sprintf("%0200d", i)
	}
	wantWatched(t, s, incoming, append(many, bare.Name), bare)
}

func testDueWatched(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	var due []store.Watched
	for i, after := range []time.Duration{2 * time.Hour, time.Hour, 3 * time.Hour} {
		due = append(due, saveWatched(t, s, store.Watched{Watch: incoming, Name: fmt.Sprint(i), Due: moment.Add(after)}))
	}
	saveWatched(t, s, store.Watched{Watch: incoming, Name: "never"})
	saveWatched(t, s, store.Watched{Watch: "s3://b/", Name: "0", Due: moment})
	saveWatched(t, db.In("other"), store.Watched{Watch: incoming, Name: "0", Due: moment})
	for _, tt := range []struct {
		now   time.Duration
		limit int
		want  []store.Watched
	}{
		{time.Hour - time.Microsecond, 10, nil},
		{time.Hour, 10, []store.Watched{due[1]}},
		{4 * time.Hour, 10, []store.Watched{due[1], due[0], due[2]}},
		{4 * time.Hour, 2, []store.Watched{due[1], due[0]}},
	} {
		got, err := s.DueWatched(t.Context(), incoming, moment.Add(tt.now), tt.limit)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("after %v: %v (-want +got):\n%s", tt.now, err, diff)
		}
	}
}

// testWatchedRace has many take up a file at once, each with an upload of its
// own, and then go on with it.
func testWatchedRace(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	for revision := range int64(2) {
		var mu sync.Mutex
		var all sync.WaitGroup
		won := map[string]bool{}
		for i := range 8 {
			all.Go(func() {
				u := newUpload(int(revision)*100 + i)
				err := db.Tx(t.Context(), func(tx store.Tx) error {
					lib := tx.In(models.DefaultWorkspace)
					if err := lib.CreateUpload(t.Context(), u, 0); err != nil {
						return err
					}
					return lib.SaveWatched(t.Context(), store.Watched{Watch: incoming, Name: "film.mp4", UploadID: u.ID, Revision: revision})
				})
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					won[u.ID] = true
				} else if models.ErrorCode(err) != models.CodeConflict {
					t.Error(err)
				}
			})
		}
		all.Wait()
		found, err := s.Watched(t.Context(), incoming, []string{"film.mp4"})
		if err != nil || len(won) != 1 || len(found) != 1 || !won[found[0].UploadID] || found[0].Revision != revision+1 {
			t.Errorf("%v have it, and it is %+v, %v", won, found, err)
		}
		page, err := s.Uploads(t.Context(), store.UploadQuery{})
		if err != nil || len(page.Uploads) != int(revision)+1 {
			t.Errorf("%d uploads, %v", len(page.Uploads), err)
		}
	}
}
