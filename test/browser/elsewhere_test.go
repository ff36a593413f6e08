package browser_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// Pages of other origins send what is for them, and nothing else.
func TestUploadsFromElsewhere(t *testing.T) {
	t.Parallel()
	tus := filepath.Join(testenv.Root(t), "streaming/player/node_modules/tus-js-client/dist/tus.js")
	_, err := os.Stat(tus)
	testenv.Require(t, "the page's modules (make player)", err == nil)
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">`)
	})
	here, elsewhere := httptest.NewServer(page), httptest.NewServer(page)
	t.Cleanup(here.Close)
	t.Cleanup(elsewhere.Close)
	data := t.TempDir()
	link, err := url.Parse(serve(t, data, "--light=0", "--cpu=0", "--heavy=0"))
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + link.Host
	key := string(regexp.MustCompile(`ck_\S+`).Find(cuepoint(t, "keys", "create", "--data", data, "--scopes=write,read")))
	ask := func(method, path, body string) (upload struct{ Name, UploadURI, Offset string }) {
		request, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil {
			err = json.Unmarshal(text, &upload)
		}
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s, %v\n%s", method, path, response.Status, err, text)
		}
		return upload
	}
	begin := fmt.Sprintf(`{"delegated": true, "cors_origin": %q, "size": "300000"}`, here.URL)
	sent, refused := ask(http.MethodPost, "/v1/uploads", begin), ask(http.MethodPost, "/v1/uploads", begin)
	steps(t, script(t, "elsewhere.mjs", here.URL, elsewhere.URL, base+sent.UploadURI, base+refused.UploadURI, tus))
	if now := ask(http.MethodGet, "/v1/"+refused.Name, ""); now.Offset != "0" {
		t.Errorf("another origin has sent %s bytes", now.Offset)
	}
}
