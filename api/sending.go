package api

import (
	"context"
	"net/http"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/tus"
	"github.com/cuepoint/cuepoint/models"
)

// routeUploads adds how files are sent. Pages of other origins may do that too
// where an upload is for them, so what else keeps them out stands not before it.
func (s *Server) routeUploads(mux *http.ServeMux, c Config) {
	handler := tus.New(tus.Config{
		Uploads: c.Uploads, Door: uploadDoor{s}, MaxSize: c.MaxUpload, Idle: c.UploadIdle,
		Stopping: s.stopping, Fail: Problems(c.Log),
	})
	mux.Handle(tus.Prefix, handler)
	mux.Handle(tus.Prefix+"/", handler)
}

// uploadDoor is a server as it lets in who sends files.
type uploadDoor struct{ server *Server }

// Admit implements [tus.Door].
func (d uploadDoor) Admit(r *http.Request, first bool) (access.Caller, error) {
	if err := checkOrigin(r); err != nil {
		return access.Caller{}, err
	}
	shown, err := shownByRequest(r)
	if err != nil {
		return access.Caller{}, err
	}
	admit := d.server.gate.Identify
	if first {
		admit = d.server.gate.Admit
	}
	caller, err := admit(r.Context(), shown)
	if err != nil {
		return access.Caller{}, err
	}
	return caller, permit(caller, models.ScopeWrite)
}

// While implements [tus.Door].
func (d uploadDoor) While(ctx context.Context, r *http.Request) (_ context.Context, done func()) {
	shown, _ := shownByRequest(r) // Admit has looked
	return d.server.whileAdmitted(ctx, shown)
}

// Attempt implements [tus.Door].
func (d uploadDoor) Attempt(r *http.Request) (known func(), err error) {
	return d.server.gate.Attempt(hostOf(r.RemoteAddr))
}

// SameOrigin implements [tus.Door].
func (d uploadDoor) SameOrigin(r *http.Request) error { return checkOrigin(r) }
