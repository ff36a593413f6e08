package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answer is what came back over HTTP.
type answer struct {
	Code   int
	Header http.Header
	Body   string
}

// JSON is the body as JSON.
func (a answer) JSON(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		t.Fatalf("body %q: %v", a.Body, err)
	}
	return v
}

// ask sends a request with the key for everything; change, where not nil, changes it before.
func (b *bundle) ask(t *testing.T, method, path string, body io.Reader, change func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.Key)
	if change != nil {
		change(r)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(read)}
}

func (b *bundle) get(t *testing.T, path string) answer {
	t.Helper()
	return b.ask(t, http.MethodGet, path, nil, nil)
}

// created is when the first video was added; each next is a second younger.
var created = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// contains fails the test where a text lacks a part.
func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q lacks %q", text, part)
	}
}
