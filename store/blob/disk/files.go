package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cuepoint/cuepoint/models"
)

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

// coded gives a forbidden place its code, and a file that may not be so large.
func coded(err error) error {
	if errors.Is(err, syscall.EFBIG) {
		return models.Errorf(models.CodeSourceTooLarge, "larger than a file may be in the data directory; cut it into parts").Because(err)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOTDIR) {
		return models.Errorf(models.CodeInvalidArgument, "the data directory cannot be written; choose another with --data").Because(err)
	}
	return err
}
