package torture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

func TestAFullDiskIsToldAndRoomMendsIt(t *testing.T) {
	t.Parallel()
	clip, model := talk(t)
	chance := seed(t)
	roomy := newLibrary(t, "")
	roomy.env = []string{"CUEPOINT_MODEL=" + model}
	if status, _, stderr := roomy.answer(t, "analyze", "--language=en", clip); status != 0 {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	db := roomy.db(t)
	want := outcomeOf(t, db, roomy.blobs(t), videos(t, db)[0].ID)

	const disk = 2 << 20
	n, full, slowest := of(4, 25), map[string]int{}, time.Duration(0)
	for i := range n {
		l := newLibrary(t, "")
		l.env = roomy.env
		mountSmall(t, l.data, disk)
		// Room is left for anything from nothing to all of the work.
		room := (int64(i)*disk + chance.Int64N(disk)) / int64(n)
		filler := filepath.Join(l.data, "filler")
		if err := os.WriteFile(filler, make([]byte, disk-room), 0o600); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		status, stdout, stderr := l.answer(t, "analyze", "--language=en", clip)
		slowest = max(slowest, time.Since(began))
		switch {
		case status == 0 && strings.Contains(stdout, `"state":"ready"`):
			full["nothing"]++
		case status != 1 || !strings.Contains(stderr, string(models.CodeStorageFull)) || !strings.Contains(stdout, string(models.CodeStorageFull)):
			t.Errorf("with %d bytes: status %d\n%s%s", room, status, stdout, stderr)
		default:
			full[failedIn(stderr)]++
		}
		for _, pattern := range []string{"scratch/*", "blobs/.unfinished/*"} {
			if left, err := filepath.Glob(filepath.Join(l.data, pattern)); err != nil || len(left) > 0 {
				t.Errorf("with %d bytes: left behind: %v, %v", room, left, err)
			}
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("tmpfs", l.data, "tmpfs", unix.MS_REMOUNT, "mode=700,size=64m"); err != nil {
			t.Fatal(err)
		}
		if status, _, stderr := l.answer(t, "analyze", "--language=en", clip); status != 0 {
			t.Errorf("with %d bytes, then room: status %d\n%s", room, status, stderr)
			continue
		}
		db := l.db(t)
		wantSame(t, want, outcomeOf(t, db, l.blobs(t), videos(t, db)[0].ID))
		l.wantNothingLoose(t, db)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("what the full disk stopped: %v, the slowest after %v", full, slowest)
}

// mountSmall puts a disk of some bytes at a directory.
func mountSmall(t *testing.T, dir string, size int) {
	t.Helper()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("mode=700,size=%d", size))
	testenv.Require(t, "the right to mount a small disk", err == nil)
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// failedIn names the stage of which it was said that the disk was full.
func failedIn(stderr string) string {
	for line := range strings.Lines(stderr) {
		for _, stage := range []string{"probe", "package", "speech", "shots", "thumbs", "chapters", "index"} {
			if strings.Contains(line, ": "+stage+" failed") && strings.Contains(line, string(models.CodeStorageFull)) {
				return stage
			}
		}
	}
	return "the beginning"
}
