package disk_test

import (
	"path/filepath"
	"testing"

	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/blobtest"
	"github.com/cuepoint/cuepoint/store/blob/disk"
)

func openBlobs(t *testing.T, dir string) *disk.Blobs {
	t.Helper()
	b, err := disk.OpenBlobs(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// placed is a store that knows its directory.
type placed struct {
	*disk.Blobs
	dir string
}

func unfinished(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".unfinished", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, blobtest.Backend{
		Open: func(t *testing.T) blob.Store {
			t.Helper()
			dir := filepath.Join(t.TempDir(), "a folder", "with blobs")
			return placed{openBlobs(t, dir), dir}
		},
		Unfinished: func(t *testing.T, s blob.Store, _ string) []string {
			t.Helper()
			return unfinished(t, s.(placed).dir)
		},
	})
}
