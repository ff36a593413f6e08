package origin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming/origin"
)

// catalogue has one video, "v1", with the stages that are folders of dir.
type catalogue struct{ dir string }

func (c catalogue) Open(_ context.Context, video, stage string) (*os.Root, string, error) {
	switch {
	case video == "broken":
		return nil, "", errors.New("disk on fire")
	case video != "v1":
		return nil, "", models.Errorf(models.CodeNotFound, "no such video")
	}
	root, err := os.OpenRoot(filepath.Join(c.dir, stage))
	return root, "run7", err
}

// secret is in no file that is to be served.
const secret = "secret"

// setup returns the handler over a tree of files. Their text is their path.
func setup(t testing.TB) *origin.Handler {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{
		"package/master.m3u8", "package/manifest.mpd", "package/360p/init.mp4", "package/360p/00001.m4s",
		"package/audio-en/index.m3u8", "speech/captions.en-US.vtt", "speech/captions.en-US.srt", "speech/captions.en-US.txt",
		"speech/captions.en-US.json", "thumbs/0001.jpg",
	} {
		write(t, filepath.Join(dir, name), name)
	}
	for _, name := range []string{
		"package/speech.flac", "shots/scores.csv", "package/.hidden.vtt", "package/.git/config.txt", "package/noextension",
		"package/page.html", "package/a b.vtt", "secret.txt", "other/secret.vtt",
	} {
		write(t, filepath.Join(dir, name), secret)
	}
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(dir, "package", "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "package", "up")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "package", "folder.vtt"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &origin.Handler{Catalogue: catalogue{dir}, Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(map[models.Code]int{
			models.CodeNotFound: http.StatusNotFound, models.CodeUnimplemented: http.StatusMethodNotAllowed, models.CodeInternal: http.StatusInternalServerError,
		}[models.ErrorCode(err)])
	}}
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
		"package/master.m3u8":         "application/vnd.apple.mpegurl",
		"package/manifest.mpd":        "application/dash+xml",
		"package/360p/init.mp4":       "video/mp4",
		"package/360p/00001.m4s":      "video/iso.segment",
		"package/audio-en/index.m3u8": "application/vnd.apple.mpegurl",
		"speech/captions.en-US.vtt":   "text/vtt; charset=utf-8",
		"speech/captions.en-US.srt":   "application/x-subrip; charset=utf-8",
		"speech/captions.en-US.txt":   "text/plain; charset=utf-8",
		"speech/captions.en-US.json":  "application/json",
		"thumbs/0001.jpg":             "image/jpeg",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := request(h, http.MethodGet, "/play/v1/"+path)
			if w.Code != http.StatusOK || w.Body.String() != path {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			for name, want := range map[string]string{
				"Content-Type": mediaType, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache", "ETag": `"run7"`, "Accept-Ranges": "bytes",
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
		"v1/package/missing.m3u8", "v2/package/master.m3u8", "v1/package/speech.flac", "v1/shots/scores.csv",
		"v1/package/noextension", "v1/package/page.html", "v1/package/folder.vtt", "v1/package/master.m3u8/x.vtt",
		// Not a file's address.
		"", "v1", "v1/package", "v1/package/", "v1//package/master.m3u8", "v1/package//master.m3u8", "v1/package/master.m3u8/",
		"v1/package/1/2/3/4/5/6/7.vtt",
		// Ways out.
		"v1/package/../secret.txt", "v1/package/%2e%2e/secret.txt", "v1/package/%2E%2E/secret.txt", "v1/package/.%2e/secret.txt",
		"v1/%2e%2e/secret.txt", "v1/../secret.txt", "v1/package/..%2fsecret.txt", "v1/package/..%5csecret.txt",
		"v1/package/%2e%2e%2fother%2fsecret.vtt", "v1/package/..\\secret.txt", "v1/package/..%c0%afsecret.txt",
		"v1/package/%252e%252e/secret.txt", "v1/package/.../secret.txt", "v1/package/..;/secret.txt",
		"v1/package/%2fetc%2fpasswd.txt", "v1/package/C:%5csecret.txt", "%2e%2e/package/master.m3u8",
		// Names that mean another file, or none.
		"v1/package/.hidden.vtt", "v1/package/.git/config.txt", "v1/package/master.m3u8%00.vtt", "v1/package/%00", "v1/package/a%20b.vtt",
		"v1/package/master.m3u8%0a.vtt", "v1/package/%6daster.m3u8", "v1/package/" + strings.Repeat("a", 300) + ".vtt",
		// Links.
		"v1/package/link.txt", "v1/package/up/secret.txt", "v1/package/up/other/secret.vtt",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				w := request(h, method, "/play/"+path)
				if w.Code != http.StatusNotFound && !strings.Contains(path, "/up/") || w.Code < 400 || strings.Contains(w.Body.String(), secret) {
					t.Errorf("%s: %d %q", method, w.Code, w.Body)
				}
			}
		})
	}
}

func TestRangesAndConditions(t *testing.T) {
	t.Parallel()
	h := setup(t)
	const path = "/play/v1/package/360p/00001.m4s" // its text is 22 bytes
	tests := []struct {
		name, method string
		headers      []string
		code         int
		body         string
	}{
		{"a head has no body", http.MethodHead, nil, http.StatusOK, ""},
		{"a range from the middle", http.MethodGet, []string{"Range", "bytes=8-11"}, http.StatusPartialContent, "360p"},
		{"a range to the end", http.MethodGet, []string{"Range", "bytes=-4"}, http.StatusPartialContent, ".m4s"},
		{"a range of nothing", http.MethodGet, []string{"Range", "bytes=99-"}, http.StatusRequestedRangeNotSatisfiable, "invalid range: failed to overlap\n"},
		{"what the cache has", http.MethodGet, []string{"If-None-Match", `"run7"`}, http.StatusNotModified, ""},
		{"what another run made", http.MethodGet, []string{"If-None-Match", `"run6"`}, http.StatusOK, "package/360p/00001.m4s"},
		{"a range of what another run made", http.MethodGet, []string{"Range", "bytes=0-3", "If-Range", `"run6"`}, http.StatusOK, "package/360p/00001.m4s"},
		{"a range of the same", http.MethodGet, []string{"Range", "bytes=0-3", "If-Range", `"run7"`}, http.StatusPartialContent, "pack"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := request(h, tt.method, path, tt.headers...)
			if w.Code != tt.code || w.Body.String() != tt.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tt.code, tt.body)
			}
		})
	}
}

func TestFilesCannotBeChanged(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := request(h, method, "/play/v1/package/master.m3u8")
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, allowed %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestACatalogueThatFailsIsNotAMissingFile(t *testing.T) {
	t.Parallel()
	if w := request(setup(t), http.MethodGet, "/play/broken/package/master.m3u8"); w.Code != http.StatusInternalServerError {
		t.Errorf("%d", w.Code)
	}
}

func TestNoPathLeadsToASecret(t *testing.T) {
	t.Parallel()
	h := setup(t)
	part := rapid.SampledFrom([]string{
		"v1", "package", "other", "up", "..", "%2e", ".", "/", "%2f", "%5c", "\\", "secret", ".vtt", ".txt", "%00", "link", "360p", ";", "%25",
	})
	rapid.Check(t, func(t *rapid.T) {
		path := "/play/v1/" + strings.Join(rapid.SliceOfN(part, 1, 9).Draw(t, "path"), "")
		if w := request(h, http.MethodGet, path); strings.Contains(w.Body.String(), secret) {
			t.Fatalf("%s gave it away", path)
		}
	})
}
