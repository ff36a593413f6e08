package api_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/models/weights"
)

// machine is a system that has some of what it needs.
type machine struct{}

func (machine) Version() api.Version {
	return api.Version{Version: "v1.2.3", Commit: "abc", Go: "go1.26", Platform: "linux/amd64"}
}

func (machine) Capabilities(context.Context) (api.Capabilities, error) {
	return api.Capabilities{
		Programs: []api.Program{
			{Name: "ffmpeg", Purpose: "packages", Required: true, Available: true, Version: "5.1"},
			{Name: "cuepoint-speech", Purpose: "hears", Problem: "not installed"},
		},
		SpeechModel: "base-q5_1", SpeechLanguages: []string{"mul"}, TextLanguages: []string{"en", "de"}, Containers: []string{"mov"},
		Limits: api.Limits{Bytes: 20 << 30, Duration: 6 * time.Hour, Width: 8192, Height: 8192, Pixels: 36_000_000, Streams: 64},
		Uploads: api.UploadLimits{
			Methods: []models.UploadMethod{models.UploadTus, models.UploadImport}, Algorithms: []string{"md5", "sha1"},
			Limits: ingest.Limits{Quota: 1 << 40, Lifetime: 24 * time.Hour, MaxLifetime: 168 * time.Hour},
		},
	}, nil
}

func (machine) Stages() []analyzer.Spec {
	return []analyzer.Spec{{Name: "probe", Version: 1, Class: analyzer.Light}, {Name: "speech", Version: 2, Needs: []string{"probe"}, Optional: true, Class: analyzer.Heavy}}
}

func (machine) Weights() []weights.Status {
	return []weights.Status{
		{Model: weights.Model{Name: "tiny", Kind: weights.Speech, Bytes: 77691713, SHA256: "be07"}, Partial: 12},
		{Model: weights.Model{Name: "base-q5_1", Kind: weights.Speech, Bytes: 59707625, SHA256: "422f"}, Path: "/secret/base.bin", Default: true},
		{Model: weights.Model{Name: "silero-v6.2.0", Kind: weights.Voice, Bytes: 885098, SHA256: "2aa2"}},
	}
}

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
