// Package tus is the way in for files over HTTP: the resumable upload protocol
// tus 1.0.0 at /uploads, and the same for who has no key but the address of one
// upload. It keeps no bytes and knows no video: [Uploads] do.
package tus

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
)

// Prefix is where the handler stands.
const Prefix = "/uploads"

const (
	version     = "1.0.0"
	extensions  = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination"
	contentType = "application/offset+octet-stream"
)

// Uploads keeps uploads. An [ingest.Uploads] is one, and says what the methods
// promise.
type Uploads interface {
	Create(ctx context.Context, workspace string, n ingest.New) (ingest.Created, error)
	Find(ctx context.Context, id string) (models.Upload, error)
	Write(ctx context.Context, workspace, id string, offset int64, r io.Reader, c ingest.Chunk) (models.Upload, error)
	Stand(ctx context.Context, workspace, id string) (models.Upload, error)
	Delete(ctx context.Context, workspace, id string) (models.Upload, error)
	Complete(ctx context.Context, workspace, id string) (models.Upload, error)
}

// Door knows who asks.
type Door interface {
	// Admit returns who asks, who may write. first counts the request among those
	// that they may make; later ones for the same upload need not be counted.
	Admit(r *http.Request, first bool) (access.Caller, error)

	// While returns a context that ends, with the reason as its cause, when what r
	// shows of its caller is no longer good. The caller of While calls done.
	While(ctx context.Context, r *http.Request) (_ context.Context, done func())

	// Attempt counts a request that shows no key but an upload's secret. known makes
	// it count for nothing. RATE_LIMITED.
	Attempt(r *http.Request) (known func(), err error)

	// SameOrigin refuses what a page of another origin makes a browser send, other
	// than to read.
	SameOrigin(r *http.Request) error
}

// Config says what a handler serves.
type Config struct {
	Uploads Uploads
	Door    Door
	MaxSize int64         // of an upload, in bytes
	Idle    time.Duration // for how long no bytes may come; a minute unless set
	// Stopping ends when the server is to end: requests under way do too then, with
	// what they have brought so far.
	Stopping context.Context //nolint:containedctx // it is the server's life, not a call's
	// Fail answers a request with an error; with the status that the error names by
	// a method HTTPStatus, where it does.
	Fail func(http.ResponseWriter, *http.Request, error)
}

// Handler serves uploads. The order of methods' names says what may be asked of
// what; all of them answer with an error, or have answered.
type Handler struct {
	Config
	uploads, upload, completion verbs
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Idle == 0 {
		c.Idle = time.Minute
	}
	h := &Handler{Config: c}
	h.uploads = verbs{
		http.MethodOptions: {serve: h.options},
		http.MethodPost:    {serve: h.post, tus: true},
	}
	h.upload = verbs{
		http.MethodOptions: {serve: h.options},
		http.MethodHead:    {serve: h.head, tus: true},
		http.MethodPatch:   {serve: h.patch, tus: true},
		http.MethodDelete:  {serve: h.delete, tus: true},
		http.MethodGet:     {serve: h.get},
	}
	h.completion = verbs{
		http.MethodOptions: {serve: h.options},
		http.MethodPost:    {serve: h.complete},
	}
	return h
}

// verbs are what can be asked, by the method.
type verbs map[string]verb

type verb struct {
	serve func(w http.ResponseWriter, r *http.Request, at target) error
	tus   bool // the request has to say which version of tus it speaks
}

// names lists them, as Allow wants it.
func (v verbs) names() string {
	var names []string
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// target is what a request is about: an upload, or where it has no id all of them.
type target struct {
	id, secret string
	complete   bool
}

var targetPattern = regexp.MustCompile(`^` + Prefix + `(?:/?|/([0-9a-z]{1,64})(?:\.([0-9A-Za-z_]{1,128}))?(/complete)?)$`)

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Tus-Resumable", version)
	w.Header().Set("Cache-Control", "no-store")
	if r.ProtoMajor == 1 && r.Body != http.NoBody {
		// What nobody reads, the server does after the answer, but not for ever.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.Idle)) // if it cannot be, reading says so
	}
	r = overridden(r)
	if err := h.serve(w, r); err != nil {
		h.Fail(w, withoutSecret(r), err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) error {
	m := targetPattern.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return notFound()
	}
	at := target{id: m[1], secret: m[2], complete: m[3] != ""}
	can := h.upload
	switch {
	case at.id == "":
		can = h.uploads
	case at.complete:
		can = h.completion
	}
	asked, ok := can[r.Method]
	if !ok {
		w.Header().Set("Allow", can.names())
		return models.Errorf(models.CodeUnimplemented, "uploads do not take %.20q here", r.Method)
	}
	if said := r.Header.Values("Tus-Resumable"); asked.tus && !slices.Equal(said, []string{version}) {
		w.Header().Set("Tus-Version", version)
		return with(http.StatusPreconditionFailed, invalid("Tus-Resumable", "want %s, not %.40q", version, said))
	}
	return asked.serve(w, r, at)
}

// overridden returns a request with the method that it means: some networks let
// only GET and POST through.
func overridden(r *http.Request) *http.Request {
	method := r.Header.Get("X-HTTP-Method-Override")
	if method == "" {
		return r
	}
	r = r.WithContext(r.Context()) // a copy: the server needs its own
	r.Method = method
	return r
}

// withoutSecret returns a request whose path may be logged.
func withoutSecret(r *http.Request) *http.Request {
	path, _, delegated := strings.Cut(r.URL.Path, ".")
	if !delegated {
		return r
	}
	r = r.WithContext(r.Context())
	address := *r.URL
	address.Path = path + ".…"
	r.URL = &address
	return r
}

// options says what can be done here, to everybody.
func (h *Handler) options(w http.ResponseWriter, r *http.Request, at target) error {
	if at.secret != "" && r.Header.Get("Origin") != "" {
		if _, err := h.delegated(w, r, at); err != nil {
			return err
		}
		allow(w)
	}
	w.Header().Set("Tus-Version", version)
	w.Header().Set("Tus-Extension", extensions)
	w.Header().Set("Tus-Max-Size", strconv.FormatInt(h.MaxSize, 10))
	w.Header().Set("Tus-Checksum-Algorithm", strings.Join(ingest.Algorithms(), ","))
	w.WriteHeader(http.StatusNoContent)
	return nil
}
