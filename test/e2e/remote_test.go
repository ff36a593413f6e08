package e2e

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// over runs a command with a server and a key.
func over(t *testing.T, server served, args ...string) result {
	t.Helper()
	return cuepointWith(t, []string{"CUEPOINT_SERVER=" + server.Address, "CUEPOINT_KEY=" + server.Key}, args...)
}

func TestAServerTellsWhatTheLibraryTells(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	data := t.TempDir()
	doc, r := analyze(t, data, video, "--captions", captions)
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	_, server := startServer(t, data)
	// What lies in the data directory has an address on the server.
	here := strings.NewReplacer(filepath.Join(data, "blobs", "videos")+"/", server.Address+"/play/")
	for _, args := range [][]string{
		{"update", "--json", "--label", "course=a;b=c", "--title", "Bees", doc.ID},
		{"list", "--filter", "labels:course", "--order-by", "title"}, {"list", "--filter", "nice = 1"}, {"list"}, {"list", "--json"}, {"show", doc.ID}, {"show", "--json", doc.ID},
		{"search", "honey"}, {"search", "--json", "fractals"}, {"search", "--json", "--video", doc.ID, "--limit", "1", "a"}, {"search", "nothing like it"},
		{"export", doc.ID}, {"export", "--format", "vtt", doc.ID}, {"export", "--format", "srt", doc.ID}, {"export", "--format", "ttml", doc.ID},
		{"export", "--format", "txt", doc.ID}, {"export", "--format", "chapters", doc.ID},
		{"keys", "list", "--json"}, {"version"}, {"analyze", "--json", doc.ID}, {"analyze", "--json", video},
		{"show", "none"}, {"export", "--format", "vtt", "none"}, {"search", "!?"}, {"search", "--limit", "-1", "a"}, {"keys", "revoke", "none"}, {"cancel", doc.ID},
	} {
		local, remote := cuepoint(t, append(args, "--data", data)...), over(t, server, args...)
		if local.status != remote.status || here.Replace(local.stdout) != remote.stdout || local.stderr != remote.stderr {
			t.Errorf("%q\nhere       %d %s%s\nthe server %d %s%s", args, local.status, here.Replace(local.stdout), local.stderr, remote.status, remote.stdout, remote.stderr)
		}
	}
	// The files that are named can be had.
	if r := over(t, server, "show", "--json", doc.ID); r.status == 0 {
		for _, uri := range []string{documents(t, r)[0].HLS, documents(t, r)[0].Poster} {
			if status, body := get(t, uri, server.Key); status != 200 || body == "" {
				t.Errorf("%s: %d", uri, status)
			}
		}
	}
	key := strings.TrimSpace(over(t, server, "keys", "create", "--scopes", "read", "--title", "remote").stdout)
	reader := served{Address: server.Address, Key: key}
	if r := over(t, reader, "delete", doc.ID); r.status != 1 || !strings.Contains(r.stderr, "PERMISSION_DENIED") {
		t.Errorf("a key that may read deletes: status %d\n%s", r.status, r.stderr)
	}
	if r := over(t, reader, "list"); r.status != 0 || !strings.Contains(r.stdout, doc.ID) {
		t.Errorf("a key that may read lists: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	var models []struct {
		Name      string
		Available bool
	}
	for line := range strings.Lines(over(t, server, "models", "list", "--json").stdout) {
		models = append(models, struct {
			Name      string
			Available bool
		}{})
		if err := json.Unmarshal([]byte(line), &models[len(models)-1]); err != nil {
			t.Fatal(err)
		}
	}
	if len(models) < 3 {
		t.Errorf("models: %+v", models)
	}
	if r := over(t, server, "doctor"); r.status != 0 || !strings.Contains(r.stdout, "cuepoint-vision") {
		t.Errorf("doctor: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	if r := over(t, server, "delete", doc.ID); r.status != 0 || !strings.HasPrefix(r.stdout, doc.ID+" deleted; `cuepoint undelete "+doc.ID+"` brings it back until ") {
		t.Errorf("delete: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	if r := over(t, server, "list"); r.stdout != "" {
		t.Errorf("after that: %s", r.stdout)
	}
}

func TestWhoWaitsForAServerOutlastsItsRestart(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	data := t.TempDir()
	p, first := startServer(t, data)
	at, err := url.Parse(first.Address)
	if err != nil {
		t.Fatal(err)
	}
	waiting := testenv.Start(t, data, []string{"CUEPOINT_SERVER=" + first.Address, "CUEPOINT_KEY=" + first.Key}, testenv.Program(t, "cuepoint"),
		"analyze", "--json", "--language", "en", "--captions", captions, video)
	waiting.Await(t, &waiting.Stderr, video+": probe done", deadline)
	p.Signal(syscall.SIGTERM)
	p.Wait(t, deadline)
	testenv.Start(t, data, []string{"CUEPOINT_MODELS_DIR="}, testenv.Program(t, "cuepoint"), "serve", "--data", data, "--listen", at.Host, "--admin=")
	if status := waiting.Wait(t, deadline); status != 0 {
		t.Fatalf("status %d\n%s", status, waiting.Stderr.String())
	}
	docs := documents(t, result{stdout: waiting.Stdout.String()})
	if len(docs) != 1 || docs[0].State != "ready" || len(docs[0].Transcript.Segments) != 2 {
		t.Errorf("%+v", docs)
	}
	// Every stage's end is told, and none twice.
	var told []string
	for line := range strings.Lines(waiting.Stderr.String()) {
		if _, stage, ok := strings.Cut(line, ".mp4: "); ok && strings.Contains(stage, " done in ") {
			told = append(told, strings.Fields(stage)[0])
		}
	}
	slices.Sort(told)
	if want := []string{"chapters", "index", "package", "probe", "shots", "speech", "thumbs"}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v\n%s", told, want, waiting.Stderr.String())
	}
}

func TestAServerThatIsNotThereOrAKeyThatIsNotGood(t *testing.T) {
	t.Parallel()
	_, server := startServer(t, t.TempDir())
	const secret = "ck_0123456789abcdef_THISMUSTNOTBEPRINTEDTHISMUSTNOTB"
	for name, test := range map[string]struct {
		address, key string
		args         []string
		status       int
		says         string
	}{
		"a wrong key":           {server.Address, secret, []string{"list"}, 1, "UNAUTHENTICATED"},
		"no key":                {server.Address, "", []string{"list"}, 1, "CUEPOINT_KEY"},
		"encrypted":             {strings.Replace(server.Address, "http", "https", 1), secret, []string{"list"}, 1, "first record does not look like a TLS handshake"},
		"nobody there":          {"http://" + freeAddress(t), secret, []string{"list"}, 1, "connection refused"},
		"another machine":       {"http://192.0.2.1:8080", secret, []string{"list"}, 2, "write https://"},
		"no address":            {"192.0.2.1:8080", secret, []string{"list"}, 2, "https://host"},
		"a path":                {server.Address + "/v1", secret, []string{"list"}, 2, "ends with the port"},
		"a key in the address":  {"https://" + secret + "@example.org", secret, []string{"list"}, 2, "ends with the port"},
		"a file of its own":     {server.Address, server.Key, []string{"analyze", "/none/such.mp4"}, 1, "SOURCE_UNAVAILABLE"},
		"a file that is not":    {"https://example.org", secret, []string{"analyze", "talk.mp4"}, 2, "cuepoint upload"},
		"captions that are not": {"https://example.org", secret, []string{"analyze", "/v.mp4", "--captions", "talk.vtt"}, 2, "rsync"},
		"serve":                 {server.Address, secret, []string{"serve"}, 2, "leave --server"},
		"fsck":                  {server.Address, secret, []string{"fsck"}, 2, "leave --server"},
		"sample":                {server.Address, secret, []string{"sample", "x.mp4"}, 2, "leave --server"},
		"pull":                  {server.Address, secret, []string{"models", "pull", "x"}, 2, "leave --server"},
		"scores":                {server.Address, secret, []string{"export", "--format", "scores", "x"}, 2, "leave --server"},
		"a workspace":           {server.Address, secret, []string{"keys", "--workspace", "other", "list"}, 2, "--workspace"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := over(t, served{Address: test.address, Key: test.key}, append(test.args, "--verbose")...)
			if r.status != test.status || !strings.Contains(r.stderr, test.says) {
				t.Errorf("status %d, want %d; stderr %q, want %q in it", r.status, test.status, r.stderr, test.says)
			}
			if strings.Contains(r.stdout+r.stderr, "MUSTNOT") {
				t.Errorf("it prints the key: %s%s", r.stdout, r.stderr)
			}
		})
	}
}
