package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/blob/s3"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(withMinIO{testenv.WithPostgres(m)}) }

// bucketServer is shared by all tests.
var bucketServer *testenv.MinIO

// withMinIO runs tests beside an S3 server.
type withMinIO struct{ tests goleak.TestingM }

func (w withMinIO) Run() int {
	dir, err := os.MkdirTemp("", "cuepoint-ingest-")
	if err == nil {
		defer os.RemoveAll(dir)
		bucketServer, err = testenv.StartMinIO(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = bucketServer.Stop() }()
	return w.tests.Run()
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

var buckets atomic.Int64

func openBucket(t *testing.T, _ string) blob.Store {
	t.Helper()
	bucket, err := s3.Open(t.Context(), s3.Config{
		Endpoint: bucketServer.Endpoint(), Bucket: fmt.Sprintf("bucket-%d", buckets.Add(1)), PathStyle: true, Create: true,
		AccessKey: bucketServer.AccessKey, SecretKey: config.NewSecret(bucketServer.SecretKey), PartSize: 5 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	return bucket
}

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

// dying is a database that a process loses: nothing is saved any more, and perhaps
// the answer to its last transaction never comes.
type dying struct {
	store.Store
	mu    sync.Mutex
	left  int  // transactions that work; negative for all
	heard bool // of the last of them
	back  bool // all work after that
}

var errDied = models.Errorf(models.CodeDatabaseUnavailable, "the process is dead")

// after has so many more transactions work. Of the last the answer is lost unless it
// is heard. Where the database is back after that the process goes on.
func (d *dying) after(transactions int, heard, back bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.heard, d.back = transactions, heard, back
}

// use says whether a transaction works, and whether its answer is heard.
func (d *dying) use() (works, heard bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 && d.back {
		d.left = -1
	}
	if d.left <= 0 {
		return d.left < 0, true
	}
	d.left--
	return true, d.left > 0 || d.heard
}

func (d *dying) Tx(ctx context.Context, do func(store.Tx) error) error {
	works, heard := d.use()
	if !works {
		return errDied
	}
	if err := d.Store.Tx(ctx, do); err != nil {
		return err
	}
	if !heard {
		return errDied
	}
	return nil
}

func (d *dying) In(workspace string) store.Library { return library{d.Store.In(workspace), d} }

type library struct {
	store.Library
	of *dying
}

func (l library) SaveUpload(ctx context.Context, up models.Upload) error {
	works, heard := l.of.use()
	if !works {
		return errDied
	}
	if err := l.Library.SaveUpload(ctx, up); err != nil {
		return err
	}
	if !heard {
		return errDied
	}
	return nil
}
