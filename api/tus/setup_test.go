package tus_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maxSize is of an upload of the tests.
const maxSize = 1 << 20

// bundle is a running server.
type bundle struct {
	Store   store.Store
	Uploads *observed
	Server  *api.Server
	Gate    *access.Gate
	URL     string
	Log     *logged
	Key     string // that may write; what requests show unless they say otherwise
	client  *http.Client
}

// observed are uploads of which is known how much was read of what came for them.
type observed struct {
	*ingest.Uploads
	mu    sync.Mutex
	read  map[string]int
	fault error         // of Find, where there is one
	pause time.Duration // before each Read of what comes
}

func (o *observed) Find(ctx context.Context, id string) (models.Upload, error) {
	if o.fault != nil {
		return models.Upload{}, o.fault
	}
	return o.Uploads.Find(ctx, id)
}

func (o *observed) Write(ctx context.Context, workspace, id string, offset int64, r io.Reader, c ingest.Chunk) (models.Upload, error) {
	return o.Uploads.Write(ctx, workspace, id, offset, &counted{r, o, id}, c)
}

type counted struct {
	io.Reader
	by *observed
	id string
}

func (c *counted) Read(p []byte) (int, error) {
	<-time.After(c.by.pause)
	n, err := c.Reader.Read(p)
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	c.by.read[c.id] += n
	return n, err
}

// await waits until so many bytes were read for an upload.
func (b *bundle) await(t *testing.T, path string, bytes int) {
	t.Helper()
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); <-time.After(time.Millisecond) {
		b.Uploads.mu.Lock()
		read := b.Uploads.read[idOf(path)]
		b.Uploads.mu.Unlock()
		if read >= bytes {
			return
		}
	}
	t.Fatalf("%d bytes do not come", bytes)
}

// logged is what was written to the log.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// secrets are what no log may hold.
var secrets = regexp.MustCompile(`ck_[0-9a-z]{16}_[0-9A-Za-z]|c[sl]_[0-9A-Za-z]{32}|us_[0-9A-Za-z]`)

// setup starts a server over a directory; change, where given, changes how.
func setup(t testing.TB, change ...func(*api.Config, *access.Config)) *bundle {
	t.Helper()
	blobs, err := disk.OpenBlobs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return setupOver(t, blobs, change...)
}

// setupOver starts one that keeps its files there.
func setupOver(t testing.TB, blobs blob.Store, change ...func(*api.Config, *access.Config)) *bundle {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "cuepoint.db")
	empty, err := emptyDatabase()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{Store: db, Log: new(logged), client: &http.Client{Transport: &http.Transport{}}}
	b.Key = b.key(t, models.DefaultWorkspace, models.ScopeWrite)
	log := slog.New(slog.NewTextHandler(b.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.Uploads = &observed{Uploads: openUploads(t, blobs, db, log), read: map[string]int{}}
	guarded := access.Config{Store: db, Streams: 10, Log: log}
	config := api.Config{
		Libraries: db, Feed: events.New(db, log), Hosts: []string{"videos.example"}, Log: log,
		Uploads: b.Uploads, MaxUpload: maxSize,
	}
	for _, change := range change {
		change(&config, &guarded)
	}
	b.Gate = access.NewGate(guarded)
	config.Gate = b.Gate
	if b.Server, err = api.New(config); err != nil {
		t.Fatal(err)
	}
	if err := b.Server.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	b.URL = "http://" + b.Server.Addr().String()
	if config.TLS != nil {
		b.URL = "https://" + b.Server.Addr().String()
	}
	served := make(chan error, 1)
	go func() { served <- b.Server.Serve() }()
	t.Cleanup(func() {
		b.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := errors.Join(b.Server.Close(ctx), <-served)
		b.Uploads.Close()
		if err := errors.Join(err, db.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
		if secret := secrets.FindString(b.Log.String()); secret != "" {
			t.Errorf("a secret was logged: %s…", secret)
		}
	})
	return b
}

// emptyDatabase is the file of one, which takes a while to make.
var emptyDatabase = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "cuepoint-tus-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, file := context.Background(), filepath.Join(dir, "cuepoint.db")
	db, err := sqlite.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	_, err = riverq.OpenSQLite(ctx, db.Writer(), slog.New(slog.DiscardHandler))
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// openUploads returns uploads that become videos which nobody analyzes.
func openUploads(t testing.TB, blobs blob.Store, db *sqlite.Store, log *slog.Logger) *ingest.Uploads {
	t.Helper()
	queue, err := riverq.OpenSQLite(t.Context(), db.Writer(), log)
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := analyzer.NewPipeline(nothing{})
	if err != nil {
		t.Fatal(err)
	}
	control := &analyzer.Control{Pipeline: pipeline, Store: db, Queue: queue, Log: log}
	return ingest.Open(ingest.Config{
		Store: db, Blobs: blobs, Intake: &analyzer.Intake{Control: control, Blobs: blobs, MaxSize: maxSize},
		Scratch: t.TempDir(), Limits: ingest.Limits{MaxSize: maxSize}, Alone: true, Log: log,
	})
}

// nothing is a stage that nobody runs.
type nothing struct{}

func (nothing) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "nothing", Version: 1, Class: analyzer.Light}
}
func (nothing) Params(*analyzer.Job) string { return "" }
func (nothing) Run(context.Context, *analyzer.Job) (*analyzer.Result, error) {
	return new(analyzer.Result), nil
}

// limited lets callers, and strangers, ask so many times.
func limited(times int) func(*api.Config, *access.Config) {
	return func(_ *api.Config, a *access.Config) {
		a.PerCaller = access.Rate{PerSecond: 0.001, Burst: times}
		a.PerAddress = a.PerCaller
	}
}

// key makes a key and returns its token.
func (b *bundle) key(t testing.TB, workspace string, scopes ...models.Scope) string {
	t.Helper()
	key, token, err := access.NewKey(access.KeyRequest{Scopes: scopes}, time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Store.In(workspace).CreateKey(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}
