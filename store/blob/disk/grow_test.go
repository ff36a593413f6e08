package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func keepNone(blob.Growth) error { return nil }

func TestWhatTricklesInIsSavedMeanwhileAndNobodyElseWrites(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, t.TempDir())
	r, w := io.Pipe()
	saves, done := make(chan blob.Growth, 10), make(chan error)
	go func() {
		_, err := b.Grow(t.Context(), blob.Growth{Key: "a"}, r, func(g blob.Growth) error {
			saves <- g
			return nil
		})
		done <- err
	}()
	if _, err := w.Write([]byte("some")); err != nil {
		t.Fatal(err)
	}
	g := <-saves // while more is awaited
	if g.Size != 4 {
		t.Errorf("%d bytes are safe, want 4", g.Size)
	}
	if _, err := b.Grow(t.Context(), g, bytes.NewReader(nil), keepNone); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("another at the same time: %v", err)
	}
	if _, err := b.Finish(t.Context(), g, 4, ""); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("finished at the same time: %v", err)
	}
	if err := b.Sweep(t.Context(), 0, nil); err != nil {
		t.Error(err)
	}
	if err := errors.Join(w.Close(), <-done); err != nil {
		t.Fatal(err)
	}
	if info, err := b.Finish(t.Context(), g, 4, ""); err != nil || info.Size != 4 {
		t.Errorf("finished %+v, %v", info, err)
	}
}

func TestWhatFitsOnAFullDiskIsKeptAndMoreComesWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	b := openBlobs(t, dir)
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	g, err := b.Grow(t.Context(), blob.Growth{Key: "a"}, bytes.NewReader(data), keepNone)
	if models.ErrorCode(err) != models.CodeStorageFull || g.Size == 0 || g.Size > 1<<16 {
		t.Fatalf("a full disk: %d bytes, %v", g.Size, err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=1m"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Grow(t.Context(), blob.Growth{Key: "b"}, bytes.NewReader(make([]byte, 1<<20)), keepNone); models.ErrorCode(err) != models.CodeStorageFull {
		t.Errorf("another: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "others"), make([]byte, 1<<12), 0o600); err != nil {
		t.Errorf("nothing is left to others: %v", err)
	}
	if err := b.Abandon(t.Context(), blob.Growth{Key: "b"}); err != nil {
		t.Fatal(err)
	}
	if g, err = b.Grow(t.Context(), g, bytes.NewReader(data[g.Size:]), keepNone); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Finish(t.Context(), g, int64(len(data)), ""); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes that are not the %d that were sent, %v", len(got), len(data), err)
	}
}

func TestWhatWasNeverSavedIsNoPartOfABlob(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := openBlobs(t, dir)
	g, err := b.Grow(t.Context(), blob.Growth{Key: "a/b"}, bytes.NewReader([]byte("whole")), keepNone)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, ".growing", "a", "b")
	if err := os.WriteFile(file, []byte("whole and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if g, err = b.Grow(t.Context(), g, bytes.NewReader(nil), keepNone); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "whole" {
		t.Errorf("goes on after %q, %v", text, err)
	}
	if err := os.WriteFile(file, []byte("whole and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Finish(t.Context(), g, 5, ""); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a", "b")); err != nil || string(text) != "whole" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestNothingGrowsBelowAFileOrInPlaceOfADirectory(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, t.TempDir())
	if _, err := b.Grow(t.Context(), blob.Growth{Key: "a/b"}, bytes.NewReader([]byte("x")), keepNone); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "a/b/c"} {
		if _, err := b.Grow(t.Context(), blob.Growth{Key: key}, bytes.NewReader(nil), keepNone); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("grow %s: %v", key, err)
		}
	}
}

// TestDirectoriesComeAndGoWithWhatIsInThem has blobs begin and end beside each other
// in a directory that is removed whenever it is empty.
func TestDirectoriesComeAndGoWithWhatIsInThem(t *testing.T) {
	t.Parallel()
	b := openBlobs(t, t.TempDir())
	var all errgroup.Group
	for i := range 4 {
		g := blob.Growth{Key: fmt.Sprintf("a/%d", i)}
		all.Go(func() error {
			for range 300 {
				if _, err := b.Grow(t.Context(), g, bytes.NewReader(nil), keepNone); err != nil {
					return err
				}
				if err := b.Abandon(t.Context(), g); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}
