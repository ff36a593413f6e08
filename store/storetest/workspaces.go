package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// whole creates a video with a run, a cue that is found by "word", and an
// artifact. Its ids end in n.
func whole(t *testing.T, s store.Library, n int) *models.Video {
	t.Helper()
	v := create(t, s, n)
	c := cue(n, "speech", models.CueSpeech, 0, time.Second, "word")
	c.VideoID = v.ID
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("speech"), Cues: []models.Cue{c},
		Artifacts: []models.Artifact{{Path: "a.vtt", Kind: models.ArtifactCaptions}},
		Postings:  []models.Posting{{CueID: c.ID, Terms: "word"}}})
	got, err := s.Video(t.Context(), v.ID)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var word = store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{"word"}}}}

// seen is what a library shows of a video: a line for each way to it, sorted.
func seen(t *testing.T, s store.Library, v *models.Video, cueID string) (ways []string) {
	t.Helper()
	note := func(way string, is bool, err error) {
		if err != nil && models.ErrorCode(err) != models.CodeNotFound {
			t.Fatalf("%s: %v", way, err)
		}
		if is {
			ways = append(ways, way)
		}
	}
	_, err := s.Video(t.Context(), v.ID)
	note("id", err == nil, err)
	_, err = s.VideoBySHA256(t.Context(), v.SHA256)
	note("hash", err == nil, err)
	for way, q := range map[string]store.VideoQuery{"list": {}, "list all": {Deleted: true}} {
		page, err := s.Videos(t.Context(), q)
		note(way, slices.ContainsFunc(page.Videos, func(listed *models.Video) bool { return listed.ID == v.ID }), err)
	}
	byVideo, err := s.Cues(t.Context(), store.CueQuery{VideoID: v.ID})
	note("cues", len(byVideo) > 0, err)
	byID, err := s.Cues(t.Context(), store.CueQuery{IDs: []string{cueID}})
	note("cue ids", len(byID) > 0, err)
	artifacts, err := s.Artifacts(t.Context(), v.ID)
	note("artifacts", len(artifacts) > 0, err)
	note("search", slices.Contains(search(t, s, word), cueID), nil)
	inVideo := word
	inVideo.VideoID = v.ID
	note("search in it", len(search(t, s, inVideo)) > 0, nil)
	slices.Sort(ways)
	return ways
}

var (
	everyWay   = []string{"artifacts", "cue ids", "cues", "hash", "id", "list", "list all", "search", "search in it"}
	deletedWay = []string{"id", "list all"}
)

func wantWays(t *testing.T, who string, want, got []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: it is seen by %q, want %q", who, got, want)
	}
}

func testWorkspaces(t *testing.T, db store.Store) {
	ours, theirs := db.In("ours"), db.In("theirs")
	v := whole(t, ours, 1)
	if v.Workspace != "ours" {
		t.Errorf("it is in workspace %q, want ours", v.Workspace)
	}
	wantWays(t, "ours", everyWay, seen(t, ours, v, "cue1"))
	wantWays(t, "theirs", nil, seen(t, theirs, v, "cue1"))
	wantWays(t, "without a name", nil, seen(t, db.In(""), v, "cue1"))

	// Nor can theirs change what is ours, whatever they do.
	wantUntouchable(t, theirs, v.ID)
	wantCode(t, theirs.PurgeVideo(t.Context(), v.ID), models.CodeNotFound)
	wantCode(t, theirs.CreateVideo(t.Context(), newVideo(1)), models.CodeAlreadyExists) // ids are everybody's

	same := newVideo(2)
	same.SHA256 = v.SHA256
	if err := theirs.CreateVideo(t.Context(), same); err != nil {
		t.Fatalf("the same source in another workspace: %v", err)
	}
	stolen := cue(2, "speech", models.CueSpeech, 0, 1, "")
	commit(t, theirs, store.Commit{VideoID: same.ID, Run: run("speech"), Cues: []models.Cue{stolen},
		Postings: []models.Posting{{CueID: "cue1", Terms: "stolen"}}})
	if got := search(t, ours, store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{"stolen"}}}}); got != nil {
		t.Errorf("another workspace wrote words for %v", got)
	}
	got, err := ours.Video(t.Context(), v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, got); diff != "" {
		t.Errorf("ours changed (-want +got):\n%s", diff)
	}
	wantWays(t, "ours", everyWay, seen(t, ours, v, "cue1"))
	wantInUse(t, db, v, true)
}

// wantUntouchable tries everything that changes a video that is there.
func wantUntouchable(t *testing.T, s store.Library, id string) {
	t.Helper()
	title := "taken"
	wantCode(t, s.UpdateVideo(t.Context(), id, store.VideoUpdate{Title: &title}), models.CodeNotFound)
	wantCode(t, s.UpdateVideo(t.Context(), id, store.VideoUpdate{Title: &title, IfRevision: new(int64)}), models.CodeNotFound)
	wantCode(t, s.SetRun(t.Context(), id, run("speech")), models.CodeNotFound)
	wantCode(t, s.Commit(t.Context(), store.Commit{VideoID: id, Run: run("speech"), Media: &models.MediaInfo{}}), models.CodeNotFound)
	wantCode(t, s.DeleteVideo(t.Context(), id, time.Time{}), models.CodeNotFound)
}

// wantInUse asks for the owner of a video's source.
func wantInUse(t *testing.T, db store.Store, v *models.Video, want bool) {
	t.Helper()
	if used, err := db.SourceInUse(t.Context(), v.Blob); err != nil || used != want {
		t.Errorf("its source is in use: %v, %v, want %v", used, err, want)
	}
}

func testDelete(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v, other := whole(t, s, 1), whole(t, s, 2)
	if err := s.DeleteVideo(t.Context(), v.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	wantWays(t, "deleted", deletedWay, seen(t, s, v, "cue1"))
	wantWays(t, "the other", everyWay, seen(t, s, other, "cue2"))
	wantUntouchable(t, s, v.ID)
	wantInUse(t, db, v, true)
	got, err := s.Video(t.Context(), v.ID)
	if err != nil || got.State != models.VideoDeleted || got.Deleted.IsZero() || !got.Updated.Equal(got.Deleted) {
		t.Errorf("%+v (%v), want it deleted", got, err)
	}

	if err := s.UndeleteVideo(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.UndeleteVideo(t.Context(), v.ID), models.CodeNotFound)
	wantWays(t, "undeleted", everyWay, seen(t, s, v, "cue1"))
	if got, err = s.Video(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	v.Updated = got.Updated
	if diff := cmp.Diff(v, got); diff != "" {
		t.Errorf("undeleted (-before +after):\n%s", diff)
	}
}

// testExpired deletes videos of two workspaces until different times.
func testExpired(t *testing.T, db store.Store) {
	ours, theirs := db.In("ours"), db.In("theirs")
	until := map[string]time.Time{}
	for n, in := range []store.Library{ours, theirs, ours, ours, ours} {
		v := create(t, in, n)
		switch n {
		case 3: // is kept for ever
			until[v.ID] = time.Time{}
		case 4: // is not deleted
			continue
		default:
			until[v.ID] = moment.Add(-time.Duration(n) * time.Hour)
		}
		if err := in.DeleteVideo(t.Context(), v.ID, until[v.ID]); err != nil {
			t.Fatal(err)
		}
		if got, err := in.Video(t.Context(), v.ID); err != nil || !got.Purge.Equal(until[v.ID]) {
			t.Errorf("%s can be purged from %v on, %v, want %v", v.ID, got.Purge, err, until[v.ID])
		}
	}
	want := func(now time.Time, limit int, ids ...string) {
		t.Helper()
		got, err := db.Expired(t.Context(), now, limit)
		var have []string
		for _, v := range got {
			have = append(have, v.ID)
		}
		if err != nil || !slices.Equal(have, ids) {
			t.Errorf("at %v: %v, %v, want %v", now, have, err, ids)
		}
	}
	want(moment.Add(-3*time.Hour), 10)
	want(moment.Add(-time.Hour), 10, "video2", "video1")
	want(moment.AddDate(100, 0, 0), 10, "video2", "video1", "video0")
	want(moment, 1, "video2")
	if err := ours.UndeleteVideo(t.Context(), "video2"); err != nil {
		t.Fatal(err)
	}
	want(moment, 10, "video1", "video0")
	if err := ours.DeleteVideo(t.Context(), "video2", time.Time{}); err != nil {
		t.Fatal(err)
	}
	want(moment, 10, "video1", "video0")
}

func testDeletedSource(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	if err := s.DeleteVideo(t.Context(), v.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	again := newVideo(2)
	again.SHA256 = v.SHA256
	if err := s.CreateVideo(t.Context(), again); err != nil {
		t.Fatalf("the source of a deleted video: %v", err)
	}
	if got, err := s.VideoBySHA256(t.Context(), v.SHA256); err != nil || got.ID != again.ID {
		t.Errorf("the source's video is %v (%v), want the new one", got, err)
	}
	wantCode(t, s.UndeleteVideo(t.Context(), v.ID), models.CodeAlreadyExists)
}

func testPurge(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	there, deleted, other := whole(t, s, 1), whole(t, s, 2), whole(t, s, 3)
	if err := s.DeleteVideo(t.Context(), deleted.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for n, v := range map[int]*models.Video{1: there, 2: deleted} {
		for range 2 { // nothing is left that the same ids run into
			if err := s.PurgeVideo(t.Context(), v.ID); err != nil {
				t.Fatal(err)
			}
			wantWays(t, v.ID, nil, seen(t, s, v, fmt.Sprintf("cue%d", n)))
			wantInUse(t, db, v, false)
			wantCode(t, s.PurgeVideo(t.Context(), v.ID), models.CodeNotFound)
			whole(t, s, n)
		}
	}
	wantWays(t, "the other", everyWay, seen(t, s, other, "cue3"))
}
