package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/sqlite"
	"github.com/cuepoint/cuepoint/store/storetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "a name with spaces?#%.db"))
	})
}

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestOpeningTwiceSharesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cuepoint.db")
	one, two := open(t, path), open(t, path)
	storetest.Shared(t, one.In("ours"), two.In("ours"))
}

func TestManyThatOpenANewFileAtOnceShareIt(t *testing.T) {
	t.Parallel()
	for range 3 {
		path := filepath.Join(t.TempDir(), "cuepoint.db")
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				s, err := sqlite.Open(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}

func TestAFileThatIsNoDatabaseIsNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cuepoint.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path)
	if err == nil {
		t.Fatal("it was opened", s.Close())
	}
	if e := models.AsError(err); e.Code != models.CodeDataCorrupt || !strings.Contains(e.Message, path) {
		t.Errorf("error %v, want DATA_CORRUPT and the file's name", err)
	}
	if _, err := sqlite.Open(t.Context(), filepath.Dir(path)); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("a directory: %v, want INVALID_ARGUMENT", err)
	}
}

func TestExplainKnowsAFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "cuepoint.db"))
	if err := s.Explain(t.Context(), nil); err != nil {
		t.Errorf("nothing becomes %v", err)
	}
	if _, err := s.Writer().ExecContext(t.Context(), `PRAGMA max_page_count = 1`); err != nil { // no more than there are
		t.Fatal(err)
	}
	_, err := s.Writer().ExecContext(t.Context(), `CREATE TABLE more AS SELECT zeroblob(100000)`)
	if code := models.ErrorCode(s.Explain(t.Context(), fmt.Errorf("put tasks: %w", err))); code != models.CodeStorageFull {
		t.Errorf("%v is %s, want STORAGE_FULL", err, code)
	}
}
