package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// Problems returns the function that answers a request outside the gateway
// with an error, and logs what people outside may not know of it.
func Problems(log *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if visible(err).Code == models.CodeInternal {
			log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		}
		writeProblem(w, err)
	}
}

// problem is RFC 9457's form of an error, with the error's code as its reason.
type problem struct {
	Type   string      `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Detail string      `json:"detail"`
	Reason models.Code `json:"reason"`
}

// writeProblem answers with an error. Its status is that of its code, or what it
// says itself where a protocol wants another.
func writeProblem(w http.ResponseWriter, failure error) {
	e := visible(failure)
	status := answers[e.Code].http
	var named interface{ HTTPStatus() int }
	if errors.As(failure, &named) {
		status = named.HTTPStatus()
	}
	p := problem{"about:blank", titleOf(status), status, e.Message, e.Code}
	body, err := json.Marshal(p)
	if err != nil { // strings and a number always have a form
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	var limited *access.LimitedError
	if errors.As(failure, &limited) {
		writeHints(w, e.Code, limited.After)
	} else {
		writeHints(w, e.Code, 0)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	w.Write(body) //nolint:errcheck // the client has gone
}

// titleOf says a status in words, those too that net/http does not know.
func titleOf(status int) string {
	switch status {
	case statusRequestCanceled:
		return "Request Canceled"
	case 460: // of tus
		return "Checksum Mismatch"
	}
	return http.StatusText(status)
}
