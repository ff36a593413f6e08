package weights

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

// bundle is a store with one model, and the host it comes from.
type bundle struct {
	*Store
	data  []byte
	asked atomic.Value // the Range header of the last request
}

const name = "small-one"

func setup(t *testing.T, serve http.HandlerFunc) *bundle {
	t.Helper()
	b := &bundle{data: bytes.Repeat([]byte("0123456789abcdef"), 1<<12)}
	if serve == nil {
		serve = func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.data))
		}
	}
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked.Store(r.Header.Get("Range"))
		serve(w, r)
	}))
	t.Cleanup(host.Close)
	sum := sha256.Sum256(b.data)
	b.Store = New(filepath.Join(t.TempDir(), "models"))
	b.BaseURL = host.URL
	b.Catalogue = []Model{{
		Name: name, Kind: Speech, File: "ggml-small-one.bin", Bytes: int64(len(b.data)),
		SHA256: hex.EncodeToString(sum[:]), source: "/ggml-small-one.bin",
	}}
	return b
}

func (b *bundle) write(t *testing.T, dir, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b *bundle) part() string { return b.Store.part(b.Catalogue[0]) }

func wantCode(t *testing.T, err error, want models.Code) {
	t.Helper()
	if got := models.ErrorCode(err); got != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestPullDownloadsChecksAndTellsProgress(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := b.Use(t.Context(), name)
	wantCode(t, err, models.CodeModelMissing)
	if !strings.Contains(models.AsError(err).Message, "cuepoint models pull "+name) {
		t.Errorf("the message does not say what to do: %v", err)
	}
	var last, total int64
	file, err := b.Pull(t.Context(), name, func(d, n int64) { last, total = d, n })
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file.Path)
	if err != nil || !bytes.Equal(got, b.data) {
		t.Errorf("the file is not what was served: %v", err)
	}
	if last != int64(len(b.data)) || total != last {
		t.Errorf("progress ended at %d of %d", last, total)
	}
	if _, err := os.Stat(b.part()); err == nil {
		t.Error("the part file is left")
	}
	list := b.List()
	if len(list) != 1 || list[0].Path != file.Path {
		t.Errorf("list %+v", list)
	}
}

func TestPullResumes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.write(t, b.Dir, "ggml-small-one.bin.part", b.data[:1000])
	if got := b.List()[0].Partial; got != 1000 {
		t.Errorf("partial %d", got)
	}
	if _, err := b.Pull(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	if got := b.asked.Load(); got != "bytes=1000-" {
		t.Errorf("asked for %q", got)
	}
}

func TestPullStartsOverWhereTheHostCannotResume(t *testing.T) {
	t.Parallel()
	var b *bundle
	b = setup(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(b.data) })
	b.write(t, b.Dir, "ggml-small-one.bin.part", []byte("something else entirely"))
	if _, err := b.Pull(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
}

func TestPullGoesOnAfterABrokenConnection(t *testing.T) {
	t.Parallel()
	var b *bundle
	broken := true
	b = setup(t, func(w http.ResponseWriter, r *http.Request) {
		if !broken {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.data))
			return
		}
		broken = false
		w.Header().Set("Content-Length", "65536")
		w.Write(b.data[:20000])
		panic(http.ErrAbortHandler)
	})
	_, err := b.Pull(t.Context(), name, nil)
	wantCode(t, err, models.CodeSourceUnavailable)
	info, err := os.Stat(b.part())
	if err != nil || info.Size() == 0 {
		t.Fatalf("nothing was kept: %v", err)
	}
	if _, err := b.Pull(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	if got := b.asked.Load(); got == "" {
		t.Error("the second download began at 0")
	}
}

func TestPullRefusesOtherBytes(t *testing.T) {
	t.Parallel()
	for title, change := range map[string]func([]byte) []byte{
		"changed": func(d []byte) []byte { d[5] ^= 1; return d },
		"longer":  func(d []byte) []byte { return append(d, "more"...) },
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			var b *bundle
			b = setup(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(change(bytes.Clone(b.data))) })
			_, err := b.Pull(t.Context(), name, nil)
			wantCode(t, err, models.CodeChecksumMismatch)
			if left, _ := filepath.Glob(filepath.Join(b.Dir, "*.bin*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestPullSaysWhatIsWrongWithTheHost(t *testing.T) {
	t.Parallel()
	t.Run("not found", func(t *testing.T) {
		t.Parallel()
		b := setup(t, http.NotFound)
		_, err := b.Pull(t.Context(), name, nil)
		wantCode(t, err, models.CodeSourceUnavailable)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		b.BaseURL = "http://127.0.0.1:1"
		_, err := b.Pull(t.Context(), name, nil)
		wantCode(t, err, models.CodeSourceUnavailable)
		if left, err := filepath.Glob(filepath.Join(b.Dir, "*.part")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
	t.Run("mute", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		b := setup(t, nil)
		b.BaseURL = "https://" + l.Addr().String() // nobody answers the handshake
		b.connect = 50 * time.Millisecond
		_, err = b.Pull(t.Context(), name, nil)
		wantCode(t, err, models.CodeSourceUnavailable)
	})
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		b := setup(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
		_, err := b.Pull(ctx, name, nil)
		wantCode(t, err, models.CodeCanceled)
	})
}

func TestPullOnAFullDisk(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", b.part()); err != nil {
		t.Fatal(err)
	}
	_, err := b.Pull(t.Context(), name, nil)
	wantCode(t, err, models.CodeStorageFull)
}

func TestPullWhileAnotherProcessDoes(t *testing.T) {
	t.Parallel()
	var b *bundle
	b = setup(t, func(w http.ResponseWriter, _ *http.Request) {
		// Another store stands for another process: locks belong to open files.
		other := &Store{Dir: b.Dir, BaseURL: b.BaseURL, Catalogue: b.Catalogue}
		_, err := other.Pull(t.Context(), name, nil)
		wantCode(t, err, models.CodeDataInUse)
		w.Write(b.data)
	})
	if _, err := b.Pull(t.Context(), name, nil); err != nil {
		t.Error(err)
	}
}

func TestDamagedFileIsFoundAndReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	extra := t.TempDir()
	b.Extra = []string{extra}
	b.write(t, extra, "ggml-small-one.bin", b.data[:len(b.data)-1])
	_, err := b.Use(t.Context(), name)
	wantCode(t, err, models.CodeModelCorrupt)
	if _, err := b.Pull(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	file, err := b.Use(t.Context(), name)
	if err != nil || filepath.Dir(file.Path) != b.Dir {
		t.Errorf("%+v, %v", file, err)
	}
}

func TestExtraDirectoryServesMachinesWithoutInternet(t *testing.T) {
	t.Parallel()
	b := setup(t, http.NotFound)
	extra := t.TempDir()
	b.Extra = []string{extra}
	b.write(t, extra, "ggml-small-one.bin", b.data)
	if _, err := b.Pull(t.Context(), name, nil); err != nil { // no work
		t.Error(err)
	}
	if got := b.asked.Load(); got != nil {
		t.Error("the host was asked")
	}
}

func TestVerificationIsRememberedUntilTheFileChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	file, err := b.Pull(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file.Path)
	if err != nil {
		t.Fatal(err)
	}
	// The same size and time: only reading it would tell.
	b.write(t, b.Dir, filepath.Base(file.Path), bytes.ToUpper(b.data))
	if err := os.Chtimes(file.Path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	again := &Store{Dir: b.Dir, Catalogue: b.Catalogue} // the next start
	if _, err := again.Use(t.Context(), name); err != nil {
		t.Errorf("what was verified is read again: %v", err)
	}
	_, err = again.Verify(t.Context(), name)
	wantCode(t, err, models.CodeModelCorrupt)
	b.write(t, b.Dir, filepath.Base(file.Path), b.data[:10])
	_, err = again.Use(t.Context(), name)
	wantCode(t, err, models.CodeModelCorrupt)
}

func TestPathsAndUnknownNames(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	own := filepath.Join(t.TempDir(), "own.bin")
	b.write(t, filepath.Dir(own), "own.bin", []byte("hello"))
	file, err := b.Use(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	want := File{Name: "own.bin", Path: own, SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
	if diff := cmp.Diff(want, file); diff != "" {
		t.Error(diff)
	}
	_, err = b.Use(t.Context(), own+".none.bin")
	wantCode(t, err, models.CodeModelMissing)
	_, err = b.Use(t.Context(), "tinny")
	wantCode(t, err, models.CodeInvalidArgument)
	_, err = b.Pull(t.Context(), own, nil)
	wantCode(t, err, models.CodeInvalidArgument)
}

func TestCatalogueIsWellFormed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range Catalogue() {
		sum, err := hex.DecodeString(m.SHA256)
		if err != nil || len(sum) != sha256.Size || m.Bytes <= 0 || seen[m.Name] || seen[m.SHA256] ||
			m.File != "ggml-"+m.Name+".bin" || !strings.HasSuffix(m.source, "/"+m.File) {
			t.Errorf("%+v", m)
		}
		seen[m.Name], seen[m.SHA256] = true, true
	}
	for _, name := range []string{DefaultSpeech, VAD} {
		if !seen[name] {
			t.Errorf("the default %s is not in it", name)
		}
	}
}
