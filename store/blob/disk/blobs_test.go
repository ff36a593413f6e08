package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
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
	err = filepath.WalkDir(filepath.Join(dir, ".growing"), func(path string, _ fs.DirEntry, err error) error {
		if !errors.Is(err, fs.ErrNotExist) {
			left = append(left, path)
			return err
		}
		return nil
	})
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

func put(t *testing.T, b *disk.Blobs, key, text string) error {
	t.Helper()
	_, err := b.Put(t.Context(), key, strings.NewReader(text), -1, blob.PutOptions{})
	return err
}

func TestASweepRemovesWhatNobodyWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := openBlobs(t, dir)
	left := filepath.Join(dir, ".unfinished", "left")
	for _, err := range []error{
		os.WriteFile(left, []byte("x"), 0o600), os.MkdirAll(filepath.Join(left+"-tree", "360p"), 0o700),
		os.WriteFile(filepath.Join(left+"-tree", "360p", "x"), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r, w := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := b.Put(t.Context(), "a", r, -1, blob.PutOptions{})
		done <- err
	}()
	if _, err := w.Write([]byte("half ")); err != nil { // its file is there now
		t.Fatal(err)
	}
	if err := b.Sweep(t.Context(), time.Hour, nil); err != nil || len(unfinished(t, dir)) != 3 {
		t.Errorf("too young to go, but left: %v, %v", unfinished(t, dir), err)
	}
	if err := b.Sweep(t.Context(), 0, nil); err != nil || len(unfinished(t, dir)) != 1 {
		t.Errorf("left: %v, %v, want the one that is being written", unfinished(t, dir), err)
	}
	if _, err := w.Write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), <-done); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(text) != "half whole" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestNoPathLeadsOutOfTheDirectory(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	b := openBlobs(t, dir)
	if err := errors.Join(os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600), os.Symlink(outside, filepath.Join(dir, "out")),
		os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"out/secret", "link"} {
		if _, _, err := b.Open(t.Context(), key, 0, -1); err == nil {
			t.Errorf("%s was opened", key)
		}
		if _, err := b.Path(t.Context(), key); err == nil {
			t.Errorf("%s has a path", key)
		}
	}
	if err := put(t, b, "out/new", "x"); err == nil {
		t.Error("written outside")
	}
	infos, err := b.List(t.Context(), "", "", 10)
	if err != nil || len(infos) > 0 {
		t.Errorf("listed: %v, %v", infos, err)
	}
	if err := errors.Join(b.DeletePrefix(t.Context(), "out/"), put(t, b, "link", "y")); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(text) != "x" {
		t.Errorf("outside: %q, %v", text, err)
	}
}

func TestAKeyIsNoDirectoryOfOthers(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, t.TempDir())
	if err := put(t, b, "a/b", "x"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "a/b/c"} {
		if err := put(t, b, key, "y"); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("put %s: %v", key, err)
		}
	}
	path, err := b.Path(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
}

// smallDisk is a directory of its own file system, of 64 kilobytes.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k")
	testenv.Require(t, "the right to mount a tmpfs", err == nil)
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestAFullDiskIsSaidToBeOneAndHoldsNothingMore(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	b := openBlobs(t, dir)
	if err := put(t, b, "a", strings.Repeat("x", 1<<20)); models.ErrorCode(err) != models.CodeStorageFull {
		t.Errorf("a full disk: %v", err)
	}
	if left := unfinished(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := put(t, b, "a", "small"); err != nil {
		t.Error(err)
	}
}

func TestATreeOfAnotherDiskIsCopied(t *testing.T) {
	t.Parallel()
	b, dir := openBlobs(t, t.TempDir()), smallDisk(t)
	tree := filepath.Join(dir, "tree")
	if err := errors.Join(os.Mkdir(tree, 0o700), os.WriteFile(filepath.Join(tree, "file"), []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := blob.PutTree(t.Context(), b, "videos/v1/", tree, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := b.Stat(t.Context(), "videos/v1/file"); err != nil || info.Size != 1 {
		t.Errorf("%+v, %v", info, err)
	}
}
