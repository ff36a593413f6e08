// Package storetest is the contract of [store.Store] as tests that every
// database passes. A backend's own test file is a factory and one call.
package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Run tests the stores that open makes, an empty one for each call.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"videos are returned as they were created":           testVideo,
		"a source makes one video":                           testUnique,
		"what is not there is NOT_FOUND":                     testNotFound,
		"pages hold every video once, newest first":          testPaging,
		"updates change what they set":                       testUpdate,
		"an owner's edits raise the revision":                testRevision,
		"who edits another revision is told":                 testConflict,
		"an external id names one video":                     testExternalID,
		"any labels are kept":                                testLabels,
		"every database answers a filter as Go does":         testFilters,
		"a filter sees what has changed":                     testChangedFilters,
		"pages go on where they ended while others write":    testFilteredPages,
		"what cannot be compared is told":                    testWrongFilters,
		"the largest filter is answered":                     testLargeFilter,
		"a page token is good for one list":                  testPageTokens,
		"runs keep the order they were first set in":         testRuns,
		"a commit replaces what the stage had written":       testCommit,
		"a commit that fails changes nothing":                testCommitAtomic,
		"cues are listed by time, kind and span":             testCues,
		"ten thousand cues fit in one commit":                testManyCues,
		"search finds all phrases and nothing is syntax":     testSearch,
		"every database finds what a scan finds":             testSameSets,
		"terms that no analysis makes find nothing":          testHostile,
		"any text is kept and none is syntax":                testAnyText,
		"a workspace sees and changes nothing of another":    testWorkspaces,
		"a deleted video is hidden until it is brought back": testDelete,
		"the source of a deleted video may come again":       testDeletedSource,
		"a deleted video expires when its time has come":     testExpired,
		"a purged video leaves nothing behind":               testPurge,
		"a version stands while nothing is written":          testVersion,
		"who finds a version again finds the same":           testVersionUnderWrites,
		"a transaction is seen as a whole":                   testTx,
		"a transaction that fails changes nothing":           testTxUndone,
		"a change is all of its parts":                       testChange,
		"what follows a transaction sees what it did":        testCommitted,
		"the end of a context changes nothing":               testCanceled,
		"pages hold every video once while others write":     testConcurrent,
		"of many that create the same, one does":             testOneOfMany,
		"who locks a video is alone with it":                 testLock,
		"locking a video reads it":                           testLockReads,
		"of stages that end at once one is the last":         testSiblings,
		"a run beats under its fence while it runs":          testBeat,
		"a beat brings what a run has found":                 testProvisional,
		"what is provisional ends with its run":              testProvisionalEnds,
		"running stages are listed over all workspaces":      testRunning,
		"all videos are listed by id, deleted ones too":      testEachVideo,
		"garbage is listed when it is due":                   testGarbage,
		"events are kept in their order":                     testEvents,
		"a stage's outcome is written as a whole":            testWholeOutcome,
		"who waits for events hears of them":                 testChanges,
		"readers see every event once":                       testFollow,
		"keys are found by their id and ended for good":      testKeys,
		"a key notes when it was used last":                  testTouchKey,
		"a session ends with its key":                        testSessions,
		"edits are kept as they were made":                   testEdits,
		"edits are listed newest first":                      testEditPages,
		"cues change with the words they are found by":       testChangedCues,
		"a poster is chosen and given up":                    testPoster,
		"operations end with what they are about":            testOperations,
		"operations are listed newest first":                 testOperationPages,
		"a request is remembered once":                       testRequests,
		"of many that ask the same at once one is answered":  testRequestRace,
		"an upload is kept as it was saved":                  testUpload,
		"a workspace has its own uploads":                    testUploadWorkspaces,
		"of many that take an upload the last one saves":     testUploadFences,
		"an upload ends in one transaction":                  testUploadTx,
		"an upload never goes back":                          testUploadOnward,
		"events tell of uploads":                             testUploadEvents,
		"uploads are listed newest first":                    testUploadPages,
		"uploads come due and expire":                        testDueUploads,
		"the blob of an upload is wanted until it ends":      testGrowing,
		"uploads that ended are forgotten":                   testDropUploads,
		"what is used is counted once":                       testUsage,
		"watched files are kept under any names":             testWatched,
		"watched files come due":                             testDueWatched,
		"of many that take up a watched file one does":       testWatchedRace,
		"of many uploads at once those are made that fit":    testUploadQuota,
		"duplicates stand beside the video they are of":      testDuplicates,
		"videos that share a source keep it from each other": testSharedSource,
		"of many at once one is no duplicate":                testDuplicateRace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// moment is a time as databases keep it.
var moment = time.Date(2026, 2, 3, 4, 5, 6, 789_000, time.UTC)

func newVideo(n int) *models.Video {
	at := moment.Add(time.Duration(n) * time.Second)
	return &models.Video{
		ID: fmt.Sprintf("video%d", n), Title: fmt.Sprintf("Video %d", n), Source: "film.mp4", State: models.VideoQueued,
		Workspace: models.DefaultWorkspace,
		Blob:      fmt.Sprintf("sources/video%d", n), SHA256: fmt.Sprintf("%064d", n), Size: 12, Created: at, Updated: at,
	}
}

func create(t *testing.T, s store.Library, n int) *models.Video {
	t.Helper()
	v := newVideo(n)
	if err := s.CreateVideo(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

func wantCode(t *testing.T, err error, code models.Code) {
	t.Helper()
	if got := models.ErrorCode(err); got != code {
		t.Errorf("error %v has code %q, want %q", err, got, code)
	}
}

func testVideo(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	want := newVideo(1)
	want.Language, want.Captions = "de", &models.Sidecar{Name: "film.vtt", Blob: "sources/captions", SHA256: "abc"}
	want.Media = &models.MediaInfo{Container: "mov", Duration: time.Minute, Streams: []models.Stream{{Kind: models.StreamVideo, Width: 16}}}
	want.Error = models.Errorf(models.CodeTruncatedMedia, "it ends early")
	want.Labels, want.ExternalID = map[string]string{"env": "Prod", "empty": ""}, "asset-1"
	want.Poster, want.Duplicate = new(time.Duration), true
	if err := s.CreateVideo(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() (*models.Video, error){
		"by id":   func() (*models.Video, error) { return s.Video(t.Context(), want.ID) },
		"by hash": func() (*models.Video, error) { return s.VideoBySHA256(t.Context(), want.SHA256) },
	} {
		got, err := read()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-created +read):\n%s", name, diff)
		}
	}
	for key, want := range map[string]bool{want.Blob: true, "sources/captions": true, "sources/video2": false, "": false} {
		if used, err := db.SourceInUse(t.Context(), key); err != nil || used != want {
			t.Errorf("%q in use: %v, %v, want %v", key, used, err, want)
		}
	}
}

func testUnique(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	wantCode(t, s.CreateVideo(t.Context(), v), models.CodeAlreadyExists)
	v.ID = "other"
	wantCode(t, s.CreateVideo(t.Context(), v), models.CodeAlreadyExists)
}

func testNotFound(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	ctx := t.Context()
	_, err := s.Video(ctx, "none")
	wantCode(t, err, models.CodeNotFound)
	_, err = s.VideoBySHA256(ctx, "none")
	wantCode(t, err, models.CodeNotFound)
	wantCode(t, s.UpdateVideo(ctx, "none", store.VideoUpdate{}), models.CodeNotFound)
	wantCode(t, s.DeleteVideo(ctx, "none", time.Time{}), models.CodeNotFound)
	wantCode(t, s.UndeleteVideo(ctx, "none"), models.CodeNotFound)
	wantCode(t, s.PurgeVideo(ctx, "none"), models.CodeNotFound)
	wantCode(t, s.SetRun(ctx, "none", models.StageRun{Stage: "probe"}), models.CodeNotFound)
	wantCode(t, s.Commit(ctx, store.Commit{VideoID: "none"}), models.CodeNotFound)
	if alive, err := s.Beat(ctx, store.Beat{VideoID: "none", Stage: "probe"}); err != nil || alive {
		t.Errorf("a beat of nothing: %v, %v", alive, err)
	}
}

func testPaging(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	const n = 7
	for i := range n {
		create(t, s, i)
	}
	var got []string
	for q := (store.VideoQuery{Size: 3}); ; {
		page, err := s.Videos(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Videos {
			got = append(got, v.ID)
		}
		if page.Next == "" {
			break
		}
		q.Token = page.Next
		create(t, s, 100+len(got)) // newer ones do not move the pages that follow
	}
	if want := []string{"video6", "video5", "video4", "video3", "video2", "video1", "video0"}; !slices.Equal(got, want) {
		t.Errorf("pages hold %v, want %v", got, want)
	}
	for _, token := range []string{"x", "!!", "MTIz"} {
		_, err := s.Videos(t.Context(), store.VideoQuery{Token: token})
		wantCode(t, err, models.CodeInvalidArgument)
	}
}

func testUpdate(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	want := create(t, s, 1)
	state, title, failure := models.VideoPartial, "New", models.Errorf(models.CodeStorageFull, "full")
	blob, captions := "sources/new", &models.Sidecar{Name: "new.vtt", Blob: "sources/captions", SHA256: "abc"}
	if err := s.UpdateVideo(t.Context(), want.ID, store.VideoUpdate{
		State: &state, Title: &title, Error: &failure, Blob: &blob, Captions: captions,
	}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Video(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Updated.After(want.Updated) {
		t.Error("updated did not move")
	}
	want.State, want.Title, want.Error, want.Updated = state, title, failure, got.Updated
	want.Blob, want.Captions, want.Revision = blob, captions, 1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	failure = nil
	if err := s.UpdateVideo(t.Context(), want.ID, store.VideoUpdate{Error: &failure}); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Video(t.Context(), want.ID); err != nil || got.Error != nil {
		t.Errorf("error is %v (%v), want none", got.Error, err)
	}
}

func testRuns(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	want := []models.StageRun{
		{
			Stage: "probe", ID: "r1", Status: models.StageDone, Version: 2, Params: "p", Fence: 1 << 40, Worker: "w",
			Heartbeat: moment.Add(time.Millisecond), Progress: 0.5, Due: moment.Add(-time.Second), Attempt: 1, Failures: 2, Crashes: 3, Losses: 4,
			Started: moment, Finished: moment.Add(time.Second),
			Result: models.StageResult{Run: "r0", Fingerprint: "f", Sums: "s", Warning: models.Errorf(models.CodeTruncatedMedia, "short")},
		},
		{Stage: "another", Status: models.StageFailed, Error: models.Errorf(models.CodeNoMedia, "no")},
	}
	for _, run := range append([]models.StageRun{{Stage: "probe"}, {Stage: "another"}}, want[1], want[0]) {
		if err := s.SetRun(t.Context(), v.ID, run); err != nil {
			t.Fatal(err)
		}
	}
	wantRuns(t, s, v.ID, want)
	// Several at once are written as one by one.
	want = []models.StageRun{{Stage: "probe", Status: models.StagePending}, want[1], {Stage: "third", Attempt: 1}, {Stage: "fourth"}}
	if err := s.SetRun(t.Context(), v.ID, want[2], want[3], want[0]); err != nil {
		t.Fatal(err)
	}
	wantRuns(t, s, v.ID, want)
}

func wantRuns(t *testing.T, s store.Library, id string, want []models.StageRun) {
	t.Helper()
	got, err := s.Video(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Runs); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

func cue(n int, stage string, kind models.CueKind, start, end time.Duration, text string) models.Cue {
	return models.Cue{
		ID: fmt.Sprintf("cue%d", n), VideoID: "video1", Stage: stage, Kind: kind, Start: start, End: end, Text: text,
		Confidence: 0.5, Data: json.RawMessage(`{"language":"en"}`), Provenance: models.Provenance{Analyzer: stage, Run: "r1"},
	}
}

// Shared tests that what one process commits, another that has the same
// database open reads.
func Shared(t *testing.T, one, two store.Library) {
	t.Helper()
	want := create(t, one, 1)
	got, err := two.Video(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-created +read):\n%s", diff)
	}
}
