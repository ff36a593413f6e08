package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// growing is the directory of what comes in pieces, under paths that are the
// keys to be. No key can name it.
const growing = ".growing"

// openGrowth opens the file of what has grown, and locks it until it is closed.
// CONFLICT where another has it, NOT_FOUND where it is not there in full.
func (b *Blobs) openGrowth(g blob.Growth) (*os.File, fs.FileInfo, error) {
	name := path.Join(growing, g.Key)
	for {
		f, err := b.openGrowing(name, g.Size == 0)
		if g.Size == 0 && err != nil {
			return nil, nil, clash(g.Key, err)
		}
		if err != nil {
			return nil, nil, missing(g.Key, err)
		}
		stat, err := f.Stat()
		if err == nil {
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		}
		named, lost := b.root.Stat(name)
		switch {
		case errors.Is(err, unix.EWOULDBLOCK):
			err = models.Errorf(models.CodeConflict, "another is just sending %s; try again when it has ended", g.Key)
		case err != nil:
		case lost != nil || !os.SameFile(stat, named): // finished or removed between two steps
			f.Close()
			continue
		case named.Size() < g.Size:
			err = models.Errorf(models.CodeNotFound, "of %s %d bytes are there, and there were %d; send it again", g.Key, named.Size(), g.Size)
		default:
			return f, named, nil
		}
		f.Close()
		return nil, nil, err
	}
}

// openGrowing opens a file that outlives a power cut, if what is in it does. Its
// directory is made, again if others remove it while it is empty.
func (b *Blobs) openGrowing(name string, create bool) (*os.File, error) {
	if !create {
		return b.root.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0)
	}
	for tries := 0; ; tries++ {
		if err := b.makeDir(path.Dir(name)); err != nil {
			return nil, err
		}
		f, err := b.root.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK|os.O_CREATE, 0o644)
		if err == nil {
			err = b.flush(path.Dir(name))
			if err == nil {
				return f, nil
			}
			f.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) || tries == 16 {
			return nil, err
		}
	}
}

// Finish implements [blob.Grower].
func (b *Blobs) Finish(ctx context.Context, g blob.Growth, size int64, sum string) (blob.Info, error) {
	if err := errors.Join(blob.CheckKey(g.Key), ctx.Err()); err != nil {
		return blob.Info{}, err
	}
	hash, err := g.Check(size, sum)
	if err != nil {
		return blob.Info{}, fmt.Errorf("finish %s: %w", g.Key, err)
	}
	info, err := b.finish(g)
	if models.ErrorCode(err) == models.CodeNotFound {
		info, err = b.finished(ctx, g)
	}
	if err != nil {
		return blob.Info{}, coded(fmt.Errorf("finish %s: %w", g.Key, err))
	}
	info.SHA256 = hash
	return info, nil
}

// finish gives a file that has grown its name for good.
func (b *Blobs) finish(g blob.Growth) (blob.Info, error) {
	f, stat, err := b.openGrowth(g)
	if err != nil {
		return blob.Info{}, err
	}
	defer f.Close()
	if stat.Size() > g.Size { // what was never saved
		if err := errors.Join(f.Truncate(g.Size), f.Sync()); err != nil {
			return blob.Info{}, err
		}
		if stat, err = f.Stat(); err != nil {
			return blob.Info{}, err
		}
	}
	name := path.Join(growing, g.Key)
	if err := b.place(name, g.Key); err != nil {
		return blob.Info{}, err
	}
	b.prune(path.Dir(name))
	return describe(g.Key, stat), nil
}

// finished is the answer where a file has its name already: whoever gave it that
// may have been killed just then.
func (b *Blobs) finished(ctx context.Context, g blob.Growth) (blob.Info, error) {
	info, err := b.Stat(ctx, g.Key)
	if err != nil {
		return blob.Info{}, err
	}
	if info.Size != g.Size {
		return blob.Info{}, models.Errorf(models.CodeNotFound, "what came of %s is gone; send it again", g.Key)
	}
	return info, b.flush(path.Dir(g.Key))
}

// Abandon implements [blob.Grower]. Who still writes does so into a file that
// nobody can name any more.
func (b *Blobs) Abandon(ctx context.Context, g blob.Growth) error {
	if err := errors.Join(blob.CheckKey(g.Key), ctx.Err()); err != nil {
		return err
	}
	name := path.Join(growing, g.Key)
	if err := b.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return coded(fmt.Errorf("abandon %s: %w", g.Key, err))
	}
	b.prune(path.Dir(name))
	return nil
}

// PresignParts implements [blob.Grower].
func (b *Blobs) PresignParts(context.Context, string, int64, time.Duration) (blob.Growth, []blob.Part, error) {
	return blob.Growth{}, nil, errPresign()
}
