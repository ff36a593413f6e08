package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
)

// adoptOldLayout moves what earlier versions kept right in the data directory
// to where blobs lie now, under the same keys. Only who holds the lock may call
// it. Each move is one step, so it may be killed and called again. ALREADY_EXISTS
// where an earlier version has worked here since.
func adoptOldLayout(data string) error {
	blobs := filepath.Join(data, "blobs")
	for _, name := range []string{"sources", "videos"} {
		if err := adopt(filepath.Join(data, name), filepath.Join(blobs, name)); err != nil {
			return err
		}
	}
	return nil
}

// adopt moves a directory, unless there is none. An empty one is in nobody's way.
func adopt(from, to string) error {
	err := unix.Rmdir(from)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := unix.Rmdir(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return models.Errorf(models.CodeAlreadyExists,
			"both %[1]s, where earlier versions keep files, and %[2]s hold some; run `cp -a %[1]s/. %[2]s/ && rm -r %[1]s`, then this again", from, to).Because(err)
	}
	if errors.Is(err, unix.ENOTEMPTY) { // and no link, which would lead out of the store
		if err = os.MkdirAll(filepath.Dir(to), 0o755); err == nil {
			err = os.Rename(from, to)
		}
	}
	if err != nil {
		return models.Errorf(models.CodeInvalidArgument,
			"%s cannot be moved to %s, where its files are kept now; move it, or mount it there", from, to).Because(err)
	}
	return nil
}
