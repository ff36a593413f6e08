package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
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

// routes are the addresses of the REST API.
type routes []route

type route struct {
	pattern *regexp.Regexp
	verbs   []string
}

// readRoutes finds out which there are.
func readRoutes(description []byte) (routes, error) {
	var d struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(description, &d); err != nil {
		return nil, fmt.Errorf("read the description of the API: %w", err)
	}
	var all routes
	for path, verbs := range d.Paths {
		pattern, err := regexp.Compile("^" + variable.ReplaceAllString(regexp.QuoteMeta(path), "[^/:]+") + "$")
		if err != nil {
			return nil, fmt.Errorf("read the description of %s: %w", path, err)
		}
		r := route{pattern: pattern}
		for verb := range verbs {
			r.verbs = append(r.verbs, strings.ToUpper(verb))
		}
		all = append(all, r)
	}
	return all, nil
}

// variable matches a variable in the address of a route, as a regular expression
// would have it literally.
var variable = regexp.MustCompile(`\\\{[^}]*\\\}`)

// verbs are what can be asked at an address, as the header Allow has it (RFC 9110,
// section 15.5.6).
func (all routes) verbs(path string) string {
	var verbs []string
	for _, r := range all {
		if r.pattern.MatchString(path) {
			verbs = append(verbs, r.verbs...)
		}
	}
	slices.Sort(verbs)
	return strings.Join(verbs, ", ")
}
