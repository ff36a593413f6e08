package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// host serves a file by ranges, and tells which were asked for. Who asks for all
// gets the first half, and then nothing more.
func host(t *testing.T, content string) (address string, ranges <-chan string) {
	t.Helper()
	all := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all <- r.Header.Get("Range")
		w.Header().Set("Etag", `"1"`)
		if r.Header.Get("Range") != "" {
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
			return
		}
		_, _ = w.Write([]byte(content[:len(content)/2]))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, all
}

// upload is what is asked of one.
type upload struct{ Name, State, Offset, SHA256, Filename, SourceURI string }

// until asks for an upload until it is as it should.
func (s rest) until(t *testing.T, name string, is func(upload) bool) upload {
	t.Helper()
	ticker, limit := time.NewTicker(100*time.Millisecond), time.After(time.Minute)
	defer ticker.Stop()
	for {
		var u upload
		s.read(t, http.MethodGet, name, "", &u)
		if is(u) {
			return u
		}
		select {
		case <-ticker.C:
		case <-limit:
			t.Fatalf("it is still %+v", u)
		}
	}
}

func TestAnImportGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	content := "fLaC" + strings.Repeat("0123456789abcdef", 64<<10)
	address, ranges := host(t, content)
	data := t.TempDir()
	args := []string{"--light=0", "--cpu=0", "--heavy=0", "--import-allow=127.0.0.1"}
	killed, server := startServer(t, data, args...)
	var u upload
	rest{server}.read(t, http.MethodPost, "uploads", `{"source_uri":"`+address+`/bees.flac?sig=s1gn4tur3"}`, &u)
	if first := <-ranges; first != "" || u.SourceURI != address+"/bees.flac" {
		t.Errorf("%+v, asked for %q", u, first)
	}
	rest{server}.until(t, u.Name, func(u upload) bool { return u.Offset != "0" })
	killed.Kill()

	p, next := startServer(t, data, args...)
	next.Key = server.Key
	u = rest{next}.until(t, u.Name, func(u upload) bool { return u.State == "STATE_DONE" })
	if second := <-ranges; !strings.HasPrefix(second, "bytes=") || second == "bytes=0-" || len(ranges) > 0 {
		t.Errorf("asked again for %q, and %d times more", second, len(ranges))
	}
	if sum := sha256.Sum256([]byte(content)); u.SHA256 != hex.EncodeToString(sum[:]) || u.Filename != "bees.flac" {
		t.Errorf("%+v", u)
	}
	if log := killed.Stderr.String() + p.Stderr.String(); strings.Contains(log, "s1gn4tur3") {
		t.Errorf("the log has the address's signature:\n%s", log)
	}
}
