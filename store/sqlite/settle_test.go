package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// No test can take the power away: this one takes the log away, and sees who
// wants it on the disk.
func TestASavedUploadIsOnTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), filepath.Join(dir, "cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := os.Stat(s.path + "-wal"); err != nil {
		t.Errorf("there is no log: %v", err)
	}
	l, u := s.In("ours"), models.Upload{ID: "u", State: models.UploadReceiving}
	if err := l.CreateUpload(t.Context(), u, 0); err != nil {
		t.Fatal(err)
	}
	inTx := func(f func(l store.TxLibrary) error) error {
		return s.Tx(t.Context(), func(tx store.Tx) error { return f(tx.In("ours")) })
	}
	for _, test := range []struct {
		path string
		fail bool
	}{
		{s.path, false},
		{filepath.Join(dir, "none"), false}, // as when all of it is in the file
		{filepath.Join(s.path, "none"), true},
	} {
		s.path = test.path
		for name, err := range map[string]error{
			"a save":                  l.SaveUpload(t.Context(), u),
			"a save in a transaction": inTx(func(l store.TxLibrary) error { return l.SaveUpload(t.Context(), u) }),
		} {
			if (err != nil) != test.fail {
				t.Errorf("%s beside %s: %v", name, test.path, err)
			}
		}
		if err := inTx(func(l store.TxLibrary) error { return l.Discard(t.Context(), u.Created, "a/") }); err != nil {
			t.Errorf("what need not be there: %v", err)
		}
	}
}
