package api

import (
	"bytes"
	_ "embed"
	"net/http"
	"time"
)

// description is the REST API as an OpenAPI document, which `make generate`
// makes of the proto files.
//
//go:embed openapi/openapi.json
var description []byte

// serveDescription answers everybody: it tells no more than the sources do.
func serveDescription(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(description))
}
