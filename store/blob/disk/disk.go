// Package disk keeps files below one data directory: sources under their hash,
// what stages publish under video, stage and run, and the scratch directories
// of runs under way. Which of them count is the database's to say.
//
//	sources/<first two hex digits>/<sha256>
//	videos/<video>/<stage>@<run>/…
//	scratch/<run>/…
package disk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
)

// Store is an open data directory.
type Store struct {
	dir  string
	lock *os.File
}

// Open opens a data directory, creating it where there is none.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	for _, sub := range []string{"", "sources", "videos", "scratch"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, coded(fmt.Errorf("open data directory: %w", err))
		}
	}
	return &Store{dir: dir}, nil
}

// Lock makes this process the one that changes the directory. DATA_IN_USE where
// another is. The lock ends with the process, however that ends.
func (s *Store) Lock() error {
	f, err := os.OpenFile(s.Path("lock"), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return coded(fmt.Errorf("lock data directory: %w", err))
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return models.Errorf(models.CodeDataInUse,
			"another cuepoint is working in %s; wait for it, or choose another directory with --data", s.dir).Because(err)
	}
	s.lock = f
	return nil
}

// Close gives up the lock.
func (s *Store) Close() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}

// Path is the place of a file or directory right below the data directory.
func (s *Store) Path(name string) string { return filepath.Join(s.dir, name) }

// PutSource stores all of r and returns its SHA-256 and size. It is there
// whole, or not at all. Storing the same bytes again changes nothing.
// SOURCE_TOO_LARGE past limit bytes, STORAGE_FULL.
func (s *Store) PutSource(ctx context.Context, r io.Reader, limit int64) (sum string, size int64, err error) {
	tmp, err := os.CreateTemp(s.Path("scratch"), "source-")
	if err != nil {
		return "", 0, coded(fmt.Errorf("store source: %w", err))
	}
	defer os.Remove(tmp.Name()) // after the rename there is nothing to remove
	defer tmp.Close()
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(tmp, hash), io.LimitReader(until(ctx, r), limit+1))
	if err == nil {
		err = tmp.Sync()
	}
	if err != nil {
		return "", 0, coded(fmt.Errorf("store source: %w", err))
	}
	if size > limit {
		return "", 0, models.Errorf(models.CodeSourceTooLarge, "larger than the limit of %d bytes; cut it into parts", limit)
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	path := s.Source(sum)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", 0, coded(fmt.Errorf("store source: %w", err))
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return "", 0, coded(fmt.Errorf("store source: %w", err))
	}
	return sum, size, flush(filepath.Dir(path))
}

// Source is the path of a stored source.
func (s *Store) Source(sum string) string {
	return filepath.Join(s.dir, "sources", sum[:2], sum)
}

// Scratch makes the empty directory of a run.
func (s *Store) Scratch(run string) (string, error) {
	dir := filepath.Join(s.dir, "scratch", run)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", coded(fmt.Errorf("make scratch directory: %w", err))
	}
	return dir, nil
}

// DropScratch removes the directory of a run that will not be published.
func (s *Store) DropScratch(run string) error {
	return os.RemoveAll(filepath.Join(s.dir, "scratch", run))
}

// Publish moves a run's scratch directory, as it is, to where it is read from.
// Nobody looks there before the database says so.
func (s *Store) Publish(video, stage, run string) error {
	to := s.Published(video, stage, run)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return coded(fmt.Errorf("publish %s: %w", stage, err))
	}
	from := filepath.Join(s.dir, "scratch", run)
	if err := syncTree(from); err != nil {
		return coded(fmt.Errorf("publish %s: %w", stage, err))
	}
	if err := os.Rename(from, to); err != nil {
		return coded(fmt.Errorf("publish %s: %w", stage, err))
	}
	return flush(filepath.Dir(to))
}

// Published is the directory of a published run.
func (s *Store) Published(video, stage, run string) string {
	return filepath.Join(s.dir, "videos", video, stage+"@"+run)
}

// Owners tell which of the files the database knows.
type Owners interface {
	Owned(ctx context.Context, video, stage, run string) bool
	SourceOwned(ctx context.Context, sum string) bool
}

// Tidy removes what a process that is gone left behind: all scratch
// directories, and what nobody owns of the sources and the published ones. Only
// who holds the lock may call it.
func (s *Store) Tidy(ctx context.Context, owners Owners) error {
	leftovers, err := filepath.Glob(filepath.Join(s.dir, "scratch", "*"))
	if err != nil {
		return err
	}
	published, err := filepath.Glob(filepath.Join(s.dir, "videos", "*", "*@*"))
	if err != nil {
		return err
	}
	for _, path := range published {
		stage, run, _ := strings.Cut(filepath.Base(path), "@")
		if !owners.Owned(ctx, filepath.Base(filepath.Dir(path)), stage, run) {
			leftovers = append(leftovers, path)
		}
	}
	sources, err := filepath.Glob(filepath.Join(s.dir, "sources", "*", "*"))
	if err != nil {
		return err
	}
	for _, path := range sources {
		if !owners.SourceOwned(ctx, filepath.Base(path)) {
			leftovers = append(leftovers, path)
		}
	}
	var errs []error
	for _, path := range leftovers {
		errs = append(errs, os.RemoveAll(path))
		if parent := filepath.Dir(path); parent != s.Path("scratch") {
			_ = os.Remove(parent) // refused while anything is in it
		}
	}
	return errors.Join(errs...)
}

// until reads from r as long as ctx has not ended.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// syncTree flushes everything below dir.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return flush(path)
	})
}

// flush makes a file or directory outlive a power cut.
func flush(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// coded gives a forbidden place its code.
func coded(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOTDIR) {
		return models.Errorf(models.CodeInvalidArgument, "the data directory cannot be written; choose another with --data").Because(err)
	}
	return err
}
