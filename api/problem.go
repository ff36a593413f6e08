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

func writeProblem(w http.ResponseWriter, failure error) {
	e := visible(failure)
	p := problem{"about:blank", http.StatusText(answers[e.Code].http), answers[e.Code].http, e.Message, e.Code}
	if p.Status == statusRequestCanceled {
		p.Title = "Request Canceled"
	}
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
