package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.WithPostgres(m)) }

// workspace is the one of all tests but those that name another.
const workspace = "tests"

// bench is a store and a directory of blobs, and uploads over them.
type bench struct {
	t       *testing.T
	db      store.Store
	lib     store.Library
	blobs   *watched
	intake  *analyzer.Intake
	config  Config
	uploads *Uploads
}

// idle is a stage that nobody runs here.
type idle struct{}

func (idle) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "package", Version: 1, Class: analyzer.Heavy}
}
func (idle) Params(*analyzer.Job) string                                  { return "" }
func (idle) Run(context.Context, *analyzer.Job) (*analyzer.Result, error) { return nil, nil }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// watched are blobs whose methods a test can make fail.
type watched struct {
	blob.Store
	mu     sync.Mutex
	before func(method string) error
}

// when has f called before each method that these tests are about, whose error it
// returns.
func (w *watched) when(f func(method string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = f
}

func (w *watched) check(method string) error {
	w.mu.Lock()
	before := w.before
	w.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(method)
}

func (w *watched) Grow(ctx context.Context, g blob.Growth, r io.Reader, save func(blob.Growth) error) (blob.Growth, error) {
	if err := w.check("Grow"); err != nil {
		return g, err
	}
	return w.Store.Grow(ctx, g, r, save)
}

func (w *watched) Finish(ctx context.Context, g blob.Growth, size int64, sum string) (blob.Info, error) {
	if err := w.check("Finish"); err != nil {
		return blob.Info{}, err
	}
	info, err := w.Store.Finish(ctx, g, size, sum)
	if err == nil {
		err = w.check("Finished")
	}
	return info, err
}

func (w *watched) Delete(ctx context.Context, key string) error {
	if err := w.check("Delete"); err != nil {
		return err
	}
	return w.Store.Delete(ctx, key)
}

// failing is a database some of whose transactions fail.
type failing struct {
	store.Store
	mu  sync.Mutex
	err error
}

func (f *failing) with(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *failing) Tx(ctx context.Context, do func(store.Tx) error) error {
	f.mu.Lock()
	err := f.err
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return f.Store.Tx(ctx, do)
}

type opener func(t *testing.T, dir string) (store.Store, analyzer.Queue)

// empty is a database of which tests take a copy each: to make one takes a second.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "cuepoint-ingest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "cuepoint.db")
	db, err := sqlite.Open(context.Background(), file)
	if err != nil {
		return nil, err
	}
	_, err = riverq.OpenSQLite(context.Background(), db.Writer(), quiet())
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

func openSQLite(t *testing.T, dir string) (store.Store, analyzer.Queue) {
	t.Helper()
	file := filepath.Join(dir, "cuepoint.db")
	content, err := empty()
	if err == nil {
		err = os.WriteFile(file, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), file)
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

func openDisk(t *testing.T, dir string) blob.Store {
	t.Helper()
	blobs, err := disk.OpenBlobs(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	return blobs
}

func setup(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	return newBench(t, openSQLite, openDisk(t, dir))
}

// newBench opens uploads that end with the test.
func newBench(t *testing.T, open opener, blobs blob.Store) *bench {
	t.Helper()
	b := &bench{t: t, blobs: &watched{Store: blobs}}
	db, queue := open(t, t.TempDir())
	b.db, b.lib = &failing{Store: db}, db.In(workspace)
	pipeline, err := analyzer.NewPipeline(idle{})
	if err != nil {
		t.Fatal(err)
	}
	control := &analyzer.Control{Pipeline: pipeline, Store: b.db, Queue: queue, Log: quiet()}
	b.intake = &analyzer.Intake{Control: control, Blobs: b.blobs, MaxSize: 1 << 20}
	b.config = Config{
		Store: b.db, Blobs: b.blobs, Intake: b.intake, Scratch: t.TempDir(), Limits: Limits{MaxSize: 8 << 20}, Log: quiet(),
	}
	b.restart()
	t.Cleanup(func() { b.uploads.Close() })
	return b
}

// restart is what a new process does: it knows nothing but what was saved.
func (b *bench) restart() {
	if b.uploads != nil {
		b.uploads.Close()
	}
	b.uploads = b.open()
}

// open is another process.
func (b *bench) open() *Uploads {
	u := Open(b.config)
	u.pace = pace{
		look: 10 * time.Millisecond, lease: 200 * time.Millisecond, retry: 10 * time.Millisecond,
		imports: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}, room: 50 * time.Millisecond,
	}
	return u
}

// run has something due seen to, until the test ends or stop is called.
func (b *bench) run() (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	uploads := b.uploads
	go func() { ended <- uploads.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
	})
	b.t.Cleanup(stop)
	return stop
}

// media is something that looks like a video, of n bytes.
func media(seed uint64, n int) []byte {
	content := make([]byte, n)
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = random.Read(content)
	copy(content, "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")
	return content
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// create begins an upload of so many bytes by tus.
func (b *bench) create(length int) models.Upload {
	b.t.Helper()
	return b.createAs(New{Method: models.UploadTus, Filename: "tides.mp4", Length: int64(length)}).Upload
}

func (b *bench) createAs(n New) Created {
	b.t.Helper()
	c, err := b.uploads.Create(b.t.Context(), workspace, n)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// write sends bytes.
func (b *bench) write(id string, offset int, content []byte) (models.Upload, error) {
	b.t.Helper()
	return b.uploads.Write(b.t.Context(), workspace, id, int64(offset), bytes.NewReader(content), Chunk{})
}

// mustWrite sends bytes, of which none may be refused.
func (b *bench) mustWrite(id string, offset int, content []byte) models.Upload {
	b.t.Helper()
	up, err := b.write(id, offset, content)
	if err != nil {
		b.t.Fatal(err)
	}
	return up
}

func (b *bench) get(id string) models.Upload {
	b.t.Helper()
	up, err := b.uploads.Get(b.t.Context(), workspace, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return up
}

// read is what a blob holds, nil where there is none.
func (b *bench) read(key string) []byte {
	b.t.Helper()
	body, _, err := b.blobs.Open(b.t.Context(), key, 0, -1)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		b.t.Fatal(err)
	}
	return content
}

// wantVideo checks that an upload has become a video of some bytes, and returns it.
func (b *bench) wantVideo(up models.Upload, content []byte) *models.Video {
	b.t.Helper()
	if up.State != models.UploadDone || up.VideoID == "" || up.SHA256 != sha(content) || up.Offset != int64(len(content)) || up.Length != up.Offset {
		b.t.Fatalf("upload %+v (error %v)", up, up.Error)
	}
	video, err := b.lib.Video(b.t.Context(), up.VideoID)
	if err != nil {
		b.t.Fatal(err)
	}
	if video.SHA256 != sha(content) || video.Size != int64(len(content)) || !bytes.Equal(b.read(video.Blob), content) {
		b.t.Fatalf("video %+v is not of the right bytes", video)
	}
	return video
}

// wantEvents checks what was told of an upload, in order.
func (b *bench) wantEvents(id string, want ...models.EventType) {
	b.t.Helper()
	all, err := b.db.Events(b.t.Context(), 0, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	var got []models.EventType
	for _, e := range all {
		if e.UploadID == id {
			got = append(got, e.Type)
		}
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("events %v, want %v", got, want)
	}
}

// until waits for an upload to be as a test wants it.
func (b *bench) until(id string, what string, is func(models.Upload) bool) models.Upload {
	b.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		up := b.get(id)
		if is(up) {
			return up
		}
		select {
		case <-deadline:
			b.t.Fatalf("upload %+v (error %v) is not %s", up, up.Error, what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func wantCode(t *testing.T, err error, want models.Code) {
	t.Helper()
	if models.ErrorCode(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func storeQuery() store.UploadQuery { return store.UploadQuery{} }
