package disk

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cuepoint/cuepoint/store/blob"
)

// How much may be written, and for how long, before it is made safe.
const (
	saveBytes = 64 << 20
	saveEvery = time.Second
)

// spare is how much of its disk a growing blob leaves to others, most of all to the
// database, without which nobody could even cancel an upload; of a small disk, a
// 64th.
const spare = 16 << 20

// chunk is what is read and written at once. Of them a call of Grow has ahead
// and two: being read, and being written.
type chunk [256 << 10]byte

const ahead = 4

// Grow implements [blob.Grower].
func (b *Blobs) Grow(ctx context.Context, g blob.Growth, r io.Reader, save func(blob.Growth) error) (blob.Growth, error) {
	if err := blob.CheckKey(g.Key); err != nil {
		return g, err
	}
	if err := ctx.Err(); err != nil {
		return g, err
	}
	g, err := b.grow(ctx, g, r, save)
	if err != nil {
		return g, coded(fmt.Errorf("grow %s: %w", g.Key, err))
	}
	return g, nil
}

func (b *Blobs) grow(ctx context.Context, g blob.Growth, r io.Reader, save func(blob.Growth) error) (blob.Growth, error) {
	tally, err := g.Tally()
	if err != nil {
		return g, err
	}
	f, stat, err := b.openGrowth(g)
	if err != nil {
		return g, err
	}
	defer f.Close()
	if stat.Size() > g.Size {
		// What is beyond was never saved, unless it was by who took our turn
		// before we had the file: then this save fails, and nothing is lost.
		if err := save(g); err != nil {
			return g, err
		}
		if err := f.Truncate(g.Size); err != nil {
			return g, err
		}
	}
	if _, err := f.Seek(g.Size, io.SeekStart); err != nil {
		return g, err
	}
	w := &growth{blobs: b, f: f, from: g, safe: g, tally: tally, save: save}
	err = w.run(ctx, r)
	return w.safe, err
}

// growth is one call of Grow. The caller's goroutine reads, one hashes and
// writes, and one makes safe what is written, so that no disk that takes its
// time holds up the reading.
type growth struct {
	blobs *Blobs
	f     *os.File
	from  blob.Growth // where it began
	safe  blob.Growth // what was saved last
	tally *blob.Tally // of what is written
	save  func(blob.Growth) error
}

// run returns why no more was written or saved, or else why no more was read.
func (w *growth) run(ctx context.Context, r io.Reader) error {
	work, failed := errgroup.WithContext(context.WithoutCancel(ctx)) // what was read is kept when ctx ends
	chunks, points := make(chan []byte, ahead), make(chan blob.Growth)
	work.Go(func() error {
		defer close(points)
		return w.write(failed, chunks, points)
	})
	work.Go(func() error { return w.settle(points) })
	err := w.read(ctx, failed, r, chunks)
	close(chunks)
	if failed := work.Wait(); failed != nil {
		return failed
	}
	return err
}

// read passes on what r holds. Nothing of it waits for what comes next.
func (w *growth) read(ctx, failed context.Context, r io.Reader, chunks chan<- []byte) error {
	for failed.Err() == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		buf := w.blobs.chunk()
		n, err := r.Read(buf[:])
		select {
		case chunks <- buf[:n]:
		case <-failed.Done():
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chunk returns one to write into, and given takes it back.
func (b *Blobs) chunk() *chunk {
	if c, ok := b.chunks.Get().(*chunk); ok {
		return c
	}
	return new(chunk)
}

func (b *Blobs) given(p []byte) { b.chunks.Put((*chunk)(p[:len(chunk{})])) }

// write writes chunks, and tells from time to time how far it is.
func (w *growth) write(failed context.Context, chunks <-chan []byte, points chan<- blob.Growth) error {
	due := time.NewTicker(saveEvery)
	defer due.Stop()
	told := w.tally.Size
	for {
		select {
		case p, more := <-chunks:
			if !more {
				w.tellLast(failed, told, points)
				return nil
			}
			n, err := w.append(p)
			w.tally.Add(p[:n])
			if err != nil { // what fitted is kept
				w.tellLast(failed, told, points)
				return err
			}
			w.blobs.given(p)
			if w.tally.Size-told < saveBytes {
				continue
			}
		case <-due.C:
		case <-failed.Done():
			return nil
		}
		if w.tally.Size > told {
			select {
			case points <- w.from.At(w.tally):
				told = w.tally.Size
			default: // the last is not safe yet
			}
		}
	}
}

// append writes a chunk, or as much of it as there is room for.
func (w *growth) append(p []byte) (int, error) {
	var disk syscall.Statfs_t
	if err := syscall.Fstatfs(int(w.f.Fd()), &disk); err != nil || disk.Blocks == 0 { // nobody knows
		return w.f.Write(p)
	}
	all, free := int64(disk.Blocks)*disk.Bsize, int64(disk.Bavail)*disk.Bsize
	room := max(free-min(spare, all/64), 0)
	if int64(len(p)) <= room {
		return w.f.Write(p)
	}
	n, err := w.f.Write(p[:room])
	if err == nil {
		err = syscall.ENOSPC
	}
	return n, err
}

// tellLast tells how far it is at the end.
func (w *growth) tellLast(failed context.Context, told int64, points chan<- blob.Growth) {
	if w.tally.Size == told {
		return
	}
	select {
	case points <- w.from.At(w.tally):
	case <-failed.Done():
	}
}

// settle makes safe what is written, and saves how far that is.
func (w *growth) settle(points <-chan blob.Growth) error {
	for g := range points {
		if err := w.f.Sync(); err != nil {
			return err
		}
		if err := w.save(g); err != nil {
			return err
		}
		w.safe = g
	}
	return nil
}
