package disk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unfinished is the directory of what is being written. No key can name it.
const unfinished = ".unfinished"

func (b *Blobs) tempPath() string { return path.Join(unfinished, rand.Text()) }

// createTemp makes a file under a name nobody can guess. It is locked while it
// is being written, by which [Blobs.Sweep] knows that its writer lives.
func (b *Blobs) createTemp() (*os.File, error) {
	for {
		f, err := b.root.OpenFile(b.tempPath(), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && !unlinked(f) {
			return f, nil
		}
		b.dropTemp(f)
		if err != nil && !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		} // else a sweep came between the two steps
	}
}

// lockedDir locks a directory as createTemp does a file, until it is closed.
func lockedDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}

// unlinked says whether a file has lost its name.
func unlinked(f *os.File) bool {
	stat, err := f.Stat()
	if err != nil {
		return true
	}
	inode, ok := stat.Sys().(*syscall.Stat_t)
	return ok && inode.Nlink == 0
}

// tempName is the path below the root that createTemp gave a file.
func (b *Blobs) tempName(f *os.File) string { return path.Join(unfinished, path.Base(f.Name())) }

// dropTemp closes a temporary file and removes it, unless it has its name for good.
func (b *Blobs) dropTemp(f *os.File) {
	_ = b.root.Remove(b.tempName(f))
	f.Close()
}

// Sweep implements [blob.Store]. It knows who is still writing.
func (b *Blobs) Sweep(ctx context.Context, age time.Duration, keep func(context.Context, string) (bool, error)) error {
	return errors.Join(b.sweepUnfinished(ctx, age), b.sweepGrowing(ctx, age, keep))
}

func (b *Blobs) sweepUnfinished(ctx context.Context, age time.Duration) error {
	entries, err := fs.ReadDir(b.root.FS(), unfinished)
	if err != nil {
		return fmt.Errorf("sweep blobs: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		stat, err := entry.Info()
		if err != nil || time.Since(stat.ModTime()) < age {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		errs = append(errs, b.sweep(path.Join(unfinished, entry.Name())))
	}
	return errors.Join(errs...)
}

func (b *Blobs) sweepGrowing(ctx context.Context, age time.Duration, keep func(context.Context, string) (bool, error)) error {
	var errs []error
	err := fs.WalkDir(b.root.FS(), growing, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing grows, or no more
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if entry.IsDir() {
			return nil
		}
		if stat, err := entry.Info(); err == nil && time.Since(stat.ModTime()) >= age {
			errs = append(errs, b.sweepGrowth(ctx, name, keep))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// sweepGrowth removes a file that is not to be kept.
func (b *Blobs) sweepGrowth(ctx context.Context, name string, keep func(context.Context, string) (bool, error)) error {
	if keep != nil {
		kept, err := keep(ctx, strings.TrimPrefix(name, growing+"/"))
		if kept || err != nil {
			return err
		}
	}
	err := b.sweep(name)
	b.prune(path.Dir(name))
	return err
}

// sweep removes an unfinished file or directory that nobody works on.
func (b *Blobs) sweep(name string) error {
	f, err := b.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil // its writer lives
	}
	return b.root.RemoveAll(name)
}
