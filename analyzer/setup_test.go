package analyzer_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/datadir"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/cache"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.WithPostgres(m)) }

// workspace is the one of all tests.
const workspace = "tests"

// fake is a stage whose work is a function.
type fake struct {
	spec   analyzer.Spec
	params string
	work   work

	mu   sync.Mutex
	runs int
}

type work = func(context.Context, *analyzer.Job) (*analyzer.Result, error)

func (f *fake) Spec() analyzer.Spec { return f.spec }

func (f *fake) Params(job *analyzer.Job) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.params + job.Video.Language
}

func (f *fake) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	f.mu.Lock()
	f.runs++
	work := f.work
	f.mu.Unlock()
	if work == nil {
		return &analyzer.Result{}, nil
	}
	return work(ctx, job)
}

// becomes changes what the stage does from now on.
func (f *fake) becomes(params string, work work) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.params, f.work = params, work
}

func (f *fake) wantRuns(t *testing.T, want int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.runs != want {
		t.Errorf("%s ran %d times, want %d", f.spec.Name, f.runs, want)
	}
}

// bench is a library with three stages: package is required, speech optional,
// index rests on both.
type bench struct {
	db                       store.Store
	lib                      store.Library
	blobs                    blob.Store
	data                     string
	feed                     *events.Feed
	packaging, speech, index *fake
	control                  *analyzer.Control
	intake                   *analyzer.Intake
}

func setup(t *testing.T) *bench { return newBench(t, openSQLite) }

// onBoth runs a test on a library in each database.
func onBoth(t *testing.T, test func(*testing.T, *bench)) {
	t.Helper()
	for name, open := range map[string]opener{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBench(t, open))
		})
	}
}

type opener func(t *testing.T, data string) (store.Store, analyzer.Queue)

func openSQLite(t *testing.T, data string) (store.Store, analyzer.Queue) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(data, "cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	queue, err := riverq.OpenSQLite(t.Context(), db.Writer(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	return db, queue
}

func openPostgres(t *testing.T, _ string) (store.Store, analyzer.Queue) {
	t.Helper()
	db, err := postgres.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	queue, err := riverq.OpenPostgres(t.Context(), db.Pool(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	return db, queue
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newBench(t *testing.T, open opener) *bench {
	t.Helper()
	b := &bench{
		data:      t.TempDir(),
		packaging: &fake{spec: analyzer.Spec{Name: "package", Version: 1, Class: analyzer.Heavy}},
		speech:    &fake{spec: analyzer.Spec{Name: "speech", Version: 1, Class: analyzer.CPU, Needs: []string{"package"}, Optional: true}},
		index:     &fake{spec: analyzer.Spec{Name: "index", Version: 1, Class: analyzer.Light, Needs: []string{"package", "speech"}, Optional: true}},
	}
	var queue analyzer.Queue
	b.db, queue = open(t, b.data)
	b.lib = b.db.In(workspace)
	blobs, err := disk.OpenBlobs(filepath.Join(b.data, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	b.blobs = blobs
	pipeline, err := analyzer.NewPipeline(b.packaging, b.speech, b.index)
	if err != nil {
		t.Fatal(err)
	}
	b.control = &analyzer.Control{Pipeline: pipeline, Store: b.db, Queue: queue, Log: quiet()}
	b.intake = &analyzer.Intake{Control: b.control, Blobs: b.blobs, MaxSize: 1 << 20, MaxCaptions: 1 << 10}
	b.feed = events.New(b.db, quiet())
	ctx, stop := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { b.feed.Run(ctx) })
	t.Cleanup(func() { stop(); following.Wait() })
	return b
}

// worker makes a worker with a scratch directory of its own.
func (b *bench) worker(t *testing.T, name string) *analyzer.Worker {
	t.Helper()
	files, err := datadir.Open(filepath.Join(b.data, name))
	if err != nil {
		t.Fatal(err)
	}
	copies, err := cache.Open(b.blobs, filepath.Join(b.data, name, "cache"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = copies.Close() })
	w := &analyzer.Worker{
		Control: b.control, Name: name, Slots: map[analyzer.Class]int{analyzer.Light: 2, analyzer.CPU: 2, analyzer.Heavy: 2},
		Blobs: b.blobs, Cache: copies, Scratch: files, Feed: b.feed, Metrics: obs.New("test", b.control.Pipeline.Names()...),
	}
	w.Hurry()
	return w
}

// start has a worker work until the test ends or stop is called, which waits
// for it.
func start(t *testing.T, w *analyzer.Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the worker ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// wav is the shortest file that the intake takes for sound.
func wav(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	header := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"
	if err := os.WriteFile(path, []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (b *bench) add(t *testing.T, opt analyzer.Options) string {
	t.Helper()
	v, err := b.intake.Add(t.Context(), workspace, wav(t, "talk.wav"), opt)
	if err != nil {
		t.Fatal(err)
	}
	return v.ID
}

// wait returns the video once nothing more is to be done with it.
func (b *bench) wait(t *testing.T, id string) *models.Video {
	t.Helper()
	return b.until(t, id, func(v *models.Video) bool { return v.State != models.VideoQueued && v.State != models.VideoProcessing })
}

// until returns the video once something is true of it.
func (b *bench) until(t *testing.T, id string, is func(*models.Video) bool) *models.Video {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		v, err := b.lib.Video(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if is(v) {
			return v
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("never so: %s %+v", v.State, v.Runs)
		}
	}
}

func wantStatus(t *testing.T, v *models.Video, want string) {
	t.Helper()
	var got []string
	for _, r := range v.Runs {
		got = append(got, r.Stage+" "+string(r.Status))
	}
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("stages: %s\nwant:   %s", s, want)
	}
}

// wantLeft counts files below the bench's directory.
func wantLeft(t *testing.T, b *bench, pattern string, n int) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(b.data, pattern))
	if err != nil || len(left) != n {
		t.Errorf("%d of %s (%v), want %d: %v", len(left), pattern, err, n, left)
	}
}

// writes is the work of a stage that publishes a file with this content and
// one cue with this text.
func writes(text string) work {
	return func(_ context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		if err := os.WriteFile(job.Path("a.vtt"), []byte(text), 0o600); err != nil {
			return nil, err
		}
		return &analyzer.Result{
			Cues:      []models.Cue{{Kind: models.CueSpeech, End: time.Second, Text: text}},
			Artifacts: []models.Artifact{{Kind: models.ArtifactCaptions, Path: "a.vtt"}},
		}, nil
	}
}

// fails is the work of a stage that leaves a file behind and fails.
func fails(err error) work {
	return func(_ context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		if err := os.WriteFile(job.Path("half"), []byte("x"), 0o600); err != nil {
			return nil, err
		}
		return nil, err
	}
}

// hangs is the work of a stage that says when it has begun, and ends when it is
// told to or its context ends.
func hangs(begun chan<- struct{}, end <-chan struct{}, then work) work {
	return func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		begun <- struct{}{}
		select {
		case <-end:
			return then(ctx, job)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
