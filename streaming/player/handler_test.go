package player_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming/player"
)

var built = fstest.MapFS{
	"index.html":          {Data: []byte("<!doctype html>the page")},
	"docs.html":           {Data: []byte("<!doctype html>the API")},
	"favicon.svg":         {Data: []byte("<svg/>")},
	"placeholder.txt":     {Data: []byte("not for readers")},
	"assets/app-B1a2.js":  {Data: []byte("export {}")},
	"assets/_lib-C3d4.js": {Data: []byte("export {}")},
}

// fail answers as the API does to such errors, and else with 500.
func fail(w http.ResponseWriter, _ *http.Request, err error) {
	status := map[models.Code]int{models.CodeNotFound: 404, models.CodeUnimplemented: 405}[models.ErrorCode(err)]
	http.Error(w, err.Error(), cmp.Or(status, 500))
}

func get(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestRequests(t *testing.T) {
	t.Parallel()
	const page, script, forever = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"
	tests := []struct {
		name, method, target string
		status               int
		contentType, cache   string
	}{
		{"the library", "GET", "/", 200, page, "no-cache"},
		{"the library with a search", "GET", "/?q=words", 200, page, "no-cache"},
		{"a video's page", "GET", "/watch/0197-ab?t=12.5", 200, page, "no-cache"},
		{"where people sign in", "GET", "/login", 200, page, "no-cache"},
		{"the API", "GET", "/docs", 200, page, "no-cache"},
		{"the API with a slash", "GET", "/docs/", 200, page, "no-cache"},
		{"below the API", "GET", "/docs/x", 404, "", ""},
		{"a page by its file", "GET", "/docs.html", 404, "", ""},
		{"its headers alone", "HEAD", "/watch/0197-ab", 200, page, "no-cache"},
		{"an asset", "GET", "/assets/app-B1a2.js", 200, script, forever},
		{"an asset with an underscore", "GET", "/assets/_lib-C3d4.js", 200, script, forever},
		{"another file", "GET", "/favicon.svg", 200, "image/svg+xml", "no-cache"},
		{"an asset of another build", "GET", "/assets/app-00000.js", 404, "", ""},
		{"below a video's page", "GET", "/watch/a/b", 404, "", ""},
		{"no video", "GET", "/watch/", 404, "", ""},
		{"a folder", "GET", "/assets/", 404, "", ""},
		{"the placeholder", "GET", "/placeholder.txt", 404, "", ""},
		{"a way out", "GET", "/assets/%2e%2e/index.html", 404, "", ""},
		{"another method", "POST", "/", 405, "", ""},
	}
	h := player.New(built, fail)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			res := get(t, h, test.method, test.target)
			if res.StatusCode != test.status {
				t.Fatalf("status %d, want %d", res.StatusCode, test.status)
			}
			if test.status != http.StatusOK {
				return
			}
			if got := res.Header.Get("Content-Type"); got != test.contentType {
				t.Errorf("content type %q, want %q", got, test.contentType)
			}
			if got := res.Header.Get("Cache-Control"); got != test.cache {
				t.Errorf("cache control %q, want %q", got, test.cache)
			}
		})
	}
}

func TestPageRunsOnlyItsOwnScripts(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"/", "/docs"} {
		policy := get(t, player.New(built, fail), "GET", page).Header.Get("Content-Security-Policy")
		directives := strings.Split(policy, "; ")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
			if !slices.Contains(directives, want) {
				t.Errorf("%s: policy %q lacks %q", page, policy, want)
			}
		}
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := player.New(built, fail)
	tag := get(t, h, "GET", "/").Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	if res := get(t, h, "GET", "/", "If-None-Match", tag); res.StatusCode != http.StatusNotModified {
		t.Errorf("status %d, want 304", res.StatusCode)
	}
}

func TestPageThatWasNotBuiltSaysHow(t *testing.T) {
	t.Parallel()
	h := player.New(fstest.MapFS{"placeholder.txt": built["placeholder.txt"]}, fail)
	for _, target := range []string{"/", "/watch/x", "/docs"} {
		res := get(t, h, "GET", target)
		body := make([]byte, 512)
		n, _ := res.Body.Read(body)
		if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body[:n]), "make build") {
			t.Errorf("%s: status %d, body %q", target, res.StatusCode, body[:n])
		}
	}
}

// A clean clone embeds the placeholder alone, a built tree the page: either
// way the program starts and answers.
func TestEmbeddedPageAnswers(t *testing.T) {
	t.Parallel()
	res := get(t, player.Handler(fail), "GET", "/")
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", res.StatusCode)
	}
}
