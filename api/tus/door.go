package tus

import (
	"net/http"

	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
)

// find returns the upload that a request is about, for who may send it: who
// knows its secret, or may write in its workspace. NOT_FOUND in the same words
// for all that is not theirs.
func (h *Handler) find(w http.ResponseWriter, r *http.Request, at target) (models.Upload, error) {
	if at.secret != "" {
		return h.delegated(w, r, at)
	}
	caller, err := h.Door.Admit(r, false)
	if err != nil {
		return models.Upload{}, err
	}
	u, err := h.Uploads.Find(r.Context(), at.id)
	if models.ErrorCode(err) == models.CodeNotFound || err == nil && u.Workspace != caller.Workspace {
		return models.Upload{}, notFound()
	}
	return u, err
}

// delegated is find for who shows nothing but the upload's secret. Pages of the
// one origin that the upload is for may read the answer.
func (h *Handler) delegated(w http.ResponseWriter, r *http.Request, at target) (models.Upload, error) {
	known, err := h.Door.Attempt(r)
	if err != nil {
		return models.Upload{}, err
	}
	u, err := h.Uploads.Find(r.Context(), at.id)
	if models.ErrorCode(err) == models.CodeNotFound || err == nil && !ingest.Permits(u, at.secret) {
		return models.Upload{}, notFound()
	}
	if err != nil {
		return models.Upload{}, err
	}
	known()
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin == "" || origin != u.Origin {
		return u, h.Door.SameOrigin(r)
	}
	w.Header().Set("Access-Control-Allow-Origin", u.Origin)
	w.Header().Set("Access-Control-Expose-Headers", exposed)
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	return u, nil
}

// What pages of the upload's origin may read and send beside what all may.
const (
	exposed = "Location, Upload-Offset, Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Expires, " +
		"Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, " + videoHeader + ", " + duplicateHeader + ", Retry-After"
	sent = "Content-Type, Tus-Resumable, Upload-Offset, Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Checksum, " +
		"X-HTTP-Method-Override, X-Requested-With, X-Request-ID"
)

// allow answers a browser that asks what a page of another origin may do.
func allow(w http.ResponseWriter) {
	if w.Header().Get("Access-Control-Allow-Origin") == "" {
		return
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD, PATCH, POST, DELETE")
	w.Header().Set("Access-Control-Allow-Headers", sent)
	w.Header().Set("Access-Control-Max-Age", "7200")
}
