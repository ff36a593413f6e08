package datadir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cuepoint/cuepoint/internal/datadir"
	"github.com/cuepoint/cuepoint/models"
)

func open(t *testing.T, path string) *datadir.Dir {
	t.Helper()
	d, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestOneProcessHoldsTheLockAndClearsUpAfterTheLast(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	first, second := open(t, path), open(t, path)
	if err := first.Lock(); err != nil {
		t.Fatal(err)
	}
	scratch, err := first.Scratch("run")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(scratch, "half"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Scratch("run"); err == nil {
		t.Error("two attempts have one directory")
	}
	if err := second.Lock(); models.ErrorCode(err) != models.CodeDataInUse {
		t.Errorf("second lock: %v", err)
	}
	if _, err := os.Stat(scratch); err != nil {
		t.Errorf("who did not get the lock cleared up: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(); err != nil {
		t.Errorf("after the first is gone: %v", err)
	}
	if _, err := os.Stat(scratch); !os.IsNotExist(err) {
		t.Errorf("what the first had under way is still there: %v", err)
	}
}

func TestDropScratch(t *testing.T) {
	t.Parallel()
	d := open(t, t.TempDir())
	scratch, err := d.Scratch("run")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.DropScratch("run"); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(scratch); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
}

func TestOpenSaysWhyADirectoryWillNotDo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(filepath.Join(file, "data")); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("below a file: %v", err)
	}
}
