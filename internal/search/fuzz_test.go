package search_test

import (
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/internal/search"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// FuzzSearch: whatever somebody types, a database answers it, with moments that
// hold it, or it is INVALID_ARGUMENT.
func FuzzSearch(f *testing.F) {
	for _, typed := range []string{
		`tides moon`, `"pulled by the moon"`, `„Ebbe und Flut“ «marée»`, `H.264 C++ don't`, `東京都 "京都"`, `สวัสดีครับ`, `"`, `a" "b`, `""" `,
		`tides* OR moon NOT "x" NEAR(a b, 3) ^a {col}:b`, `tides & moon | !x <-> y:*`, `'; DROP TABLE postings; --`, "a\x00b", "caf\xe9",
		"\u202etides\u200b\u0301", "%_\\", "-- /* */", "🎬🎬", "ﬁne ½ ２０２６",
	} {
		f.Add(typed)
	}
	db, err := sqlite.Open(f.Context(), filepath.Join(f.TempDir(), "library.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	library := db.In(models.DefaultWorkspace)
	if err := library.CreateVideo(f.Context(), &models.Video{ID: "a", SHA256: "a"}); err != nil {
		f.Fatal(err)
	}
	const said = "Tides are pulled by the moon; H.264 don't 東京都は日本の首都です。 Ebbe und Flut, marée."
	if err := library.Commit(f.Context(), store.Commit{
		VideoID: "a", Run: models.StageRun{ID: "run", Stage: "speech", Status: models.StageDone},
		Cues:     []models.Cue{{ID: "a-0", VideoID: "a", Stage: "speech", Kind: models.CueSpeech, End: 1, Text: said}},
		Postings: []models.Posting{{CueID: "a-0", Terms: text.Terms(said)}},
	}); err != nil {
		f.Fatal(err)
	}
	searcher := search.New(library)
	f.Fuzz(func(t *testing.T, typed string) {
		hits, err := searcher.Search(t.Context(), search.Query{Text: typed})
		if err != nil {
			if models.ErrorCode(err) != models.CodeInvalidArgument || hits != nil {
				t.Fatalf("%v, hits %v", err, hits)
			}
			if utf8.ValidString(typed) && len(typed) <= search.MaxQuery && len(text.Tokens(typed)) > 0 {
				t.Fatalf("it has words: %v", err)
			}
			return
		}
		for _, hit := range hits {
			if got := marked(hit.Snippet); got == "" {
				t.Fatalf("a hit without a text: %+v", hit)
			}
		}
	})
}
