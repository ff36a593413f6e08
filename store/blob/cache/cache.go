// Package cache makes local files of a store's blobs, for programs that read
// files. What was read lately stays, up to a limit of bytes; what does not fit
// beside what is in use goes through all the same, and goes when it was read.
// A store whose blobs are files already is not copied.
package cache

import (
	"cmp"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Cache is an open directory of copies. One process has it at a time. Its
// methods may be called from many goroutines.
type Cache struct {
	store    blob.Store
	dir      string
	capacity int64 // in bytes
	lock     *os.File

	mu      sync.Mutex
	closed  bool
	entries map[string]*entry // by name
	unused  *list.List        // of *entry: kept ones that nobody uses, the longest unused first
	kept    int64             // the bytes of all kept entries, of those that are still coming too

	downloads sync.WaitGroup
}

// entry is a copy of one version of a blob, or on its way to be one.
type entry struct {
	name   string
	size   int64
	kept   bool // stays when nobody uses it any more, and counts against the capacity
	cancel context.CancelFunc
	ready  chan struct{} // closed when path or err is set

	// Set before ready is closed.
	path string
	err  error

	// Guarded by Cache.mu.
	users int
	place *list.Element // in Cache.unused
}

// done says whether an entry's download has ended.
func (e *entry) done() bool {
	select {
	case <-e.ready:
		return true
	default:
		return false
	}
}

// Open opens a cache of at most capacity bytes over a store. What an earlier
// process kept in the directory is used, whatever ended it. DATA_IN_USE where
// another process has it.
func Open(store blob.Store, dir string, capacity int64) (*Cache, error) {
	c := &Cache{store: store, dir: dir, capacity: capacity, entries: map[string]*entry{}, unused: list.New()}
	if _, ok := store.(blob.Local); ok {
		return c, nil
	}
	if err := c.take(); err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	if err := c.adopt(); err != nil {
		return nil, errors.Join(fmt.Errorf("open cache: %w", err), c.Close())
	}
	return c, nil
}

// partial is the directory of copies on their way, and of those that go when
// they were read. It holds nothing worth keeping.
const partial = "partial"

// take makes the directory and locks it.
func (c *Cache) take() error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(c.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		return models.Errorf(models.CodeDataInUse, "another process has its cache in %s; give each a directory of its own", c.dir).Because(err)
	}
	c.lock = lock
	return nil
}

var entryName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// adopt counts what is there, as long unused as its files say.
func (c *Cache) adopt() error {
	if err := os.RemoveAll(filepath.Join(c.dir, partial)); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(c.dir, partial), 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	var found []fs.FileInfo
	for _, file := range files {
		if !entryName.MatchString(file.Name()) {
			continue
		}
		info, err := file.Info()
		if err != nil {
			return err
		}
		found = append(found, info)
	}
	slices.SortFunc(found, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, info := range found {
		e := &entry{name: info.Name(), size: info.Size(), kept: true, ready: make(chan struct{}), path: filepath.Join(c.dir, info.Name())}
		close(e.ready)
		e.place = c.unused.PushBack(e)
		c.entries[e.name] = e
		c.kept += e.size
	}
	c.evict(0)
	return nil
}

// Close stops what is being copied, waits for it, and gives the directory up.
// Paths that are still in use may go with the next Open.
func (c *Cache) Close() error {
	c.mu.Lock()
	c.closed = true
	for _, e := range c.entries {
		if !e.done() {
			e.cancel()
		}
	}
	c.mu.Unlock()
	c.downloads.Wait()
	if c.lock == nil {
		return nil
	}
	return c.lock.Close()
}

// errReplaced says that a blob was put anew while we began to copy it.
var errReplaced = errors.New("the blob was replaced meanwhile")

// Fetch returns the path of a file that holds a blob as it is now. The file is
// to be read only, and stays as it is until release is called, which may be
// called twice; a blob that is put anew meanwhile gets a file of its own.
// Several calls for one blob share one copying, which goes on as long as one of
// them waits. NOT_FOUND, STORAGE_FULL, CHECKSUM_MISMATCH, STORAGE_UNAVAILABLE.
func (c *Cache) Fetch(ctx context.Context, key string) (path string, release func(), err error) {
	if local, ok := c.store.(blob.Local); ok {
		path, err := local.Path(ctx, key)
		return path, func() {}, err
	}
	for range 3 {
		if path, release, err = c.fetch(ctx, key); !errors.Is(err, errReplaced) {
			break
		}
	}
	return path, release, err
}

func (c *Cache) fetch(ctx context.Context, key string) (string, func(), error) {
	info, err := c.store.Stat(ctx, key)
	if err != nil {
		return "", nil, err
	}
	e, err := c.join(ctx, info)
	if err != nil {
		return "", nil, err
	}
	select {
	case <-e.ready:
		err = e.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		c.leave(e)
		return "", nil, fmt.Errorf("fetch %s: %w", key, err)
	}
	return e.path, sync.OnceFunc(func() { c.leave(e) }), nil
}

// join makes the caller a user of a blob's entry, and begins one where there is none.
func (c *Cache) join(ctx context.Context, info blob.Info) (*entry, error) {
	sum := sha256.Sum256([]byte(info.Key + "\x00" + info.ETag))
	name := hex.EncodeToString(sum[:])
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.New("the cache is closed")
	}
	e := c.entries[name]
	if e == nil {
		e = &entry{name: name, size: info.Size, kept: c.evict(info.Size), ready: make(chan struct{})}
		if e.kept {
			c.kept += e.size
		}
		c.entries[name] = e
		// It is everybody's, and ends when nobody waits any more.
		ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
		c.downloads.Go(func() { c.download(ctx, e, info) })
	}
	if e.place != nil {
		c.unused.Remove(e.place)
		e.place = nil
	}
	e.users++
	return e, nil
}

// leave ends a use of an entry.
func (c *Cache) leave(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.users--; e.users > 0 {
		return
	}
	switch {
	case !e.done():
		e.cancel()
		delete(c.entries, e.name) // who comes now begins anew
	case e.err != nil:
	case e.kept:
		e.place = c.unused.PushBack(e)
		now := time.Now()
		_ = os.Chtimes(e.path, now, now) // for the next process: see adopt
	default:
		delete(c.entries, e.name)
		_ = os.Remove(e.path) // else the next Open does
	}
}

// evict makes room for size bytes, and says whether there is. It removes
// nothing where that would not help. c.mu is held.
func (c *Cache) evict(size int64) bool {
	free := c.capacity - c.kept
	for at := c.unused.Front(); at != nil; at = at.Next() {
		free += at.Value.(*entry).size
	}
	if size > free {
		return false
	}
	for c.kept+size > c.capacity {
		e := c.unused.Remove(c.unused.Front()).(*entry)
		delete(c.entries, e.name)
		c.kept -= e.size
		_ = os.Remove(e.path)
	}
	return true
}

// download copies a blob, and says so to those who wait for it.
func (c *Cache) download(ctx context.Context, e *entry, info blob.Info) {
	defer e.cancel()
	path, err := c.copy(ctx, info)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(e.ready)
	current := c.entries[e.name] == e // or all have left
	if err == nil && current && e.kept {
		to := filepath.Join(c.dir, e.name)
		if err = os.Rename(path, to); err == nil {
			path = to
		}
	}
	if err == nil && !current {
		err = context.Canceled
	}
	if e.path, e.err = path, err; err == nil {
		return
	}
	if path != "" {
		_ = os.Remove(path)
	}
	if current {
		delete(c.entries, e.name)
	}
	if e.kept {
		c.kept -= e.size
	}
}

// copy makes a file of a blob that outlives a crash whole, and returns its path
// even if it fails.
func (c *Cache) copy(ctx context.Context, info blob.Info) (path string, err error) {
	body, opened, err := c.store.Open(ctx, info.Key, 0, -1)
	if err != nil {
		return "", err
	}
	defer body.Close()
	if opened.ETag != info.ETag {
		return "", errReplaced
	}
	f, err := os.CreateTemp(filepath.Join(c.dir, partial), "")
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.ReadFrom(blob.Verify(ctx, body, info.Size, info.SHA256)); err != nil {
		return f.Name(), err
	}
	return f.Name(), f.Sync()
}
