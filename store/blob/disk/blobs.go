// Package disk keeps blobs as the files of a directory of this machine.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Blobs keeps blobs as files of a directory, under paths that are their keys,
// and what is being written in hidden directories beside them. It implements
// [blob.Store], [blob.Local] and [blob.TreePutter]. A path never leads out of
// the directory, symbolic links included.
type Blobs struct {
	root   *os.Root
	chunks sync.Pool // of *chunk
}

// OpenBlobs opens a directory of blobs, creating it where there is none.
func OpenBlobs(dir string) (*Blobs, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, unfinished), 0o755); err != nil {
		return nil, coded(fmt.Errorf("open blobs: %w", err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, coded(fmt.Errorf("open blobs: %w", err))
	}
	return &Blobs{root: root}, nil
}

// Close implements [blob.Store].
func (b *Blobs) Close() error { return b.root.Close() }

// Features implements [blob.Store].
func (b *Blobs) Features() blob.Features { return blob.Features{} }

// Put implements [blob.Store].
func (b *Blobs) Put(ctx context.Context, key string, r io.Reader, size int64, opt blob.PutOptions) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	info, err := b.put(key, blob.Verify(ctx, r, size, opt.SHA256))
	if err != nil {
		return blob.Info{}, coded(fmt.Errorf("put %s: %w", key, err))
	}
	return info, nil
}

func (b *Blobs) put(key string, r *blob.Verified) (blob.Info, error) {
	tmp, err := b.createTemp()
	if err != nil {
		return blob.Info{}, err
	}
	defer b.dropTemp(tmp)
	if _, err := io.Copy(tmp, r); err != nil {
		return blob.Info{}, err
	}
	if err := tmp.Sync(); err != nil {
		return blob.Info{}, err
	}
	stat, err := tmp.Stat()
	if err != nil {
		return blob.Info{}, err
	}
	info := describe(key, stat)
	info.Modified, info.SHA256 = time.Time{}, r.SHA256()
	return info, b.place(b.tempName(tmp), key)
}

// place gives a file or directory its name for good. A parent that is missing
// is made, again if deletions beside us remove it while it is empty.
func (b *Blobs) place(from, to string) error {
	parent := path.Dir(to)
	err := b.root.Rename(from, to)
	for tries := 0; errors.Is(err, fs.ErrNotExist) && tries < 16; tries++ {
		if err = b.makeDir(parent); err != nil {
			break
		}
		err = b.root.Rename(from, to)
	}
	if err != nil {
		return clash(to, err)
	}
	if err := b.flush(parent); err != nil && !errors.Is(err, fs.ErrNotExist) { // deleted already
		return err
	}
	return nil
}

// clash gives a key that cannot be a file beside the others its code.
func clash(key string, err error) error {
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrExist) {
		return models.Errorf(models.CodeInvalidArgument, "%s is the directory of other files, or below a file; choose another key", key).Because(err)
	}
	return err
}

// makeDir makes a directory that outlives a power cut. Deletions beside us may
// remove it while it is empty.
func (b *Blobs) makeDir(dir string) error {
	err := b.root.MkdirAll(dir, 0o755)
	if errors.Is(err, fs.ErrExist) { // as what is no directory, or it was one until just now
		if info, lost := b.root.Stat(dir); lost != nil || info.IsDir() {
			err = lost
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for dir != "." {
		dir = path.Dir(dir)
		if err := b.flush(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// flush makes a directory's entries outlive a power cut.
func (b *Blobs) flush(dir string) error {
	f, err := b.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// PutTree implements [blob.TreePutter]: the directory is moved, in one step.
func (b *Blobs) PutTree(ctx context.Context, prefix, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	to := strings.TrimSuffix(prefix, "/")
	if err := syncTree(dir); err != nil {
		return coded(fmt.Errorf("put files under %s: %w", prefix, err))
	}
	lock, err := lockedDir(dir)
	if err != nil {
		return coded(fmt.Errorf("put files under %s: %w", prefix, err))
	}
	defer lock.Close()
	// Into the root first: from there on no symbolic link can lead elsewhere.
	held := b.tempPath()
	if err := os.Rename(dir, filepath.Join(b.root.Name(), held)); errors.Is(err, syscall.EXDEV) {
		return errors.ErrUnsupported
	} else if err != nil {
		return coded(fmt.Errorf("put files under %s: %w", prefix, err))
	}
	if err := b.place(held, to); err != nil {
		return coded(fmt.Errorf("put files under %s: %w", prefix, errors.Join(err, b.root.RemoveAll(held))))
	}
	return nil
}

// Open implements [blob.Store].
func (b *Blobs) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, blob.Info, error) {
	if err := blob.CheckRange(key, offset); err != nil {
		return nil, blob.Info{}, err
	}
	f, info, err := b.open(ctx, key)
	if err != nil {
		return nil, blob.Info{}, err
	}
	if length < 0 {
		length = info.Size
	}
	part := io.NewSectionReader(f, offset, max(0, min(length, info.Size-offset)))
	return section{until(ctx, part), f}, info, nil
}

// open opens the file of a blob, and nothing that would hang.
func (b *Blobs) open(ctx context.Context, key string) (*os.File, blob.Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, blob.Info{}, err
	}
	f, err := b.root.OpenFile(key, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, blob.Info{}, missing(key, err)
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, blob.Info{}, missing(key, err)
	}
	return f, describe(key, stat), nil
}

// section is a part of a file.
type section struct {
	io.Reader
	io.Closer
}

// Stat implements [blob.Store].
func (b *Blobs) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := errors.Join(blob.CheckKey(key), ctx.Err()); err != nil {
		return blob.Info{}, err
	}
	stat, err := b.root.Lstat(key)
	if err == nil && !stat.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return blob.Info{}, missing(key, err)
	}
	return describe(key, stat), nil
}

// Path implements [blob.Local].
func (b *Blobs) Path(ctx context.Context, key string) (string, error) {
	if _, err := b.Stat(ctx, key); err != nil {
		return "", err
	}
	return filepath.Join(b.root.Name(), filepath.FromSlash(key)), nil
}

// Delete implements [blob.Store].
func (b *Blobs) Delete(ctx context.Context, key string) error {
	_, err := b.Stat(ctx, key)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := b.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return coded(fmt.Errorf("delete %s: %w", key, err))
	}
	b.prune(path.Dir(key))
	return nil
}

// DeletePrefix implements [blob.Store].
func (b *Blobs) DeletePrefix(ctx context.Context, prefix string) error {
	if err := errors.Join(blob.CheckDelete(prefix), ctx.Err()); err != nil {
		return err
	}
	dir := strings.TrimSuffix(prefix, "/")
	stat, err := b.root.Lstat(dir)
	switch {
	case err == nil && !stat.IsDir(), errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil
	case err == nil:
		err = b.root.RemoveAll(dir)
	}
	if err != nil {
		return coded(fmt.Errorf("delete %s: %w", prefix, err))
	}
	b.prune(path.Dir(dir))
	return nil
}

// prune removes directories that have become empty, from dir upwards.
func (b *Blobs) prune(dir string) {
	for ; dir != "."; dir = path.Dir(dir) {
		if b.root.Remove(dir) != nil { // refused while anything is in it
			return
		}
	}
}

// PresignGet implements [blob.Store].
func (b *Blobs) PresignGet(context.Context, string, time.Duration) (blob.Presigned, error) {
	return blob.Presigned{}, errPresign()
}

// PresignPut implements [blob.Store].
func (b *Blobs) PresignPut(context.Context, string, time.Duration, blob.PutWant) (blob.Presigned, error) {
	return blob.Presigned{}, errPresign()
}

func errPresign() error {
	return models.Errorf(models.CodeUnimplemented, "files of a directory cannot be reached by a signed address; ask the server for them")
}

// List implements [blob.Store].
func (b *Blobs) List(ctx context.Context, prefix, after string, limit int) ([]blob.Info, error) {
	if err := errors.Join(blob.CheckList(prefix, after, limit), ctx.Err()); err != nil {
		return nil, err
	}
	l := listing{root: b.root, after: after, limit: limit}
	if err := l.walk(ctx, strings.TrimSuffix(prefix, "/")); err != nil {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	return l.found, nil
}

// listing collects blobs in the order of their keys.
type listing struct {
	root  *os.Root
	after string
	limit int
	found []blob.Info
}

// walk adds what is below a directory, "" for the root, until there is enough.
func (l *listing) walk(ctx context.Context, dir string) error {
	entries, err := fs.ReadDir(l.root.FS(), path.Clean("./"+dir))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	// A directory stands among files as its keys do: by its name and a slash.
	keys := make(map[string]fs.DirEntry, len(entries))
	for _, entry := range entries {
		key := path.Join(dir, entry.Name())
		if blob.CheckKey(key) != nil {
			continue // not ours
		}
		if entry.IsDir() {
			key += "/"
		}
		if key > l.after || entry.IsDir() && strings.HasPrefix(l.after, key) {
			keys[key] = entry
		}
	}
	for _, key := range sorted(keys) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(l.found) == l.limit {
			return nil
		}
		if entry := keys[key]; entry.IsDir() {
			if err := l.walk(ctx, strings.TrimSuffix(key, "/")); err != nil {
				return err
			}
		} else if stat, err := entry.Info(); err == nil && stat.Mode().IsRegular() {
			l.found = append(l.found, describe(key, stat)) // else it has gone meanwhile
		}
	}
	return nil
}

func sorted(keys map[string]fs.DirEntry) []string {
	names := make([]string, 0, len(keys))
	for key := range keys {
		names = append(names, key)
	}
	slices.Sort(names)
	return names
}

func describe(key string, stat fs.FileInfo) blob.Info {
	tag := fmt.Sprintf("%x-%x", stat.Size(), stat.ModTime().UnixNano())
	if inode, ok := stat.Sys().(*syscall.Stat_t); ok {
		tag += fmt.Sprintf("-%x", inode.Ino)
	}
	return blob.Info{Key: key, Size: stat.Size(), Modified: stat.ModTime(), ETag: tag}
}

// missing gives a blob that is not there its code.
func missing(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return models.Errorf(models.CodeNotFound, "there is no file %s", key).Because(err)
	}
	return fmt.Errorf("open %s: %w", key, err)
}
