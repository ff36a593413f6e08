package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestASystemTellsOfItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, path := range map[string]string{
		"version.json":      "/v1/system/version",
		"capabilities.json": "/v1/system/capabilities",
		"stages.json":       "/v1/system/stages",
		"models.json":       "/v1/models",
	} {
		a := b.get(t, path)
		golden(t, name, a)
		if strings.Contains(a.Body, "secret") {
			t.Errorf("%s tells where files lie: %s", path, a.Body)
		}
	}
}

func TestPagesOfModels(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var names []string
	pages := 0
	for token := ""; pages == 0 || token != ""; pages++ {
		page := b.get(t, "/v1/models?page_size=2&page_token="+url.QueryEscape(token)).JSON(t)
		for _, m := range page["models"].([]any) {
			names = append(names, m.(map[string]any)["name"].(string))
		}
		token = page["nextPageToken"].(string)
	}
	if !slices.Equal(names, []string{"models/tiny", "models/base-q5_1", "models/silero-v6.2.0"}) || pages != 2 {
		t.Errorf("%d pages with %v", pages, names)
	}
	for _, query := range []string{"page_size=-1", "page_token=x"} {
		if a := b.get(t, "/v1/models?"+query); a.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, a.Code, a.Body)
		}
	}
}
