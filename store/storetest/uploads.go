package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func newUpload(n int) models.Upload {
	at := moment.Add(time.Duration(n) * time.Second)
	return models.Upload{
		ID: fmt.Sprintf("upload%d", n), Workspace: models.DefaultWorkspace, Method: models.UploadTus, State: models.UploadReceiving,
		Length: 10, Key: fmt.Sprintf("sources/upload%d", n), Created: at, Updated: at,
	}
}

// wholeUpload has every field set.
func wholeUpload() models.Upload {
	u := newUpload(1)
	u.Error, u.Filename, u.ContentType = models.Errorf(models.CodeSourceUnavailable, "it is away"), "../Bienen \u202e.mp4", "video/mp4"
	u.Offset, u.SHA256, u.Metadata, u.Source, u.Origin = 7, "cafe", "filename YQ==,empty", "https://example.org/a", "https://example.org"
	u.Download, u.TokenHash = []byte{0xff, 0, 'y'}, "f00d"
	u.Video = models.UploadVideo{
		Title: "Bees", Language: "de", Labels: map[string]string{"env": "Prod"}, ExternalID: "asset-1", AllowDuplicate: true,
		Captions: &models.Sidecar{Name: "bees.vtt", Blob: "sources/captions", SHA256: "f00d"},
	}
	u.VideoID, u.Duplicate, u.Growth, u.Fence = "video1", true, []byte{0, 0xff, 'x'}, 1<<40
	u.Due, u.Attempts, u.Expires = moment.Add(time.Hour), 3, moment.Add(2*time.Hour)
	return u
}

func createUpload(t *testing.T, s store.Library, u models.Upload) models.Upload {
	t.Helper()
	if err := s.CreateUpload(t.Context(), u, 0); err != nil {
		t.Fatal(err)
	}
	return u
}

func saveUpload(t *testing.T, s store.Library, u models.Upload) {
	t.Helper()
	if err := s.SaveUpload(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

func wantUpload(t *testing.T, s store.Library, want models.Upload) {
	t.Helper()
	got, err := s.Upload(t.Context(), want.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func testUpload(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	want := wholeUpload()
	for i, v := 0, reflect.ValueOf(want); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the test leaves %s out", v.Type().Field(i).Name)
		}
	}
	claimed := want
	claimed.Workspace = "theirs" // is not the caller's to say
	createUpload(t, s, claimed)
	wantUpload(t, s, want)
	if got, err := db.AnyUpload(t.Context(), want.ID); err != nil || !cmp.Equal(want, got) {
		t.Errorf("of any workspace: %+v, %v", got, err)
	}
	wantCode(t, s.CreateUpload(t.Context(), want, 0), models.CodeAlreadyExists)

	// A save writes everything, also what is empty now.
	bare := models.Upload{ID: want.ID, Workspace: "theirs", Method: models.UploadImport, State: models.UploadReceiving, Length: -1, Fence: want.Fence, Updated: moment.Add(time.Minute)}
	saveUpload(t, s, bare)
	bare.Workspace, bare.Created = want.Workspace, want.Created
	wantUpload(t, s, bare)
	want.Created = moment.Add(time.Hour)
	saveUpload(t, s, want)
	want.Created = bare.Created
	wantUpload(t, s, want)

	before := time.Now().Add(-time.Second)
	bare.Updated = time.Time{}
	saveUpload(t, s, bare)
	if got, err := s.Upload(t.Context(), want.ID); err != nil || got.Updated.Before(before) {
		t.Errorf("updated at %v, %v, want now", got.Updated, err)
	}
}

func testUploadWorkspaces(t *testing.T, db store.Store) {
	ours, theirs := db.In("ours"), db.In("theirs")
	u := newUpload(1)
	u.Workspace = "ours"
	createUpload(t, ours, u)
	for name, try := range map[string]func(s store.Library, id string) error{
		"read": func(s store.Library, id string) error { _, err := s.Upload(t.Context(), id); return err },
		"take": func(s store.Library, id string) error { _, err := s.TakeUpload(t.Context(), id); return err },
		"save": func(s store.Library, id string) error { return s.SaveUpload(t.Context(), models.Upload{ID: id}) },
	} {
		t.Log(name)
		wantCode(t, try(theirs, u.ID), models.CodeNotFound)
		wantCode(t, try(ours, "none"), models.CodeNotFound)
	}
	_, err := db.AnyUpload(t.Context(), "none")
	wantCode(t, err, models.CodeNotFound)
	wantCode(t, theirs.CreateUpload(t.Context(), u, 0), models.CodeAlreadyExists) // ids are everybody's
	wantUpload(t, ours, u)
	wantUsage(t, ours, u.Length)
	wantUsage(t, theirs, 0)
	if page, err := theirs.Uploads(t.Context(), store.UploadQuery{}); err != nil || len(page.Uploads) > 0 {
		t.Errorf("another workspace has %v, %v", page.Uploads, err)
	}
}

// testUploadFences has many become the writer of an upload: who is not the last
// saves nothing.
func testUploadFences(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	u := createUpload(t, s, newUpload(1))
	taken := make([]models.Upload, 8)
	var all sync.WaitGroup
	for i := range taken {
		all.Go(func() {
			var err error
			if taken[i], err = s.TakeUpload(t.Context(), u.ID); err != nil {
				t.Error(err)
			}
			taken[i].Offset = int64(i)
			// It may be overtaken at any time.
			if code := models.ErrorCode(s.SaveUpload(t.Context(), taken[i])); code != "" && code != models.CodeConflict {
				t.Errorf("a writer is told %s", code)
			}
		})
	}
	all.Wait()
	slices.SortFunc(taken, func(a, b models.Upload) int { return int(a.Fence - b.Fence) })
	last := taken[len(taken)-1]
	for i, one := range taken {
		if one.Fence != int64(i+1) {
			t.Errorf("writer %d has fence %d", i+1, one.Fence)
		}
		one.Filename = "overwritten"
		if one.Fence != last.Fence {
			wantCode(t, s.SaveUpload(t.Context(), one), models.CodeConflict)
		}
	}
	wantUpload(t, s, last)
	last.Offset = 10
	saveUpload(t, s, last)
	last.Fence++ // which nobody was given
	wantCode(t, s.SaveUpload(t.Context(), last), models.CodeConflict)
	last.Fence--
	wantUpload(t, s, last)
}

// testUploadOnward has a writer say again what it did not hear that it had said.
func testUploadOnward(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	way := []models.UploadState{models.UploadReceiving, models.UploadFinishing, models.UploadDone}
	ends := []models.UploadState{models.UploadDone, models.UploadFailed, models.UploadCanceled, models.UploadExpired}
	u := createUpload(t, s, newUpload(1))
	for i, state := range way {
		for range 2 {
			u.State = state
			saveUpload(t, s, u)
		}
		for _, earlier := range way[:i] {
			back := u
			back.State = earlier
			wantCode(t, s.SaveUpload(t.Context(), back), models.CodeConflict)
		}
	}
	for _, other := range ends[1:] {
		back := u
		back.State = other
		wantCode(t, s.SaveUpload(t.Context(), back), models.CodeConflict)
	}
	wantUpload(t, s, u)
	for i, from := range way[:2] {
		for j, to := range ends {
			u := newUpload(10 + 4*i + j)
			u.State = from
			createUpload(t, s, u)
			u.State = to
			saveUpload(t, s, u)
		}
	}
}

// testUploadTx does with uploads what their end does, in one transaction, and
// takes it back.
func testUploadTx(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	u := createUpload(t, s, newUpload(1))
	mine := errors.New("mine")
	for _, want := range []error{mine, nil} {
		err := inTx(t, db, func(l store.TxLibrary) error {
			one, err := l.TakeUpload(t.Context(), u.ID)
			if err != nil {
				return err
			}
			v := newVideo(1)
			v.Blob = u.Key
			create := l.CreateVideo(t.Context(), v)
			one.State, one.VideoID = models.UploadDone, v.ID
			saveUpload(t, l, one)
			wantUpload(t, l, one)
			wantUsage(t, l, v.Size)
			createUpload(t, l, newUpload(2))
			wantUsage(t, l, v.Size+10)
			page, read := l.Uploads(t.Context(), store.UploadQuery{})
			if len(page.Uploads) != 2 {
				t.Errorf("inside: %v", page.Uploads)
			}
			return errors.Join(create, read, want,
				l.Record(t.Context(), models.Event{UploadID: u.ID, VideoID: v.ID, Type: models.EventUploadDone, Time: moment}),
				l.Discard(t.Context(), moment, "sources/other"))
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		if want != nil {
			wantUpload(t, s, u)
			wantUsage(t, s, u.Length)
		}
	}
	if got, err := s.Upload(t.Context(), u.ID); err != nil || got.State != models.UploadDone || got.VideoID != "video1" || got.Fence != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	// Who was overtaken changes nothing else either, and who looks for nothing does no harm.
	err := inTx(t, db, func(l store.TxLibrary) error {
		_, missing := l.TakeUpload(t.Context(), "none")
		wantCode(t, missing, models.CodeNotFound)
		create(t, l, 3)
		_ = l.SaveUpload(t.Context(), u)
		return nil
	})
	wantCode(t, err, models.CodeConflict)
	_, err = s.Video(t.Context(), "video3")
	wantCode(t, err, models.CodeNotFound)
}

func testUploadEvents(t *testing.T, db store.Store) {
	want := []models.Event{
		{Workspace: models.DefaultWorkspace, UploadID: "u", Type: models.EventUploadFailed, Error: models.Errorf(models.CodeEmptyFile, "it is empty"), Time: moment},
		{Workspace: models.DefaultWorkspace, UploadID: "w", VideoID: "v", Type: models.EventUploadDone, Time: moment},
	}
	record(t, db, want...)
	got := events(t, db, 0)
	for i := range got {
		got[i].Cursor = 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func testUploadPages(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	var want, failed []string
	for n := range 7 {
		u := newUpload(n)
		u.Created = moment.Add(time.Duration(n/2) * time.Second)
		if n%3 == 0 {
			u.State = models.UploadFailed
			failed = append(failed, u.ID)
		}
		createUpload(t, s, u)
		want = append(want, u.ID)
	}
	slices.Reverse(want)
	slices.Reverse(failed)
	wantUploadPages(t, s, nil, want)
	// Newer ones do not move the pages that follow.
	want = append([]string{"upload103", "upload102", "upload101"}, want...)
	wantUploadPages(t, s, []models.UploadState{models.UploadReceiving, models.UploadFailed}, want)
	wantUploadPages(t, s, []models.UploadState{models.UploadFailed, models.UploadDone}, failed)
	wantUploadPages(t, s, []models.UploadState{models.UploadDone}, nil)

	page, err := s.Uploads(t.Context(), store.UploadQuery{Size: 1, States: []models.UploadState{models.UploadFailed, models.UploadDone}})
	if err != nil || page.Next == "" {
		t.Fatal(page, err)
	}
	same := store.UploadQuery{States: []models.UploadState{models.UploadDone, models.UploadFailed}, Token: page.Next}
	if _, err := s.Uploads(t.Context(), same); err != nil {
		t.Errorf("the same states in another order: %v", err)
	}
	for _, states := range [][]models.UploadState{nil, {models.UploadFailed}, {"failed done"}} {
		_, err := s.Uploads(t.Context(), store.UploadQuery{States: states, Token: page.Next})
		wantCode(t, err, models.CodeInvalidArgument)
	}
	_, err = db.In("theirs").Uploads(t.Context(), same)
	wantCode(t, err, models.CodeInvalidArgument)
	for _, token := range wrongTokens {
		_, err := s.Uploads(t.Context(), store.UploadQuery{Token: token})
		wantCode(t, err, models.CodeInvalidArgument)
	}
}

// wantUploadPages reads all pages; while it does, the list of all gets longer.
func wantUploadPages(t *testing.T, s store.Library, states []models.UploadState, want []string) {
	t.Helper()
	var got []string
	for q := (store.UploadQuery{States: states, Size: 2}); ; {
		page, err := s.Uploads(t.Context(), q)
		if err != nil || len(page.Uploads) > 2 {
			t.Fatalf("%d at once, %v", len(page.Uploads), err)
		}
		for _, u := range page.Uploads {
			got = append(got, u.ID)
		}
		if q.Token = page.Next; q.Token == "" {
			break
		}
		if states == nil {
			createUpload(t, s, newUpload(100+len(got)/2))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v: pages hold %v, want %v", states, got, want)
	}
}
