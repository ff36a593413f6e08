package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/postgres"
)

// cluster is PostgreSQL, a bucket, and processes that share nothing else.
type cluster struct {
	env      []string
	program  string
	database string
	key      string // which the first start made
	api      *member
	workers  map[string]*member // by their names in the database's runs
	origin   *member
}

// member is a running `cuepoint serve`.
type member struct {
	*testenv.Process
	role, data     string
	address, admin string // URLs
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := emptyCluster(t)
	c.api = c.start(t, "api")
	for range 2 {
		worker := c.start(t, "worker")
		c.workers[strings.TrimSpace(readFile(t, worker.data+"/worker"))] = worker
	}
	c.origin = c.start(t, "origin")
	return c
}

// emptyCluster has no members.
func emptyCluster(t *testing.T) *cluster {
	t.Helper()
	bucket := testenv.NewMinIO(t)
	c := &cluster{database: testenv.Postgres(t), program: testenv.Program(t, "cuepoint"), workers: map[string]*member{}}
	c.env = []string{
		"CUEPOINT_MODELS_DIR=", "CUEPOINT_DATABASE_URL=" + c.database,
		"CUEPOINT_BLOBS_URL=s3://cuepoint/library?path_style=true&create=true&endpoint=" + url.QueryEscape(bucket.Endpoint()),
		"CUEPOINT_S3_ACCESS_KEY=" + bucket.AccessKey, "CUEPOINT_S3_SECRET_KEY=" + bucket.SecretKey,
	}
	return c
}

// start starts a process with a data directory of its own.
func (c *cluster) start(t *testing.T, role string) *member {
	t.Helper()
	return c.startIn(t, role, t.TempDir())
}

// startIn starts a process with a data directory that it may have had before.
func (c *cluster) startIn(t *testing.T, role, data string) *member {
	t.Helper()
	m := &member{role: role, data: data, admin: "http://" + freeAddress(t)}
	m.Process = testenv.Start(t, m.data, c.env, c.program, "serve", "--json", "--data", m.data,
		"--role", role, "--listen", "127.0.0.1:0", "--admin", strings.TrimPrefix(m.admin, "http://"), "--grace", "0s")
	var said struct{ Address, Role, Key string }
	if err := json.Unmarshal([]byte(m.Await(t, &m.Stdout, "{", deadline)), &said); err != nil {
		t.Fatal(err)
	}
	if said.Key != "" {
		c.key = said.Key
	}
	if m.address = said.Address; (m.address == "") != (role == "worker") {
		t.Errorf("the %s says %+v", role, said)
	}
	return m
}

// members are all processes.
func (c *cluster) members() []*member {
	all := []*member{c.api, c.origin}
	for _, worker := range c.workers {
		all = append(all, worker)
	}
	return all
}

// get asks a server, with a key where one is given.
func get(t *testing.T, address string, key ...string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range key {
		request.Header.Set("Authorization", "Bearer "+k)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestAClusterDoesTheMainJob(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	_, alone := analyze(t, t.TempDir(), video, "--captions", captions)
	c := newCluster(t)
	for _, m := range c.members() {
		if status, body := get(t, m.admin+"/readyz"); status != http.StatusOK || !strings.Contains(body, `"database"`) || !strings.Contains(body, `"blobs"`) {
			t.Errorf("the %s is not ready: %d %s", m.role, status, body)
		}
	}

	r := cuepointWith(t, c.env, "analyze", "--data", c.api.data, "--json", "--captions", captions, video)
	if r.status != 0 {
		t.Fatalf("status %d\n%s", r.status, r.stderr)
	}
	if diff := cmp.Diff(timeless(t, alone.stdout), timeless(t, r.stdout)); diff != "" {
		t.Errorf("the document is another than that of one process alone (-alone +cluster):\n%s", diff)
	}
	doc := documents(t, r)[0]
	c.wantPlayable(t, doc)
	c.wantFound(t, doc)
	c.wantCounted(t)
	c.handOver(t)
	if r := cuepointWith(t, c.env, "fsck", "--data", t.TempDir()); r.status != 0 { // beside all of them
		t.Errorf("fsck: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	for _, m := range c.members() {
		m.wantEnd(t)
	}
}

var runs = regexp.MustCompile(`@[a-z0-9]+`)

// timeless is a document without what differs from run to run: ids, times and
// the places of files.
func timeless(t *testing.T, text string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc, "id")
	for _, name := range []string{"hls", "dash", "poster", "storyboard"} {
		place, _ := doc[name].(string)
		_, place, _ = strings.Cut(runs.ReplaceAllString(place, "@"), "/videos/")
		_, doc[name], _ = strings.Cut(place, "/")
	}
	stages, _ := doc["stages"].([]any)
	for _, stage := range stages {
		if fields, ok := stage.(map[string]any); ok {
			delete(fields, "seconds")
		}
	}
	return doc
}

// wantPlayable plays a video through the origin, which reads the bucket.
func (c *cluster) wantPlayable(t *testing.T, doc document) {
	t.Helper()
	_, run, ok := strings.Cut(doc.HLS, "/videos/")
	if !ok {
		t.Fatalf("the playlist is at %q", doc.HLS)
	}
	address := c.origin.address + "/play/" + run
	for _, next := range []*regexp.Regexp{regexp.MustCompile(`(?m)^[^#\n]+\.m3u8$`), regexp.MustCompile(`(?m)^[^#\n]+\.m4s$`)} {
		status, playlist := get(t, address, c.key)
		name := next.FindString(playlist)
		if status != http.StatusOK || name == "" {
			t.Fatalf("%s: %d\n%s", address, status, playlist)
		}
		at, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		address = at.JoinPath("..", name).String()
	}
	if status, segment := get(t, address, c.key); status != http.StatusOK || !strings.Contains(segment, "moof") {
		t.Errorf("%s: %d, %d bytes", address, status, len(segment))
	}
}

// wantFound searches by the program and by the API.
func (c *cluster) wantFound(t *testing.T, doc document) {
	t.Helper()
	found := cuepointWith(t, c.env, "search", "--data", c.api.data, "--json", "Fractals")
	status, body := get(t, c.api.address+"/v1/moments:search?query=fractals", c.key)
	for _, answer := range []string{found.stdout, body} {
		if !strings.Contains(answer, doc.ID) || !strings.Contains(answer, "no end") {
			t.Errorf("search found (%d) %s", status, answer)
		}
	}
}

// wantCounted holds the workers' metrics to what was done.
func (c *cluster) wantCounted(t *testing.T) {
	t.Helper()
	for _, stage := range []string{"probe", "package", "speech", "shots", "thumbs", "chapters", "index"} {
		done := 0
		for _, worker := range c.workers {
			_, metrics := get(t, worker.admin+"/metrics")
			var n int
			_, line, _ := strings.Cut(metrics, fmt.Sprintf("cuepoint_stage_attempts_ended_total{outcome=%q,stage=%q} ", "done", stage))
			if _, err := fmt.Sscan(line, &n); err != nil {
				t.Errorf("no count of %s: %v", stage, err)
			}
			done += n
		}
		if done != 1 {
			t.Errorf("%s was done %d times, as the metrics say", stage, done)
		}
	}
}

// handOver ends the worker that is at work, whose stage the other one finishes.
func (c *cluster) handOver(t *testing.T) {
	t.Helper()
	db, err := postgres.Open(t.Context(), c.database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	long := testenv.Clip(t, "long.mp4", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=15",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast")
	var submitted struct{ ID string }
	r := cuepointWith(t, c.env, "analyze", "--data", c.api.data, "--json", "--no-wait", long)
	if err := json.Unmarshal([]byte(r.stdout), &submitted); err != nil {
		t.Fatal(err, r.stderr)
	}
	running := func() *store.Running {
		all, err := db.Running(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if all[i].Run.Stage == "package" && all[i].VideoID == submitted.ID {
				return &all[i]
			}
		}
		return nil
	}
	eventually(t, "it is being packaged", func() bool { return running() != nil })
	name := running().Run.Worker
	first := c.workers[name]
	if first == nil {
		t.Fatalf("it is packaged by %q, whom nobody knows", name)
	}
	first.wantEnd(t)
	delete(c.workers, name)
	wantNoChildren(t, first.data)
	var video *models.Video
	eventually(t, "the other worker finishes", func() bool {
		if video, err = db.In(models.DefaultWorkspace).Video(t.Context(), submitted.ID); err != nil {
			t.Fatal(err)
		}
		return video.State != models.VideoQueued && video.State != models.VideoProcessing
	})
	if video.State != models.VideoReady {
		t.Errorf("%s: %v", video.State, video.Error)
	}
	for _, run := range video.Runs {
		if run.Attempt != 1 || run.Failures+run.Crashes+run.Losses != 0 {
			t.Errorf("%s: %d attempts, %d failed, %d crashed, %d lost; want one", run.Stage, run.Attempt, run.Failures, run.Crashes, run.Losses)
		}
	}
}

// wantEnd asks a process to end, which it does cleanly.
func (m *member) wantEnd(t *testing.T) {
	t.Helper()
	m.Signal(syscall.SIGTERM)
	if status := m.Wait(t, deadline); status != 0 {
		t.Errorf("the %s ended with status %d\n%s", m.role, status, m.Stderr.String())
	}
	wantEmpty(t, m.data)
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick, late := time.NewTicker(20*time.Millisecond), time.NewTimer(deadline)
	defer tick.Stop()
	defer late.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("not in %v: %s", deadline, what)
		}
	}
}
