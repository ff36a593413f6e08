package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// What is misspelt is told, and changes nothing.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	for _, tt := range []struct{ verb, path, body, field string }{
		{http.MethodGet, "/v1/videos?pagesize=1", "", "pagesize"},
		{http.MethodGet, "/v1/videos?page_size.x=1", "", "page_size.x"},
		{http.MethodGet, "/v1/videos/tides?vew=VIDEO_VIEW_BASIC", "", "vew"},
		{http.MethodPatch, "/v1/videos/tides?updateMsk=title", `{"title": "Ebb"}`, "updateMsk"},
		{http.MethodPatch, "/v1/videos/tides", `{"titel": "Ebb"}`, "titel"},
		{http.MethodPost, "/v1/videos/tides:analyze", `{"requestid": "x"}`, "requestid"},
		{http.MethodPost, "/v1/keys", `{"scope": ["SCOPE_READ"]}`, "scope"},
	} {
		a := b.ask(t, tt.verb, tt.path, strings.NewReader(tt.body), nil)
		if a.Code != http.StatusBadRequest {
			t.Errorf("%s %s: %d %s", tt.verb, tt.path, a.Code, a.Body)
		}
		contains(t, a.Body, `"field":"`+tt.field+`"`)
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("given %q", given)
	}
	for _, path := range []string{"/v1/videos?page_size=1", "/v1/videos?pageSize=1", "/v1/videos/tides/cues?kinds=shot&kinds=speech"} {
		if a := b.get(t, path); a.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}
