package origin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Prefix is where the files lie: /play/{video}/{stage}@{run}/{path}. What lies
// under an address never changes, because the files of a run do not.
const Prefix = "/play/"

// Catalogue knows what stages have published.
type Catalogue interface {
	// Prefix returns what the keys of a run's files begin with. NOT_FOUND where
	// there is nothing to be read of it. Names are checked before.
	Prefix(ctx context.Context, video, stage, run string) (string, error)
}

// Files reads files, wherever they are kept.
type Files interface {
	// Open opens a file by its key. It can be read until ctx ends; the caller
	// closes it. NOT_FOUND.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
}

// Handler serves the files below [Prefix] to GET and HEAD, with ranges and
// conditional requests (RFC 9110).
type Handler struct {
	Catalogue Catalogue
	Files     Files
	// Fail answers a request with an error: NOT_FOUND for all that is not there
	// to be served, UNIMPLEMENTED for another method, and what Catalogue and
	// Files return.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
	Log  *slog.Logger
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		h.Fail(w, r, models.Errorf(models.CodeUnimplemented, "files can be read only"))
		return
	}
	if err := h.serve(w, r); err != nil {
		h.Fail(w, r, err)
	}
}

// serve answers, or returns an error without having answered.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	a, ok := parse(r.URL.EscapedPath())
	mediaType := types[path.Ext(a.file)]
	if !ok || mediaType == "" {
		return notFound(nil)
	}
	prefix, err := h.Catalogue.Prefix(r.Context(), a.video, a.stage, a.run)
	if err != nil {
		return err
	}
	file, err := h.Files.Open(r.Context(), prefix+a.file)
	if models.ErrorCode(err) == models.CodeNotFound {
		return notFound(err)
	}
	if err != nil {
		return err
	}
	defer file.Close()

	header := w.Header()
	header.Set("Content-Type", mediaType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "private, max-age=31536000, immutable")
	header.Set("ETag", `"`+a.run+"/"+a.file+`"`)
	if strings.Contains(r.Header.Get("Range"), ",") {
		// Players ask for one range. Many would be as many requests to a bucket,
		// and the whole file is a right answer too.
		r.Header.Del("Range")
	}
	h.send(w, r, file)
	return nil
}

// send answers with a file, or with what the conditions of the request ask for.
// One that cannot be read to its end is cut off by net/http, which has promised
// a length, so that nobody takes a part of it for the whole.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, file io.ReadSeeker) {
	content := &watched{ReadSeeker: file}
	http.ServeContent(w, r, "", time.Time{}, content)
	if content.err != nil && r.Context().Err() == nil { // else the client has gone
		h.Log.WarnContext(r.Context(), "published file broke off", "path", r.URL.Path, "error", content.err)
	}
}

// watched remembers what reading has failed with.
type watched struct {
	io.ReadSeeker
	err error
}

// Read implements [io.Reader].
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// address is what the path of a request says.
type address struct{ video, stage, run, file string }

// element is what each element of a path must be, and published the one that
// names a stage and a run. Nothing in them needs escaping, so an escaped path
// that matches means what it says: no dot files, no "..", no separators in
// disguise.
var (
	element   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	published = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9_-]{0,63})@([A-Za-z0-9_-]{1,64})$`)
)

// maxElements bounds how deep a path may go, maxPath how long it may be: keys
// have a limit too.
const (
	maxElements = 8
	maxPath     = 480
)

// parse takes an escaped path apart. ok is false for one that nothing is served under.
func parse(escaped string) (a address, ok bool) {
	rest, ok := strings.CutPrefix(escaped, Prefix)
	elements := strings.Split(rest, "/")
	if !ok || len(rest) > maxPath || len(elements) < 3 || len(elements) > maxElements {
		return address{}, false
	}
	run := published.FindStringSubmatch(elements[1])
	if run == nil || !element.MatchString(elements[0]) {
		return address{}, false
	}
	for _, e := range elements[2:] {
		if !element.MatchString(e) {
			return address{}, false
		}
	}
	return address{elements[0], run[1], run[2], strings.Join(elements[2:], "/")}, true
}

// notFound is the one answer to whatever is not served, so that nothing can be
// learned from the difference.
func notFound(err error) error {
	return models.Errorf(models.CodeNotFound, "there is no such file").Because(err)
}

// types are the files that are served, by extension. The sound that engines
// listen to is not among them.
var types = map[string]string{
	".m3u8": "application/vnd.apple.mpegurl",
	".mpd":  "application/dash+xml",
	".mp4":  "video/mp4",
	".m4s":  "video/iso.segment",
	".vtt":  "text/vtt; charset=utf-8",
	".srt":  "application/x-subrip; charset=utf-8",
	".txt":  "text/plain; charset=utf-8",
	".json": "application/json",
	".jpg":  "image/jpeg",
}
