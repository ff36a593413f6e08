package obs

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheAdminAddressServesThisAndNothingElse(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(nil)
	server.Config = NewServer(Handler(New("1.2.3", "probe"), new(Health)), slog.New(slog.DiscardHandler))
	server.Start()
	defer server.Close()
	for _, test := range []struct {
		method, path string
		status       int
		holds        string
	}{
		{http.MethodGet, "/metrics", http.StatusOK, `cuepoint_build_info{version="1.2.3"} 1`},
		{http.MethodGet, "/metrics", http.StatusOK, "go_goroutines "},
		{http.MethodGet, "/metrics", http.StatusOK, "process_open_fds "},
		{http.MethodHead, "/metrics", http.StatusOK, ""},
		{http.MethodPost, "/metrics", http.StatusMethodNotAllowed, ""},
		{http.MethodGet, "/healthz", http.StatusOK, `"alive": true`},
		{http.MethodHead, "/healthz", http.StatusOK, ""},
		{http.MethodGet, "/readyz", http.StatusOK, `"ready": true`},
		{http.MethodPut, "/readyz", http.StatusMethodNotAllowed, ""},
		{http.MethodGet, "/debug/pprof/", http.StatusOK, "goroutine"},
		{http.MethodGet, "/debug/pprof/goroutine?debug=1", http.StatusOK, "goroutine profile"},
		{http.MethodGet, "/debug/pprof/cmdline", http.StatusNotFound, ""},
		{http.MethodGet, "/debug/vars", http.StatusNotFound, ""},
		{http.MethodGet, "/metrics/x", http.StatusNotFound, ""},
		{http.MethodGet, "/", http.StatusNotFound, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status || !strings.Contains(string(body), test.holds) {
			t.Errorf("%s %s: %d, error %v, want %d and %q in\n%s", test.method, test.path, response.StatusCode, err, test.status, test.holds, body)
		}
	}
}
