package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// workspace is the one of all tests but those that name another.
const workspace = "tests"

// bench is a store and a directory of blobs, and uploads over them.
type bench struct {
	t       *testing.T
	db      *dying
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

// onBoth runs a test over files, and over servers.
func onBoth(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	t.Run("a file and a directory", func(t *testing.T) {
		t.Parallel()
		test(t, setup(t))
	})
	t.Run("PostgreSQL and a bucket", func(t *testing.T) {
		t.Parallel()
		test(t, newBench(t, openPostgres, openBucket(t, "")))
	})
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
	b.db, b.lib = &dying{Store: db, left: -1}, db.In(workspace)
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
		look: 10 * time.Millisecond, watch: 10 * time.Millisecond, lease: 200 * time.Millisecond, retry: 10 * time.Millisecond,
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
