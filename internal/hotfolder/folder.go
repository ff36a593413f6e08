package hotfolder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/cuepoint/cuepoint/models"
)

// maxDepth is how deep below a folder files are found.
const maxDepth = 16

// Folder is a directory of this machine, by its absolute path. No link in it is
// followed, nothing outside of it is opened, and nothing in it that is no file.
type Folder string

// Name implements [Source].
func (dir Folder) Name() string { return (&url.URL{Scheme: "file", Path: string(dir)}).String() }

// Place implements [Source].
func (dir Folder) Place(name string) string { return filepath.Join(string(dir), name) }

func (dir Folder) open() (*os.Root, error) {
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		return nil, models.Errorf(models.CodeSourceUnavailable, "the folder %s cannot be read; check that it is there and its permissions", string(dir)).Because(err)
	}
	return root, nil
}

// Each implements [Source].
func (dir Folder) Each(ctx context.Context, f func([]File) error) error {
	root, err := dir.open()
	if err != nil {
		return err
	}
	defer root.Close()
	w := &walk{yield: f}
	if err := w.enter(ctx, root, ""); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.passed
}

// walk goes through a folder.
type walk struct {
	yield  func([]File) error
	found  []File
	depth  int
	passed error // of the first directory that could not be read
}

// enter goes through a directory, whose name is empty for the folder itself. Its
// error ends the walk.
func (w *walk) enter(ctx context.Context, dir *os.Root, name string) error {
	w.depth++
	defer func() { w.depth-- }()
	list, err := dir.Open(".")
	if err != nil {
		w.pass(name, err)
		return nil
	}
	defer list.Close()
	var below []string
	for err == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		var entries []fs.DirEntry
		entries, err = list.ReadDir(page) // and an error at the end, or before
		for _, entry := range entries {
			switch {
			case isHidden(entry.Name()):
			case entry.IsDir() && w.depth <= maxDepth:
				below = append(below, entry.Name())
			case entry.Type().IsRegular():
				if err := w.add(dir, entry.Name(), path.Join(name, entry.Name())); err != nil {
					return err
				}
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		w.pass(name, err)
	}
	for _, element := range below {
		if err := w.descend(ctx, dir, element, path.Join(name, element)); err != nil {
			return err
		}
	}
	return nil
}

// descend goes through a directory in another.
func (w *walk) descend(ctx context.Context, parent *os.Root, element, name string) error {
	is, err := parent.Lstat(element)
	if err != nil || !is.IsDir() {
		return nil // it went, or became something else
	}
	dir, err := parent.OpenRoot(element)
	if err != nil {
		w.pass(name, err)
		return nil
	}
	defer dir.Close()
	if opened, err := dir.Stat("."); err != nil || !os.SameFile(is, opened) {
		return nil // it became a link meanwhile
	}
	return w.enter(ctx, dir, name)
}

// pass notes that a directory could not be read.
func (w *walk) pass(name string, err error) {
	if w.passed == nil && !errors.Is(err, fs.ErrNotExist) {
		w.passed = models.Errorf(models.CodeSourceUnavailable, "the directory %.200q cannot be read; check its permissions", name).Because(err)
	}
}

func (w *walk) add(dir *os.Root, element, name string) error {
	info, err := dir.Lstat(element)
	if err == nil && info.Mode().IsRegular() { // else it went, or became something else
		w.found = append(w.found, describe(name, info))
	}
	if len(w.found) < page {
		return nil
	}
	return w.flush()
}

func (w *walk) flush() error {
	if len(w.found) == 0 {
		return nil
	}
	err := w.yield(w.found)
	w.found = w.found[:0]
	return err
}

func describe(name string, info fs.FileInfo) File {
	return File{Name: name, Size: info.Size(), Version: fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())}
}

// openIn opens a regular file by a name that is no link. It does not wait for
// anybody, as opening a FIFO would.
func openIn(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	is, err := root.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !is.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("it is no file: %w", fs.ErrNotExist)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(is, info) {
		err = fmt.Errorf("it was replaced meanwhile: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// Find implements [Source].
func (dir Folder) Find(_ context.Context, name string) (File, error) {
	f, info, err := dir.openFile(name)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	file := describe(name, info)
	file.Busy = isWritten(f)
	return file, nil
}

// openFile opens a regular file.
func (dir Folder) openFile(name string) (*os.File, fs.FileInfo, error) {
	root, err := dir.open()
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	f, info, err := openIn(root, name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, nil, models.Errorf(models.CodeNotFound, "%.200q is not there any more", name).Because(err)
	case err != nil:
		return nil, nil, models.Errorf(models.CodeSourceUnavailable, "%.200q cannot be read; check its permissions", name).Because(err)
	}
	return f, info, nil
}

// Open implements [Source].
func (dir Folder) Open(_ context.Context, name string, offset int64) (io.ReadCloser, File, error) {
	f, info, err := dir.openFile(name)
	if err != nil {
		return nil, File{}, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, File{}, errors.Join(err, f.Close())
	}
	file := describe(name, info)
	return &steady{f, file, file.Size - offset}, file, nil
}

// steady reads a file that is not to change meanwhile. It gives the last bytes
// away only after it has looked.
type steady struct {
	*os.File
	file File
	left int64
}

func (s *steady) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.File.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if err == nil && s.left > 0 {
		return n, nil
	}
	info, failed := s.Stat()
	if failed != nil {
		return 0, failed
	}
	if errors.Is(err, io.EOF) || describe(s.file.Name, info).Version != s.file.Version {
		return 0, errChanged()
	}
	return n, err
}

// errChanged is that of a file that became another while it was read.
func errChanged() *models.Error {
	return models.Errorf(models.CodeConflict, "the file was changed while it was read; it is taken again when it stands still")
}
