// Package datadir is the directory that one process works in: the lock that
// makes it the one, and scratch directories for what is under way. What is
// kept for good is not its business: that is the database's and the blobs'.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
)

// Dir is an open data directory.
type Dir struct {
	path string
	lock *os.File
}

// Open opens a data directory, creating it where there is none. INVALID_ARGUMENT
// where that may not be done.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = os.MkdirAll(filepath.Join(path, "scratch"), 0o755)
	}
	if err != nil {
		return nil, coded(fmt.Errorf("open data directory: %w", err))
	}
	return &Dir{path: path}, nil
}

// Path is the place of a file or directory right below the data directory.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }

// Lock makes this process the one that works in the directory, and clears away
// what one that is gone had under way. DATA_IN_USE where another is at work. The
// lock ends with the process, however that ends.
func (d *Dir) Lock() error {
	f, err := os.OpenFile(d.Path("lock"), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return coded(fmt.Errorf("lock data directory: %w", err))
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return models.Errorf(models.CodeDataInUse,
			"another cuepoint is working in %s; wait for it, or choose another directory with --data", d.path).Because(err)
	}
	d.lock = f
	if err := d.clear(); err != nil {
		return errors.Join(err, d.Close())
	}
	return nil
}

// clear removes all scratch directories.
func (d *Dir) clear() error {
	left, err := os.ReadDir(d.Path("scratch"))
	if err != nil {
		return err
	}
	for _, entry := range left {
		if err := d.DropScratch(entry.Name()); err != nil {
			return err
		}
	}
	return nil
}

// Close gives up the lock. It may be called twice.
func (d *Dir) Close() error {
	if d.lock == nil {
		return nil
	}
	lock := d.lock
	d.lock = nil
	return lock.Close()
}

// Scratch makes the empty directory of an attempt.
func (d *Dir) Scratch(run string) (string, error) {
	dir := filepath.Join(d.path, "scratch", run)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", coded(fmt.Errorf("make scratch directory: %w", err))
	}
	return dir, nil
}

// DropScratch removes the directory of an attempt that has ended.
func (d *Dir) DropScratch(run string) error {
	return os.RemoveAll(filepath.Join(d.path, "scratch", run))
}

// coded gives a forbidden place its code.
func coded(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOTDIR) {
		return models.Errorf(models.CodeInvalidArgument, "the data directory cannot be written; choose another with --data").Because(err)
	}
	return err
}
