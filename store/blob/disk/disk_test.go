package disk_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob/disk"
)

func open(t *testing.T, dir string) *disk.Store {
	t.Helper()
	s, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func files(t *testing.T, s *disk.Store) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"sources/*/*", "videos/*/*", "scratch/*"} {
		paths, err := filepath.Glob(s.Path(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			rel, err := filepath.Rel(s.Path("."), p)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, rel)
		}
	}
	return found
}

// hello is the SHA-256 of "hello", as sha256sum prints it.
const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestPutSourceStoresBytesOnceUnderTheirHash(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for range 2 {
		sum, size, err := s.PutSource(t.Context(), strings.NewReader("hello"), 5)
		if err != nil || sum != hello || size != 5 {
			t.Fatalf("%s, %d, %v", sum, size, err)
		}
	}
	if got, err := os.ReadFile(s.Source(hello)); err != nil || string(got) != "hello" {
		t.Errorf("source holds %q, %v", got, err)
	}
	if got := files(t, s); len(got) != 1 {
		t.Errorf("files: %v", got)
	}
}

func TestPutSourceLeavesNothingBehindWhenItFails(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if _, _, err := s.PutSource(t.Context(), strings.NewReader("hello!"), 5); models.ErrorCode(err) != models.CodeSourceTooLarge {
		t.Errorf("too large: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.PutSource(ctx, bytes.NewReader(make([]byte, 1<<20)), 1<<30); models.ErrorCode(err) != models.CodeCanceled {
		t.Errorf("after the end: %v", err)
	}
	if got := files(t, s); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestPublishMovesTheWholeDirectory(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	dir, err := s.Scratch("r1")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "360p"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "360p", "init.mp4"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish("v1", "package", "r1"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(s.Published("v1", "package", "r1"), "360p", "init.mp4")); err != nil {
		t.Error(err)
	}
	if got := files(t, s); len(got) != 1 || got[0] != "videos/v1/package@r1" {
		t.Errorf("files: %v", got)
	}
	if err := s.Publish("v1", "package", "r1"); err == nil {
		t.Error("published what is not there")
	}
}

func TestOneProcessHoldsTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := open(t, dir), open(t, dir)
	if err := first.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(); models.ErrorCode(err) != models.CodeDataInUse {
		t.Errorf("second lock: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(); err != nil {
		t.Errorf("after the first is gone: %v", err)
	}
}

// owners owns what is in it.
type owners map[string]bool

func (o owners) Owned(_ context.Context, video, stage, run string) bool {
	return o[video+"/"+stage+"@"+run]
}
func (o owners) SourceOwned(_ context.Context, sum string) bool { return o[sum] }

func TestTidyKeepsWhatIsOwned(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for _, source := range []string{"hello", "orphan"} {
		if _, _, err := s.PutSource(t.Context(), strings.NewReader(source), 10); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range []string{"old", "new", "dead"} {
		if _, err := s.Scratch(run); err != nil {
			t.Fatal(err)
		}
		if run == "dead" {
			continue
		}
		if err := s.Publish("v1", "speech", run); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Tidy(t.Context(), owners{"v1/speech@new": true, hello: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Scratch("next"); err != nil {
		t.Error(err)
	}
	if err := s.DropScratch("next"); err != nil {
		t.Error(err)
	}
	got := strings.Join(files(t, s), " ")
	if want := "sources/2c/" + hello + " videos/v1/speech@new"; got != want {
		t.Errorf("files: %s\nwant:  %s", got, want)
	}
}

func TestOpenSaysWhyADirectoryWillNotDo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Open(filepath.Join(file, "data")); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("below a file: %v", err)
	}
}
