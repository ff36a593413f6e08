package hotfolder_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/hotfolder"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.WithPostgres(m)) }

// workspace is the one of all tests.
const workspace = "tests"

// bench is a library, and a folder that is to be watched.
type bench struct {
	db    store.Store
	lib   store.Library
	queue analyzer.Queue
	blobs blob.Store
	dir   string
	log   *lines
}

func setup(t *testing.T) *bench {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cuepoint.db")
	empty, err := emptyLibrary()
	if err == nil {
		err = os.WriteFile(file, empty, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	db, queue, err := openSQLite(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return newBench(t, db, queue)
}

func openSQLite(file string) (*sqlite.Store, analyzer.Queue, error) {
	db, err := sqlite.Open(context.Background(), file)
	if err != nil {
		return nil, nil, err
	}
	queue, err := riverq.OpenSQLite(context.Background(), db.Writer(), slog.New(slog.DiscardHandler))
	return db, queue, err
}

// emptyLibrary is the file of a library without anything in it: making one takes
// longer than most tests do.
var emptyLibrary = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "cuepoint-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "cuepoint.db")
	db, _, err := openSQLite(file)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

func setupPostgres(t *testing.T) *bench {
	t.Helper()
	db, err := postgres.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	queue, err := riverq.OpenPostgres(t.Context(), db.Pool(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return newBench(t, db, queue)
}

func newBench(t *testing.T, db store.Store, queue analyzer.Queue) *bench {
	t.Helper()
	blobs, err := disk.OpenBlobs(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	return &bench{db: db, lib: db.In(workspace), queue: queue, blobs: blobs, dir: t.TempDir(), log: new(lines)}
}

// idle is a stage that nobody runs here.
type idle struct{}

func (idle) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "package", Version: 1, Class: analyzer.Heavy}
}
func (idle) Params(*analyzer.Job) string { return "" }
func (idle) Run(context.Context, *analyzer.Job) (*analyzer.Result, error) {
	return &analyzer.Result{}, nil
}

// watching is a process that watches.
type watching struct {
	*hotfolder.Watch
	source *counted
	stop   func()
}

// process is what a process is made of.
type process struct {
	Store  store.Store
	Blobs  blob.Store
	Limits ingest.Limits
}

// watch has a process watch the folder until the test ends, or stop is called.
func (b *bench) watch(t *testing.T, change ...func(*hotfolder.Watch)) *watching {
	t.Helper()
	return b.run(t, process{b.db, b.blobs, ingest.Limits{MaxSize: 1 << 20}}, change...)
}

// run is watch for a process of any kind.
func (b *bench) run(t *testing.T, p process, change ...func(*hotfolder.Watch)) *watching {
	t.Helper()
	pipeline, err := analyzer.NewPipeline(idle{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(b.log, nil))
	intake := &analyzer.Intake{
		Control: &analyzer.Control{Pipeline: pipeline, Store: p.Store, Queue: b.queue, Log: log}, Blobs: p.Blobs, MaxSize: 1 << 30, MaxCaptions: 1 << 20,
	}
	uploads := ingest.Open(ingest.Config{
		Store: p.Store, Blobs: p.Blobs, Intake: intake, Scratch: t.TempDir(), Limits: p.Limits, Alone: true, Log: log,
	})
	w := &hotfolder.Watch{
		Source: hotfolder.Folder(b.dir), Workspace: workspace, Store: p.Store, Intake: intake, Uploads: uploads,
		Every: 20 * time.Millisecond, Settle: time.Nanosecond, Log: log,
	}
	for _, f := range change {
		f(w)
	}
	source := &counted{Source: w.Source}
	w.Source = source
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, part := range []func(context.Context) error{w.Run, uploads.Run} {
		running.Go(func() {
			if err := part(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	stop := func() { cancel(); running.Wait(); uploads.Close() }
	t.Cleanup(stop)
	return &watching{w, source, stop}
}

// counted counts the looks at a source.
type counted struct {
	hotfolder.Source
	looks atomic.Int64
}

func (c *counted) Each(ctx context.Context, f func([]hotfolder.File) error) error {
	defer c.looks.Add(1)
	return c.Source.Each(ctx, f)
}

// looked waits until there were as many looks more.
func (w *watching) looked(t *testing.T, times int64) {
	t.Helper()
	until := w.source.looks.Load() + times
	eventually(t, fmt.Sprintf("%d looks", times), func() bool { return w.source.looks.Load() >= until })
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-deadline.C:
			t.Fatalf("there never were %s", what)
		case <-again.C:
		}
	}
}

// wav is a file that is taken for sound.
func wav(words string) string {
	return "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00" + words
}

// put puts a file into the folder, at once and as a whole.
func (b *bench) put(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(b.dir, name)
	half := filepath.Join(t.TempDir(), "half")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(half, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// uploads are all of them, the oldest first.
func (b *bench) uploads(t *testing.T) []models.Upload {
	t.Helper()
	page, err := b.lib.Uploads(t.Context(), store.UploadQuery{Size: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(page.Uploads)
	return page.Uploads
}

// ended waits until there are as many uploads, all of which have ended.
func (b *bench) ended(t *testing.T, n int) []models.Upload {
	t.Helper()
	var all []models.Upload
	eventually(t, fmt.Sprintf("%d uploads that have ended", n), func() bool {
		all = b.uploads(t)
		return len(all) == n && !slices.ContainsFunc(all, func(u models.Upload) bool { return !u.State.Ended() })
	})
	return all
}

func (b *bench) videos(t *testing.T) []*models.Video {
	t.Helper()
	page, err := b.lib.Videos(t.Context(), store.VideoQuery{Size: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return page.Videos
}

// content is what a video was made of.
func (b *bench) content(t *testing.T, id string) string {
	t.Helper()
	v, err := b.lib.Video(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return b.read(t, v.Blob)
}

func (b *bench) read(t *testing.T, key string) string {
	t.Helper()
	body, _, err := b.blobs.Open(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// lines is a log.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) has(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.all.Bytes(), []byte(text))
}
