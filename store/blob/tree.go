package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cuepoint/cuepoint/models"
)

// cleanUp is how long removing what a failed PutTree has stored may take.
const cleanUp = 30 * time.Second

// uploads is how many files of a tree are put at once.
const uploads = 8

// PutTree stores all files below a directory under prefix and their paths, and
// takes the directory over: the store may have moved it away, and the caller
// removes what is left of it. On an error nothing is left under the prefix, if
// the store can be reached.
// contentType gives the type of a file by its name; nil for none.
// ALREADY_EXISTS where something is under the prefix already, INVALID_ARGUMENT
// for a file whose name is no key or that is not regular; else as [Store.Put].
func PutTree(ctx context.Context, s Store, prefix, dir string, contentType func(name string) string) error {
	if err := CheckDelete(prefix); err != nil {
		return err
	}
	names, err := tree(prefix, dir)
	if err != nil {
		return fmt.Errorf("put files under %s: %w", prefix, err)
	}
	there, err := s.List(ctx, prefix, "", 1)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return models.Errorf(models.CodeAlreadyExists, "there are files under %s already", prefix)
	}
	if s, ok := s.(TreePutter); ok {
		if err := s.PutTree(ctx, prefix, dir); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	if err := putAll(ctx, s, prefix, dir, names, contentType); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
		defer cancel()
		_ = s.DeletePrefix(ctx, prefix) // else nobody owns them, and they are found by that
		return fmt.Errorf("put files under %s: %w", prefix, err)
	}
	return nil
}

// tree lists the files of a directory that is to be put under prefix.
func tree(prefix, dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if !entry.Type().IsRegular() {
			return models.Errorf(models.CodeInvalidArgument, "%s is not a regular file", name)
		}
		names = append(names, name)
		return CheckKey(prefix + name)
	})
	return names, err
}

// putAll puts files, some at a time, and stops at the first error.
func putAll(ctx context.Context, s Store, prefix, dir string, names []string, contentType func(string) string) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(uploads)
	for _, name := range names {
		work.Go(func() error {
			opt := PutOptions{}
			if contentType != nil {
				opt.ContentType = contentType(name)
			}
			return putFile(ctx, s, prefix+name, filepath.Join(dir, filepath.FromSlash(name)), opt)
		})
	}
	return work.Wait()
}

func putFile(ctx context.Context, s Store, key, path string, opt PutOptions) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = s.Put(ctx, key, f, info.Size(), opt)
	return err
}
