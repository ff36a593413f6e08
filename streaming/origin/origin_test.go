package origin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/streaming/origin"
)

// catalogue has one video, "v1", with any runs.
type catalogue struct{}

func (catalogue) Prefix(_ context.Context, video, stage, run string) (string, error) {
	switch {
	case video == "broken":
		return "", errors.New("disk on fire")
	case video != "v1":
		return "", models.Errorf(models.CodeNotFound, "no such video")
	}
	return models.RunPrefix(video, stage, run), nil
}

// files reads blobs, and counts what it asks of the store.
type files struct {
	blob.Store
	stats, opens atomic.Int64
	fault        error // of whatever is read
}

func (f *files) Stat(ctx context.Context, key string) (blob.Info, error) {
	f.stats.Add(1)
	return f.Store.Stat(ctx, key)
}

func (f *files) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, blob.Info, error) {
	f.opens.Add(1)
	body, info, err := f.Store.Open(ctx, key, offset, length)
	if err == nil && f.fault != nil {
		body = io.NopCloser(io.MultiReader(io.LimitReader(body, 4), iotest.ErrReader(f.fault)))
	}
	return body, info, err
}

// opener is what the handler knows of files.
type opener struct{ *files }

func (o opener) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	file, err := blob.OpenSeeker(ctx, o.files, key)
	if err != nil {
		return nil, err
	}
	return file, nil
}

// secret is in no file that is to be served.
const secret = "secret"

// bundle is a handler over a tree of files, whose text is their path.
type bundle struct {
	*origin.Handler
	files *files
	log   *bytes.Buffer
}

func setup(t testing.TB) *bundle {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "videos", "v1")
	for _, name := range []string{
		"package@run7/master.m3u8", "package@run7/manifest.mpd", "package@run7/360p/init.mp4", "package@run7/360p/00001.m4s",
		"package@run7/audio-en/index.m3u8", "speech@run7/captions.en-US.vtt", "speech@run7/captions.en-US.srt", "speech@run7/captions.en-US.txt",
		"speech@run7/captions.en-US.json", "thumbs@run8/0001.jpg",
	} {
		write(t, filepath.Join(dir, name), name)
	}
	for _, name := range []string{
		"package@run7/speech.flac", "shots@run7/scores.csv", "package@run7/.hidden.vtt", "package@run7/.git/config.txt", "package@run7/noextension",
		"package@run7/page.html", "package@run7/a b.vtt", "package@run7/SHA256SUMS", "package/plain.vtt", "secret.txt", "other@run7/x@run7.vtt",
		"../v2/package@run7/master.m3u8", "../secret.txt", "../../sources/secret.txt",
	} {
		write(t, filepath.Join(dir, name), secret)
	}
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(dir, "package@run7", "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../secret.txt", filepath.Join(dir, "package@run7", "near.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "package@run7", "up")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "package@run7", "folder.vtt"), 0o700); err != nil {
		t.Fatal(err)
	}
	blobs, err := disk.OpenBlobs(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	b := &bundle{files: &files{Store: blobs}, log: new(bytes.Buffer)}
	b.Handler = &origin.Handler{
		Catalogue: catalogue{}, Files: opener{b.files}, Log: slog.New(slog.NewTextHandler(b.log, nil)),
		Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(map[models.Code]int{
				models.CodeNotFound: http.StatusNotFound, models.CodeUnimplemented: http.StatusMethodNotAllowed,
				models.CodeStorageUnavailable: http.StatusServiceUnavailable, models.CodeInternal: http.StatusInternalServerError,
			}[models.ErrorCode(err)])
		},
	}
	return b
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// request asks a handler; headers are names and values in turn.
func request(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPublishedFilesAreServed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for path, mediaType := range map[string]string{
		"package@run7/master.m3u8":         "application/vnd.apple.mpegurl",
		"package@run7/manifest.mpd":        "application/dash+xml",
		"package@run7/360p/init.mp4":       "video/mp4",
		"package@run7/360p/00001.m4s":      "video/iso.segment",
		"package@run7/audio-en/index.m3u8": "application/vnd.apple.mpegurl",
		"speech@run7/captions.en-US.vtt":   "text/vtt; charset=utf-8",
		"speech@run7/captions.en-US.srt":   "application/x-subrip; charset=utf-8",
		"speech@run7/captions.en-US.txt":   "text/plain; charset=utf-8",
		"speech@run7/captions.en-US.json":  "application/json",
		"thumbs@run8/0001.jpg":             "image/jpeg",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := request(h, http.MethodGet, "/play/v1/"+path)
			if w.Code != http.StatusOK || w.Body.String() != path {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			_, tag, _ := strings.Cut(path, "@")
			for name, want := range map[string]string{
				"Content-Type": mediaType, "X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=31536000, immutable",
				"ETag": `"` + tag + `"`, "Accept-Ranges": "bytes",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestNothingElseIsServed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, path := range []string{
		// Not published, or not for players.
		"v1/package@run7/missing.m3u8", "v3/package@run7/master.m3u8", "v1/package@run7/speech.flac", "v1/shots@run7/scores.csv",
		"v1/package@run7/noextension", "v1/package@run7/page.html", "v1/package@run7/folder.vtt", "v1/package@run7/master.m3u8/x.vtt",
		"v1/package@run6/master.m3u8", "v1/speech@run8/captions.en-US.vtt", "v1/package@run7/SHA256SUMS", "v2/package@run7/master.m3u8",
		// Not a file's address.
		"", "v1", "v1/package@run7", "v1/package@run7/", "v1//package@run7/master.m3u8", "v1/package@run7//master.m3u8", "v1/package@run7/master.m3u8/",
		"v1/package@run7/1/2/3/4/5/6/7.vtt", "v1/package@run7" + strings.Repeat("/"+strings.Repeat("a", 120), 5) + ".vtt",
		// Not a stage and a run.
		"v1/package/plain.vtt", "v1/package@/master.m3u8", "v1/@run7/master.m3u8", "v1/@/master.m3u8", "v1/package@run7@run7/master.m3u8",
		"v1/package%40run7/master.m3u8", "v1/package@@run7/master.m3u8", "v1/package@../secret.txt", "v1/package@./secret.txt",
		"v1/..@run7/secret.txt", "v1/.@run7/secret.txt", "v1/package@run7%2fmaster.m3u8", "v1/package@%2e%2e/secret.txt", "v1/package@run7./master.m3u8",
		"v1/package@run7;/master.m3u8", "v1/package@" + strings.Repeat("a", 65) + "/master.m3u8", "v1/package@run7/x@run7.vtt", "v1/other@run7/x@run7.vtt",
		"v1@run7/package/master.m3u8", "package@run7/master.m3u8",
		// Ways out.
		"v1/package@run7/../secret.txt", "v1/package@run7/%2e%2e/secret.txt", "v1/package@run7/%2E%2E/secret.txt", "v1/package@run7/.%2e/secret.txt",
		"v1/%2e%2e/secret.txt", "v1/../secret.txt", "v1/package@run7/..%2fsecret.txt", "v1/package@run7/..%5csecret.txt",
		"v1/package@run7/%2e%2e%2fv2%2fpackage@run7%2fmaster.m3u8", "v1/package@run7/..\\secret.txt", "v1/package@run7/..%c0%afsecret.txt",
		"v1/package@run7/%252e%252e/secret.txt", "v1/package@run7/.../secret.txt", "v1/package@run7/..;/secret.txt",
		"v1/package@run7/%2fetc%2fpasswd.txt", "v1/package@run7/C:%5csecret.txt", "%2e%2e/package@run7/master.m3u8",
		"v1/package@run7/../../v2/package@run7/master.m3u8",
		// Names that mean another file, or none.
		"v1/package@run7/.hidden.vtt", "v1/package@run7/.git/config.txt", "v1/package@run7/master.m3u8%00.vtt", "v1/package@run7/%00", "v1/package@run7/a%20b.vtt",
		"v1/package@run7/master.m3u8%0a.vtt", "v1/package@run7/%6daster.m3u8", "v1/package@run7/" + strings.Repeat("a", 300) + ".vtt",
		"v1/package@run7%0a/master.m3u8", "v1%0a/package@run7/master.m3u8",
		// Links.
		"v1/package@run7/link.txt", "v1/package@run7/near.txt", "v1/package@run7/up/secret.txt", "v1/package@run7/up/other/secret.vtt",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				w := request(h, method, "/play/"+path)
				if w.Code != http.StatusNotFound && !strings.Contains(path, "/up/") || w.Code < 400 || strings.Contains(w.Body.String(), secret) {
					t.Errorf("%s: %d %q", method, w.Code, w.Body)
				}
				if w.Header().Get("Cache-Control") != "" {
					t.Errorf("%s: to be cached: %q", method, w.Header())
				}
			}
		})
	}
}

func TestRangesAndConditions(t *testing.T) {
	t.Parallel()
	const path, text, tag = "/play/v1/package@run7/360p/00001.m4s", "package@run7/360p/00001.m4s", `"run7/360p/00001.m4s"`
	tests := []struct {
		name, method string
		headers      []string
		code         int
		body         string
		reads        int64 // requests for bytes
	}{
		{"all", http.MethodGet, nil, http.StatusOK, text, 1},
		{"a head has no body", http.MethodHead, nil, http.StatusOK, "", 0},
		{"a range from the middle", http.MethodGet, []string{"Range", "bytes=13-16"}, http.StatusPartialContent, "360p", 1},
		{"a range to the end", http.MethodGet, []string{"Range", "bytes=-4"}, http.StatusPartialContent, ".m4s", 1},
		{"a range of nothing", http.MethodGet, []string{"Range", "bytes=99-"}, http.StatusRequestedRangeNotSatisfiable, "invalid range: failed to overlap\n", 0},
		{"many ranges are all of it", http.MethodGet, []string{"Range", "bytes=0-0,2-2,4-4,6-6"}, http.StatusOK, text, 1},
		{"what the cache has", http.MethodGet, []string{"If-None-Match", tag}, http.StatusNotModified, "", 0},
		{"what another run made", http.MethodGet, []string{"If-None-Match", `"run6/360p/00001.m4s"`}, http.StatusOK, text, 1},
		{"a range of what another run made", http.MethodGet, []string{"Range", "bytes=0-3", "If-Range", `"run6/360p/00001.m4s"`}, http.StatusOK, text, 1},
		{"a range of the same", http.MethodGet, []string{"Range", "bytes=0-3", "If-Range", tag}, http.StatusPartialContent, "pack", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			w := request(h, tt.method, path, tt.headers...)
			if w.Code != tt.code || w.Body.String() != tt.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tt.code, tt.body)
			}
			if stats, reads := h.files.stats.Load(), h.files.opens.Load(); stats != 1 || reads != tt.reads {
				t.Errorf("the store was asked %d times what there is and %d times for bytes, want 1 and %d", stats, reads, tt.reads)
			}
		})
	}
}

// Over a real connection, which is cut off.
func TestAFileThatBreaksOffIsNoWholeFile(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.files.fault = models.Errorf(models.CodeStorageUnavailable, "the store is gone")
	server := httptest.NewServer(h)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/play/v1/package@run7/master.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err == nil {
		_, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	server.Close() // which waits for the handler
	if err == nil {
		t.Error("a part passes for the whole")
	}
	if !strings.Contains(h.log.String(), "the store is gone") {
		t.Errorf("logged: %q", h.log)
	}
}

func TestAStoreThatIsAwayIsNotAMissingFile(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.Files = away{}
	if w := request(h, http.MethodGet, "/play/v1/package@run7/master.m3u8"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
}

// away cannot be reached.
type away struct{}

func (away) Open(context.Context, string) (io.ReadSeekCloser, error) {
	return nil, models.Errorf(models.CodeStorageUnavailable, "the store is away")
}

func TestFilesCannotBeChanged(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := request(h, method, "/play/v1/package@run7/master.m3u8")
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, allowed %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestACatalogueThatFailsIsNotAMissingFile(t *testing.T) {
	t.Parallel()
	if w := request(setup(t), http.MethodGet, "/play/broken/package@run7/master.m3u8"); w.Code != http.StatusInternalServerError {
		t.Errorf("%d", w.Code)
	}
}

func TestNoPathLeadsToASecret(t *testing.T) {
	t.Parallel()
	h := setup(t)
	part := rapid.SampledFrom([]string{
		"v1", "v2", "package@run7", "other@run7", "package", "@", "run7", "up", "near", "..", "%2e", ".", "/", "%2f", "%5c", "\\", "secret", ".vtt", ".txt", "%00", "link", "360p", ";", "%25",
	})
	rapid.Check(t, func(t *rapid.T) {
		path := "/play/v1/" + strings.Join(rapid.SliceOfN(part, 1, 9).Draw(t, "path"), "")
		if w := request(h, http.MethodGet, path); strings.Contains(w.Body.String(), secret) {
			t.Fatalf("%s gave it away", path)
		}
	})
}
