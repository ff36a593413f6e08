package sqlite_test

import (
	"path/filepath"
	"testing"

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
	storetest.Shared(t, one, two)
}
