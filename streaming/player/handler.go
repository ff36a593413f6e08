package player

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

//go:embed all:dist
var dist embed.FS

// policy is the page's content security policy. Scripts come from here alone.
// hls.js feeds the video element through blob: URLs, media-chrome writes style
// elements and its icons are data: URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// notBuilt is what a program answers that was built before the page was.
const notBuilt = `<!doctype html><meta charset="utf-8"><title>Cuepoint</title>
<p>This program was built without its page. Run <code>make build</code> and start it again.
The API answers below <code>/v1/</code>.</p>
`

// pages are the paths of the page, which itself reads what they say: the library,
// one video, and where people sign in. docs is where the API is shown.
var (
	pages = regexp.MustCompile(`^/(login|watch/[^/]+/?)?$`)
	docs  = regexp.MustCompile(`^/docs/?$`)
)

// Handler serves the embedded page. fail answers a request with an error.
func Handler(fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant
	}
	return New(files, fail)
}

// New serves a built page: its index.html at /, /watch/{video} and /login, its
// docs.html at /docs, its other files at their own paths, those below assets/ for
// ever, because their names hold a hash of what is in them. Without a page it
// says how to build one. Anything else fails as NOT_FOUND, any method but GET and
// HEAD as UNIMPLEMENTED.
func New(files fs.FS, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return handler{files, fail}
}

type handler struct {
	files fs.FS
	fail  func(http.ResponseWriter, *http.Request, error)
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		h.fail(w, r, models.Errorf(models.CodeUnimplemented, "%s does not take %s", r.URL.Path, r.Method))
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "same-origin")
	switch {
	case pages.MatchString(r.URL.Path):
		h.page(w, r, "index.html")
		return
	case docs.MatchString(r.URL.Path):
		h.page(w, r, "docs.html")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	content, err := fs.ReadFile(h.files, name) // refuses names that are not clean
	if err != nil || name == "placeholder.txt" || path.Ext(name) == ".html" {
		h.fail(w, r, models.Errorf(models.CodeNotFound, "there is nothing at %s", r.URL.Path))
		return
	}
	if strings.HasPrefix(name, "assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	serve(w, r, name, content)
}

// page serves a page, which is checked for a newer one at every load.
func (h handler) page(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Cache-Control", "no-cache")
	content, err := fs.ReadFile(h.files, name)
	if err != nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(notBuilt))
		return
	}
	serve(w, r, name, content)
}

// types are the media types of what Vite emits, whatever the machine's own
// table says.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// serve answers with content, or with 304 where the client has it.
func serve(w http.ResponseWriter, r *http.Request, name string, content []byte) {
	if t, ok := types[path.Ext(name)]; ok {
		w.Header().Set("Content-Type", t)
	}
	sum := sha256.Sum256(content)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
