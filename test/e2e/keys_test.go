package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// served is what `cuepoint serve` says of itself.
type served struct{ Address, Login, Key string }

// startServer starts one over a library of its own.
func startServer(t *testing.T, data string, args ...string) (*testenv.Process, served) {
	t.Helper()
	p := testenv.Start(t, data, []string{"CUEPOINT_MODELS_DIR="}, testenv.Program(t, "cuepoint"),
		append([]string{"serve", "--verbose", "--json", "--data", data, "--listen", "127.0.0.1:0", "--admin="}, args...)...)
	var said served
	if err := json.Unmarshal([]byte(p.Await(t, &p.Stdout, "{", deadline)), &said); err != nil {
		t.Fatal(err)
	}
	return p, said
}

func TestKeysLetPeopleIn(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p, first := startServer(t, data)
	const videos = "/v1/videos"
	for key, want := range map[string]int{"": http.StatusUnauthorized, first.Key: http.StatusOK, first.Key + "x": http.StatusUnauthorized} {
		if status, body := get(t, first.Address+videos, key); status != want {
			t.Errorf("%d %s, want %d", status, body, want)
		}
	}
	r := cuepoint(t, "keys", "create", "--data", data, "--title", "an app", "--scopes", "read")
	key := strings.TrimSpace(r.stdout)
	if r.status != 0 || !strings.HasPrefix(key, "ck_") || r.stderr != "" {
		t.Fatalf("create: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	if status, body := get(t, first.Address+videos, key); status != http.StatusOK {
		t.Errorf("a key that the program made: %d %s", status, body)
	}
	other := cuepoint(t, "keys", "--workspace", "other", "create", "--data", data)
	if status, body := get(t, first.Address+"/v1/videos/none", strings.TrimSpace(other.stdout)); status != http.StatusNotFound {
		t.Errorf("a key of another workspace: %d %s", status, body)
	}
	listed := cuepoint(t, "keys", "list", "--data", data)
	id := strings.Split(key, "_")[1]
	if lines := strings.Split(strings.TrimSpace(listed.stdout), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[0], id) || !strings.Contains(lines[0], "an app") {
		t.Errorf("list: %q", lines)
	}
	if r := cuepoint(t, "keys", "revoke", "--data", data, id); r.status != 0 {
		t.Fatalf("revoke: status %d\n%s", r.status, r.stderr)
	}
	limit := time.Now().Add(5 * time.Second)
	for status := 0; status != http.StatusUnauthorized; status, _ = get(t, first.Address+videos, key) {
		if time.Now().After(limit) {
			t.Fatal("a revoked key is good after five seconds")
		}
	}
	if r := cuepoint(t, "keys", "revoke", "--data", data, "0000000000000000"); r.status != 1 || !strings.Contains(r.stderr, "NOT_FOUND") {
		t.Errorf("revoking no key: status %d\n%s", r.status, r.stderr)
	}
	p.Signal(syscall.SIGTERM)
	if status := p.Wait(t, deadline); status != 0 {
		t.Errorf("serve ended with status %d", status)
	}
	for _, secret := range []string{key, first.Key, first.Login} {
		if strings.Contains(p.Stderr.String(), secret[len(secret)-32:]) {
			t.Errorf("the log holds %.20s…", secret)
		}
	}
	if _, again := startServer(t, data); again.Key != "" || again.Login == "" || again.Login == first.Login {
		t.Errorf("the second start says %+v", again)
	}
}

func TestNobodyIsAskedOnOnesOwnMachineAlone(t *testing.T) {
	t.Parallel()
	_, said := startServer(t, t.TempDir(), "--auth=none")
	if status, body := get(t, said.Address+"/v1/videos"); status != http.StatusOK || said.Key != "" || said.Login != "" {
		t.Errorf("%d %s, said %+v", status, body, said)
	}
	for _, listen := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:80", "example.org:80"} {
		if r := cuepoint(t, "serve", "--auth=none", "--listen", listen, "--data", t.TempDir()); r.status != 2 || !strings.Contains(r.stderr, "--auth=none") {
			t.Errorf("%s: status %d\n%s", listen, r.status, r.stderr)
		}
	}
}
