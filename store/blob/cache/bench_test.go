package cache_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/cache"
	"github.com/cuepoint/cuepoint/store/blob/disk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// remote is a store whose blobs are no files, as far as the cache can see.
type remote struct {
	blob.Store
	opened atomic.Int64                           // how often a blob was opened
	open   func(ctx context.Context) error        // before a blob is opened; may be nil
	wrap   func(io.ReadCloser) io.ReadCloser      // of what is read; may be nil
	stat   func(blob.Info) (_ blob.Info, _ error) // of what is said; may be nil
}

func (r *remote) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, blob.Info, error) {
	r.opened.Add(1)
	if r.open != nil {
		if err := r.open(ctx); err != nil {
			return nil, blob.Info{}, err
		}
	}
	body, info, err := r.Store.Open(ctx, key, offset, length)
	if err == nil && r.wrap != nil {
		body = r.wrap(body)
	}
	return body, info, err
}

func (r *remote) Stat(ctx context.Context, key string) (blob.Info, error) {
	info, err := r.Store.Stat(ctx, key)
	if err == nil && r.stat != nil {
		return r.stat(info)
	}
	return info, err
}

// bench is a cache of 100 bytes over a store.
type bench struct {
	store *remote
	files *disk.Blobs
	dir   string
	cache *cache.Cache
}

const capacity = 100

func setup(t *testing.T) *bench {
	t.Helper()
	files, err := disk.OpenBlobs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: &remote{Store: files}, files: files, dir: filepath.Join(t.TempDir(), "cache")}
	b.reopen(t, capacity)
	t.Cleanup(func() {
		if err := errors.Join(b.cache.Close(), files.Close()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) reopen(t *testing.T, capacity int64) {
	t.Helper()
	if b.cache != nil {
		if err := b.cache.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if b.cache, err = cache.Open(b.store, b.dir, capacity); err != nil {
		t.Fatal(err)
	}
}

// put stores a blob of size bytes that are all fill, under the name of fill.
func (b *bench) put(t *testing.T, fill byte, size int) {
	t.Helper()
	data := bytes.Repeat([]byte{fill}, size)
	if _, err := b.store.Put(t.Context(), string(fill), bytes.NewReader(data), int64(size), blob.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

// fetch fails the test unless a blob comes as put has stored it.
func (b *bench) fetch(t *testing.T, fill byte, size int) (path string, release func()) {
	t.Helper()
	path, release, err := b.cache.Fetch(t.Context(), string(fill))
	if err != nil {
		t.Fatal(err)
	}
	b.holds(t, path, fill, size)
	return path, release
}

func (b *bench) holds(t *testing.T, path string, fill byte, size int) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, bytes.Repeat([]byte{fill}, size)) {
		t.Errorf("%s holds %q, %v, want %d times %q", path, got, err, size, fill)
	}
}

// count counts the copies that are kept, and those beside them.
func (b *bench) count(t *testing.T) (kept, partial int) {
	t.Helper()
	whole, err := filepath.Glob(filepath.Join(b.dir, strings.Repeat("[0-9a-f]", 64)))
	if err != nil {
		t.Fatal(err)
	}
	others, err := filepath.Glob(filepath.Join(b.dir, "partial", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(whole), len(others)
}

func (b *bench) want(t *testing.T, kept, partial int) {
	t.Helper()
	if k, p := b.count(t); k != kept || p != partial {
		t.Errorf("%d kept and %d others, want %d and %d", k, p, kept, partial)
	}
}

// opens fails the test unless blobs were opened so often since it was asked last.
func (b *bench) opens(t *testing.T, want int64) {
	t.Helper()
	if got := b.store.opened.Swap(0); got != want {
		t.Errorf("opened %d blobs, want %d", got, want)
	}
}
