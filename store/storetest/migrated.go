package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Migrated tests that a database has everything that the files schema-N.sql of
// each backend put into an earlier schema of it.
func Migrated(t *testing.T, db store.Store) {
	t.Helper()
	l := db.In(models.DefaultWorkspace)
	at := time.UnixMicro(1770091506000789).UTC()
	second := at.Truncate(time.Second)
	want := &models.Video{
		ID: "bees", Workspace: models.DefaultWorkspace, Title: "About bees", Source: "/videos/bees.mp4", State: models.VideoPartial,
		Error: models.Errorf(models.CodeTruncatedMedia, "the file ends early"),
		Blob:  "sources/ca/cafe", SHA256: "cafe", Size: 12, Language: "en",
		Captions: &models.Sidecar{Name: "bees.vtt", Blob: "sources/f0/f00d", SHA256: "f00d"},
		Media:    &models.MediaInfo{Container: "mov", Duration: time.Minute},
		Runs: []models.StageRun{
			{ID: "run2", Stage: "speech", Status: models.StageDone, Version: 3, Params: "p", Attempt: 2,
				Started: second, Finished: second.Add(time.Second), Result: models.StageResult{Run: "run2"}},
			{ID: "run1", Stage: "package", Status: models.StageFailed, Version: 1, Attempt: 1,
				Error: models.Errorf(models.CodeNoMedia, "nothing in it")},
			{ID: "run3", Stage: "shots", Status: models.StagePending, Version: 1, Attempt: 1, Started: second},
		},
		Created: at, Updated: at.Add(time.Second),
	}
	page, err := l.Videos(t.Context(), store.VideoQuery{})
	if err != nil || len(page.Videos) != 2 {
		t.Fatalf("%d videos, %v, want 2", len(page.Videos), err)
	}
	if diff := cmp.Diff(want, page.Videos[0]); diff != "" {
		t.Errorf("video (-want +got):\n%s", diff)
	}
	if older := page.Videos[1]; older.ID != "older" || older.Captions != nil {
		t.Errorf("the other is %+v", older)
	}
	wantListed(t, l, store.Comparison{Field: store.FieldTitle, Op: store.OpContains, Value: "ABOUT B"}, "bees")
	wantListed(t, l, store.Comparison{Field: store.FieldSource, Op: store.OpContains, Value: "older.MP4"}, "older")
	wantListed(t, l, store.Comparison{Field: store.FieldLanguage, Op: store.OpContains, Value: "EN"}, "bees")
	wantListed(t, l, store.Comparison{Field: store.FieldDuration, Op: store.OpEqual, Value: time.Minute}, "bees")
	for key, want := range map[string]bool{"sources/ca/cafe": true, "sources/f0/f00d": true, "": false} {
		if used, err := db.SourceInUse(t.Context(), key); err != nil || used != want {
			t.Errorf("%q is in use: %v, %v, want %v", key, used, err, want)
		}
	}
	wantUsage(t, l, 13)
	cue := models.Cue{
		ID: "cue-1", VideoID: "bees", Stage: "speech", Kind: models.CueSpeech, Start: time.Second, End: 2 * time.Second,
		Text: "Bees make honey.", Confidence: 0.5, Data: json.RawMessage(`{"language":"en","source":"imported"}`),
		Provenance: models.Provenance{Analyzer: "speech", Version: 3, Run: "run2"},
	}
	if diff := cmp.Diff([]models.Cue{cue}, cues(t, l, store.CueQuery{VideoID: "bees", To: 2 * time.Second})); diff != "" {
		t.Errorf("cues (-want +got):\n%s", diff)
	}
	artifact := models.Artifact{VideoID: "bees", Stage: "speech", Run: "run2", Kind: models.ArtifactCaptions, Path: "captions.en.vtt",
		Type: "text/vtt", Language: "en", Time: 1, Width: 2, Height: 3, Data: json.RawMessage(`{"a":1}`)}
	artifacts, err := l.Artifacts(t.Context(), "bees")
	if diff := cmp.Diff([]models.Artifact{artifact}, artifacts); err != nil || diff != "" {
		t.Errorf("artifacts, %v (-want +got):\n%s", err, diff)
	}
	if found := search(t, l, store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{"make", "honey"}}}}); !slices.Equal(found, []string{"cue-1"}) {
		t.Errorf("found %v, want cue-1", found)
	}
	if _, err := db.In("other").Video(t.Context(), "bees"); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("another workspace sees it: %v", err)
	}
}

// wantListed asks for the one video that a filter keeps.
func wantListed(t *testing.T, l store.Library, f store.Filter, id string) {
	t.Helper()
	page, err := l.Videos(t.Context(), store.VideoQuery{Filter: f})
	if err != nil || len(page.Videos) != 1 || page.Videos[0].ID != id {
		t.Errorf("%s: %d videos, %v, want %s", f, len(page.Videos), err, id)
	}
}
