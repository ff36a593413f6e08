package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
)

func openDisk(t *testing.T) *disk.Blobs {
	t.Helper()
	s, err := disk.OpenBlobs(t.TempDir())
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

// directory is a new one with these files.
func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSha256sumAcceptsTheList(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"a/b": "x", "a-b": strings.Repeat("y", 1<<20), "a@b": "", "_": "z"})
	sum, err := blob.WriteSums(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	out, err := proc.Output(t.Context(), proc.Command{Path: "sha256sum", Args: []string{"--check", "--strict", blob.SumsName}, Dir: dir})
	if want := "_: OK\na-b: OK\na/b: OK\na@b: OK\n"; err != nil || string(out) != want {
		t.Errorf("%v, %s", err, out)
	}
	out, err = proc.Output(t.Context(), proc.Command{Path: "sha256sum", Args: []string{blob.SumsName}, Dir: dir})
	if want := sum + "  " + blob.SumsName + "\n"; err != nil || string(out) != want {
		t.Errorf("%v: %s, want %s", err, out, want)
	}
}

func TestOnlyFilesWithKeysAreListed(t *testing.T) {
	t.Parallel()
	for want, dir := range map[models.Code]string{
		models.CodeInternal:        directory(t, map[string]string{"a": "", blob.SumsName: ""}),
		models.CodeInvalidArgument: directory(t, map[string]string{"new\nline": ""}),
		models.CodeCanceled:        directory(t, map[string]string{"a": ""}),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if want == models.CodeCanceled {
			cancel()
		}
		if sum, err := blob.WriteSums(ctx, dir); models.ErrorCode(err) != want || sum != "" {
			t.Errorf("%q, %v, want %s", sum, err, want)
		}
		cancel()
	}
	empty := t.TempDir()
	if err := os.Mkdir(filepath.Join(empty, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if sum, err := blob.WriteSums(t.Context(), empty); sum != "" || err != nil {
		t.Errorf("no files: %q, %v", sum, err)
	}
	if _, err := os.Stat(filepath.Join(empty, blob.SumsName)); !os.IsNotExist(err) {
		t.Errorf("a list of nothing: %v", err)
	}
	nested := directory(t, map[string]string{"sub/" + blob.SumsName: "theirs"})
	if _, err := blob.WriteSums(t.Context(), nested); err != nil {
		t.Errorf("a list below: %v", err)
	}
}

// broken is a store whose reads end with an error.
type broken struct {
	blob.Store
	err error
}

func (b broken) Open(ctx context.Context, key string, _, _ int64) (io.ReadCloser, blob.Info, error) {
	info, err := b.Stat(ctx, key)
	return io.NopCloser(iotest.ErrReader(b.err)), info, err
}

func TestWhatCannotBeReadIsDamagedUnlessTheStoreIsAway(t *testing.T) {
	t.Parallel()
	s := openDisk(t)
	if _, err := s.Put(t.Context(), "a", strings.NewReader("x"), 1, blob.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	away := models.Errorf(models.CodeStorageUnavailable, "away")
	for _, c := range []struct {
		err  error
		kind blob.FaultKind
		code models.Code
	}{{&os.PathError{Op: "read", Err: syscall.EIO}, blob.Damaged, ""}, {away, "", models.CodeStorageUnavailable}, {io.ErrClosedPipe, "", models.CodeInternal}} {
		kind, err := blob.CheckBlob(t.Context(), broken{s, c.err}, "a", 1, "", true)
		if kind != c.kind || models.ErrorCode(err) != c.code {
			t.Errorf("%v: %q, %v", c.err, kind, err)
		}
	}
	for size, want := range map[int64]blob.FaultKind{1: "", -1: "", 2: blob.Damaged} {
		if kind, err := blob.CheckBlob(t.Context(), broken{s, away}, "a", size, "", false); kind != want || err != nil {
			t.Errorf("size %d: %q, %v", size, kind, err)
		}
	}
	if kind, err := blob.CheckBlob(t.Context(), s, "b", 1, "", false); kind != blob.Missing || err != nil {
		t.Errorf("%q, %v", kind, err)
	}
}

// Whatever is done to a tree, that is found and nothing else.
func TestExactlyTheDamageIsFound(t *testing.T) {
	t.Parallel()
	s := openDisk(t)
	trees := 0
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.MapOf(rapid.StringMatching(`[a-c0@._-]{0,2}[a-c0]/?[a-c0]`), rapid.StringN(0, 3, -1)).Draw(r, "files")
		files := map[string]string{}
		for name, text := range names {
			if blob.CheckKey("f"+name) == nil {
				files["f"+strings.ReplaceAll(name, "/", "d/")] = text
			}
		}
		for name := range files {
			if dir, _, ok := strings.Cut(name, "/"); ok {
				delete(files, dir) // a file cannot be a directory too
			}
		}
		trees++
		prefix := fmt.Sprintf("videos/v%d/", trees)
		dir := directory(t, files)
		sum, err := blob.WriteSums(t.Context(), dir)
		if err != nil {
			r.Fatal(err)
		}
		if err := blob.PutTree(t.Context(), s, prefix, dir, nil); err != nil {
			r.Fatal(err)
		}
		var want []blob.Fault
		put := func(name, text string) {
			if _, err := s.Put(t.Context(), prefix+name, strings.NewReader(text), -1, blob.PutOptions{}); err != nil {
				r.Fatal(err)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			kind := rapid.SampledFrom([]blob.FaultKind{"", "", blob.Damaged, blob.Missing, blob.Unlisted}).Draw(r, name)
			switch kind {
			case "":
				continue
			case blob.Damaged:
				put(name, files[name]+"!")
			case blob.Missing:
				if err := s.Delete(t.Context(), prefix+name); err != nil {
					r.Fatal(err)
				}
			case blob.Unlisted:
				name += "x"
				if _, there := files[name]; there {
					continue
				}
				put(name, "x")
			}
			want = append(want, blob.Fault{Key: prefix + name, Kind: kind})
		}
		slices.SortFunc(want, func(a, b blob.Fault) int { return strings.Compare(a.Key, b.Key) })
		got, err := blob.CheckTree(t.Context(), s, prefix, sum, true)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			r.Fatalf("%v (-want +got):\n%s", err, diff)
		}
	})
}
