package sqlite

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// TestEveryEarlierSchemaIsBroughtUpToDate fills a database of each earlier
// schema from testdata/schema-N.sql: a new migration comes with that file for
// the schema before it.
func TestEveryEarlierSchemaIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for version := 1; version < len(files); version++ {
		t.Run(fmt.Sprint("schema ", version), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "cuepoint.db")
			filled(t, path, int64(version))
			for range 2 { // and nothing happens to one that is up to date
				s, err := Open(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				wantBees(t, s.In(models.DefaultWorkspace))
				if _, err := s.In("other").Video(t.Context(), "bees"); models.ErrorCode(err) != models.CodeNotFound {
					t.Errorf("another workspace sees it: %v", err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// filled makes a database of an earlier schema with its rows.
func filled(t *testing.T, path string, version int64) {
	t.Helper()
	db, err := connect(path, "immediate", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, sub)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", version))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(rows)); err != nil {
		t.Fatal(err)
	}
}

// wantBees looks for everything that testdata puts in.
func wantBees(t *testing.T, l store.Library) {
	t.Helper()
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
	cue := models.Cue{
		ID: "cue-1", VideoID: "bees", Stage: "speech", Kind: models.CueSpeech, Start: time.Second, End: 2 * time.Second,
		Text: "Bees make honey.", Confidence: 0.5, Data: json.RawMessage(`{"language":"en","source":"imported"}`),
		Provenance: models.Provenance{Analyzer: "speech", Version: 3, Run: "run2"},
	}
	if diff := cmp.Diff([]models.Cue{cue}, must(l.Cues(t.Context(), store.CueQuery{VideoID: "bees", To: 2 * time.Second}))(t)); diff != "" {
		t.Errorf("cues (-want +got):\n%s", diff)
	}
	artifact := models.Artifact{VideoID: "bees", Stage: "speech", Run: "run2", Kind: models.ArtifactCaptions, Path: "captions.en.vtt",
		Type: "text/vtt", Language: "en", Time: 1, Width: 2, Height: 3, Data: json.RawMessage(`{"a":1}`)}
	if diff := cmp.Diff([]models.Artifact{artifact}, must(l.Artifacts(t.Context(), "bees"))(t)); diff != "" {
		t.Errorf("artifacts (-want +got):\n%s", diff)
	}
	found := must(l.Search(t.Context(), store.SearchQuery{Phrases: []store.Phrase{{Terms: []string{"make", "honey"}}}}))(t)
	if !slices.ContainsFunc(found, func(m store.Match) bool { return m.CueID == "cue-1" }) || len(found) != 1 {
		t.Errorf("found %v, want cue-1", found)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestALibraryOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cuepoint.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path)
	if e := models.AsError(err); e == nil || e.Code != models.CodeInvalidArgument || !strings.Contains(e.Message, "newer") {
		t.Errorf("error %v, want INVALID_ARGUMENT that says so", err)
	}
}
