package tus_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

// headers are those of a request, or those wanted of an answer: there "*" is for
// any value, and "" for none.
type headers map[string]string

// request is what is asked. PATH stands in path for that of an upload.
type request struct {
	method, path string
	headers      headers  // beside the usual ones, or "" instead of one
	twice        []string // headers that stand there once more
	body         string
}

// answer is what came back.
type answer struct {
	status  int
	headers http.Header
	body    string
}

// ask makes a request of a client that speaks tus and shows the key.
func (b *bundle) ask(t testing.TB, r request) answer {
	t.Helper()
	resp, err := b.client.Do(b.request(t, r, strings.NewReader(r.body)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (b *bundle) request(t testing.TB, r request, body io.Reader) *http.Request {
	t.Helper()
	made, err := http.NewRequestWithContext(t.Context(), r.method, b.URL+r.path, body)
	if err != nil {
		t.Fatal(err)
	}
	made.Header.Set("Tus-Resumable", "1.0.0")
	made.Header.Set("Authorization", "Bearer "+b.Key)
	if r.method == http.MethodPatch {
		made.Header.Set("Content-Type", "application/offset+octet-stream")
	}
	for name, value := range r.headers {
		if made.Header.Set(name, value); value == "" {
			made.Header.Del(name)
		}
	}
	for _, name := range r.twice {
		made.Header.Add(name, made.Header.Get(name))
	}
	return made
}

// row is a request and what it is answered with.
type row struct {
	rule  string                               // of the protocol, or of ours, as a sentence
	given func(t *testing.T, b *bundle) string // makes an upload, and returns its path; nil for none
	request
	status int
	reason models.Code // of the problem; empty for none
	want   headers
	then   func(t *testing.T, b *bundle, path string, a answer) // looks what has become of the upload; nil for nothing
}

// table asks each request of a server of its own kind, and compares the answers.
func table(t *testing.T, b *bundle, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.rule, func(t *testing.T) {
			t.Parallel()
			path := ""
			if r.given != nil {
				path = r.given(t, b)
			}
			r.request.path = strings.Replace(r.request.path, "PATH", path, 1)
			a := b.ask(t, r.request)
			a.check(t, r.status, r.reason, r.want)
			if r.then != nil {
				r.then(t, b, path, a)
			}
		})
	}
}

func (a answer) check(t testing.TB, status int, reason models.Code, want headers) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d\n%s", a.status, status, a.body)
	}
	if got := a.headers.Get("Tus-Resumable"); got != "1.0.0" {
		t.Errorf("Tus-Resumable: %q", got)
	}
	for name, value := range want {
		got, there := a.headers.Get(name), a.headers.Values(name) != nil
		switch {
		case value == "*" && there, value == "" && !there, value != "" && got == value:
		default:
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if reason == "" {
		return
	}
	if got := a.headers.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type: %q", got)
	}
	if a.headers.Get("Upload-Offset") != "" {
		t.Error("an error tells an offset")
	}
	if a.body == "" {
		return // an answer to HEAD
	}
	var problem struct {
		Title, Detail string
		Status        int
		Reason        models.Code
	}
	if err := json.Unmarshal([]byte(a.body), &problem); err != nil {
		t.Fatal(err)
	}
	if problem.Reason != reason || problem.Status != status || problem.Title == "" || problem.Detail == "" {
		t.Errorf("%+v, want the reason %s", problem, reason)
	}
}

// content is a file of so many bytes that begins as a media file does.
func content(size int) string {
	whole := []byte("fLaC")
	for i := len(whole); i < size; i++ {
		whole = append(whole, byte(i*i>>3))
	}
	return string(whole[:size])
}

const (
	size = 1000 // of the files of the tests
	half = size / 2
)
