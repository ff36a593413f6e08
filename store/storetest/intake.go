package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// testDueUploads has uploads of all states and of two workspaces come due, and
// expire, at different times.
func testDueUploads(t *testing.T, db store.Store) {
	for n, u := range []struct {
		workspace string
		state     models.UploadState
		at        time.Duration // of both; 0 for never
	}{
		{"ours", models.UploadReceiving, 3 * time.Minute},
		{"theirs", models.UploadFinishing, 2 * time.Minute},
		{"ours", models.UploadReceiving, time.Minute},
		{"ours", models.UploadReceiving, 0},
		{"ours", models.UploadDone, time.Minute},
		{"ours", models.UploadFailed, time.Minute},
		{"theirs", models.UploadCanceled, time.Minute},
		{"ours", models.UploadExpired, time.Minute},
	} {
		one := newUpload(n)
		if one.State = u.state; u.at > 0 {
			one.Due, one.Expires = moment.Add(u.at), moment.Add(u.at)
		}
		createUpload(t, db.In(u.workspace), one)
	}
	for _, test := range []struct {
		name  string
		list  func(context.Context, time.Time, int) ([]models.Upload, error)
		after time.Duration
		limit int
		want  []string
	}{
		{"due early", db.DueUploads, 59 * time.Second, 9, nil},
		{"due", db.DueUploads, time.Minute, 9, []string{"upload2"}},
		{"all due", db.DueUploads, time.Hour, 9, []string{"upload2", "upload1", "upload0"}},
		{"some due", db.DueUploads, time.Hour, 2, []string{"upload2", "upload1"}},
		{"expired early", db.ExpiredUploads, 59 * time.Second, 9, nil},
		{"all expired", db.ExpiredUploads, time.Hour, 9, []string{"upload2", "upload0"}},
		{"some expired", db.ExpiredUploads, time.Hour, 1, []string{"upload2"}},
	} {
		got, err := test.list(t.Context(), moment.Add(test.after), test.limit)
		var ids []string
		for _, u := range got {
			ids = append(ids, u.ID)
		}
		if err != nil || !slices.Equal(ids, test.want) {
			t.Errorf("%s: %v, %v, want %v", test.name, ids, err, test.want)
		}
	}
}

// testGrowing asks for the key of an upload that comes to a state.
func testGrowing(t *testing.T, db store.Store) {
	s := db.In("ours")
	keyless := newUpload(10)
	keyless.Key = ""
	createUpload(t, s, keyless)
	for i, state := range []models.UploadState{
		models.UploadReceiving, models.UploadFinishing, models.UploadDone, models.UploadFailed, models.UploadCanceled, models.UploadExpired,
	} {
		u := createUpload(t, s, newUpload(i))
		u.State = state
		saveUpload(t, s, u)
		for name, ask := range map[string]func(context.Context, string) (bool, error){"grows": db.Growing, "is in use": db.SourceInUse} {
			for key, want := range map[string]bool{u.Key: !state.Ended(), u.Key + "x": false, "": false} {
				if got, err := ask(t.Context(), key); err != nil || got != want {
					t.Errorf("while it is %s, %q %s: %v, %v, want %v", state, key, name, got, err, want)
				}
			}
		}
	}
}

func testDropUploads(t *testing.T, db store.Store) {
	s := db.In("ours")
	states := []models.UploadState{
		models.UploadReceiving, models.UploadFinishing, models.UploadDone, models.UploadFailed, models.UploadCanceled, models.UploadExpired,
	}
	var kept []string
	for n, state := range states {
		old, young := newUpload(n), newUpload(n+len(states))
		old.State, young.State, old.Updated, young.Updated = state, state, moment.Add(-1000), moment
		createUpload(t, s, old)
		createUpload(t, s, young)
		if kept = append(kept, young.ID); !state.Ended() {
			kept = append(kept, old.ID)
		}
	}
	if err := db.DropUploads(t.Context(), moment); err != nil {
		t.Fatal(err)
	}
	page, err := s.Uploads(t.Context(), store.UploadQuery{})
	var left []string
	for _, u := range page.Uploads {
		left = append(left, u.ID)
	}
	slices.Sort(left)
	slices.Sort(kept)
	if err != nil || !slices.Equal(left, kept) {
		t.Errorf("%v are left, %v, want %v", left, err, kept)
	}
}

func wantUsage(t *testing.T, s store.Library, want int64) {
	t.Helper()
	if got, err := s.Usage(t.Context()); err != nil || got != want {
		t.Errorf("%d bytes are used, %v, want %d", got, err, want)
	}
}

func testUsage(t *testing.T, db store.Store) {
	s := db.In("ours")
	wantUsage(t, s, 0)
	v, deleted := create(t, s, 1), create(t, s, 2)
	create(t, db.In("theirs"), 3)
	wantUsage(t, s, 24)
	twin := newVideo(4)
	twin.Blob, twin.SHA256, twin.Duplicate = v.Blob, v.SHA256, true
	unstored := newVideo(5)
	unstored.Blob = ""
	for _, one := range []*models.Video{twin, unstored} {
		if err := s.CreateVideo(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	wantUsage(t, s, 24)
	for _, id := range []string{v.ID, deleted.ID} {
		if err := s.DeleteVideo(t.Context(), id, moment); err != nil {
			t.Fatal(err)
		}
	}
	wantUsage(t, s, 24)
	for _, id := range []string{v.ID, deleted.ID} {
		if err := s.PurgeVideo(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	wantUsage(t, s, 12) // the twin's

	u := newUpload(1)
	u.Length, u.Offset = 1000, 3
	createUpload(t, s, u)
	wantUsage(t, s, 1012)
	u.Length = -1
	for _, state := range []models.UploadState{models.UploadReceiving, models.UploadFinishing} {
		u.State = state
		saveUpload(t, s, u)
		wantUsage(t, s, 15)
	}
	u.State = models.UploadDone
	saveUpload(t, s, u)
	wantUsage(t, s, 12)
	for i, state := range []models.UploadState{models.UploadFailed, models.UploadCanceled, models.UploadExpired} {
		u := createUpload(t, s, newUpload(2+i))
		wantUsage(t, s, 12+u.Length)
		u.State = state
		saveUpload(t, s, u)
		wantUsage(t, s, 12)
	}
}

// testUploadQuota has many in two workspaces make uploads at once, by themselves
// and in transactions.
func testUploadQuota(t *testing.T, db store.Store) {
	const quota, length, fit = 100, 20, 4 // beside the 12 of a video
	var all sync.WaitGroup
	for n, workspace := range []string{"ours", "theirs"} {
		create(t, db.In(workspace), n)
		for i := range 2 * fit {
			all.Go(func() {
				u := newUpload(100*n + i)
				u.Length = length
				create := func(l store.Library) error { return l.CreateUpload(t.Context(), u, quota) }
				var err error
				if i%2 == 0 {
					err = create(db.In(workspace))
				} else {
					err = db.Tx(t.Context(), func(tx store.Tx) error { return create(tx.In(workspace)) })
				}
				if code := models.ErrorCode(err); code != "" && code != models.CodeQuotaExceeded {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for _, workspace := range []string{"ours", "theirs"} {
		s := db.In(workspace)
		wantUsage(t, s, 12+fit*length)
		for n, test := range []struct {
			u     models.Upload
			quota int64
			code  models.Code
		}{
			{models.Upload{Length: 9}, quota, models.CodeQuotaExceeded},
			{models.Upload{Length: 1 << 62}, quota, models.CodeQuotaExceeded},
			{models.Upload{Length: 0}, 50, models.CodeQuotaExceeded}, // there is more than that already
			{models.Upload{Length: 8}, quota, ""},
			{models.Upload{Length: -1}, quota, ""}, // it is full now, and nobody knows
			{models.Upload{Length: -1, Offset: 1}, quota, models.CodeQuotaExceeded},
			{models.Upload{Length: 1000}, 0, ""},
		} {
			u := test.u
			u.ID, u.State = workspace+newUpload(n).ID, models.UploadReceiving
			if got := models.ErrorCode(s.CreateUpload(t.Context(), u, test.quota)); got != test.code {
				t.Errorf("%+v within %d: %q, want %q", test.u, test.quota, got, test.code)
			}
		}
	}
}
