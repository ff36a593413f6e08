package origin

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"syscall"

	"github.com/cuepoint/cuepoint/models"
)

// Prefix is where the files lie: /play/{video}/{stage}/{path}.
const Prefix = "/play/"

// Catalogue finds what stages have published.
type Catalogue interface {
	// Open returns the directory that a stage of a video published last, and
	// the run that made it, whose files never change. The caller closes the
	// directory. NOT_FOUND where nothing was published. Names are checked before.
	Open(ctx context.Context, video, stage string) (dir *os.Root, run string, err error)
}

// Handler serves the files below [Prefix] to GET and HEAD, with ranges and
// conditional requests (RFC 9110).
type Handler struct {
	Catalogue Catalogue
	// Fail answers a request with an error: NOT_FOUND for all that is not there
	// to be served, UNIMPLEMENTED for another method, and what Catalogue returns.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
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
	video, stage, name, ok := parse(r.URL.EscapedPath())
	mediaType := types[path.Ext(name)]
	if !ok || mediaType == "" {
		return notFound(nil)
	}
	dir, run, err := h.Catalogue.Open(r.Context(), video, stage)
	if err != nil {
		return err
	}
	defer dir.Close()
	file, info, err := open(dir, name)
	if err != nil {
		return err
	}
	defer file.Close()

	header := w.Header()
	header.Set("Content-Type", mediaType)
	header.Set("X-Content-Type-Options", "nosniff")
	// A stage may run again and publish other bytes under the same address, so
	// caches ask each time; the answer to that is short, for a run's files
	// never change.
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", `"`+run+`"`)
	http.ServeContent(w, r, "", info.ModTime(), file)
	return nil
}

// element is what each element of a path must be. Nothing in it needs escaping,
// so an escaped path that matches means what it says: no dot files, no "..",
// no separators in disguise.
var element = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// maxElements bounds how deep a path may go.
const maxElements = 8

// parse takes an escaped path apart. ok is false for one that nothing is served under.
func parse(escaped string) (video, stage, name string, ok bool) {
	rest, ok := strings.CutPrefix(escaped, Prefix)
	elements := strings.Split(rest, "/")
	if !ok || len(elements) < 3 || len(elements) > maxElements {
		return "", "", "", false
	}
	for _, e := range elements {
		if !element.MatchString(e) {
			return "", "", "", false
		}
	}
	return elements[0], elements[1], strings.Join(elements[2:], "/"), true
}

// open opens a regular file of a directory. It looks before it opens, because
// opening a pipe would wait for its writer.
func open(dir *os.Root, name string) (*os.File, fs.FileInfo, error) {
	info, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, nil, notFound(err)
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, notFound(nil)
	}
	file, err := dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, notFound(err)
	}
	return file, info, err
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
