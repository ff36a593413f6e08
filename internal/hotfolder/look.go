package hotfolder

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// maxFound bounds the files that wait to be taken up. Others are seen when there
// is room.
const maxFound = 10_000

// candidate is a file that nobody has taken up as it is now.
type candidate struct {
	file    File
	sidecar string    // version of the one that was seen with it; empty for none
	since   time.Time // that both stand still
	look    int       // that saw it last
	tries   tries
}

// look sees to what is due, and to what has been put there.
func (w *Watch) look(ctx context.Context) error {
	w.looks++
	due := w.resume(ctx)
	err := w.Source.Each(ctx, func(files []File) error { return w.see(ctx, files) })
	if err == nil {
		for name, c := range w.found {
			if c.look != w.looks {
				delete(w.found, name)
			}
		}
	}
	return errors.Join(due, err)
}

// resume goes on with what somebody began and nobody sees to any more.
func (w *Watch) resume(ctx context.Context) error {
	now := time.Now()
	if w.Alone && w.looks == 1 {
		now = now.Add(w.lease())
	}
	due, err := w.library().DueWatched(ctx, w.Source.Name(), now, page)
	for _, known := range due {
		w.start(ctx, known.Name, func(ctx context.Context) { w.goOn(ctx, known) })
	}
	return err
}

// see looks at a page of files.
func (w *Watch) see(ctx context.Context, files []File) error {
	there := make(map[string]File, len(files))
	var names []string
	for _, file := range files {
		there[file.Name] = file
		if isMedia(file.Name) && file.Size > 0 {
			names = append(names, file.Name)
		}
	}
	list, err := w.library().Watched(ctx, w.Source.Name(), names)
	if err != nil {
		return err
	}
	known := make(map[string]store.Watched, len(list))
	for _, one := range list {
		known[one.Name] = one
	}
	for _, name := range names {
		row, ok := known[name]
		if !ok {
			row = store.Watched{Watch: w.Source.Name(), Name: name}
		}
		if err := w.weigh(ctx, there, row); err != nil {
			return err
		}
	}
	return nil
}

// weigh finds out whether a file is one to be taken up, and whether it stands
// still.
func (w *Watch) weigh(ctx context.Context, there map[string]File, known store.Watched) error {
	file := there[known.Name]
	if !known.Due.IsZero() {
		return nil // it was taken up
	}
	sidecar := there[sidecarOf(file.Name)].Version
	if known.Version == file.Version {
		changed, err := w.sidecarChanged(ctx, known, sidecar)
		if err != nil || !changed {
			return err
		}
	}
	c := w.found[file.Name]
	switch {
	case c == nil && len(w.found) >= maxFound:
		return nil
	case c == nil, c.file.Version != file.Version, c.sidecar != sidecar:
		w.found[file.Name] = &candidate{file: file, sidecar: sidecar, since: time.Now(), look: w.looks}
		return nil
	}
	c.look = w.looks
	if time.Since(c.since) >= w.Settle && c.tries.may() {
		w.start(ctx, file.Name, func(ctx context.Context) { w.take(ctx, c, known) })
	}
	return nil
}

// sidecarChanged tells whether a file was refused because of a sidecar that is
// another now, or gone. sidecar is the version of the one that was seen, which may
// be there also where none was: among other files.
func (w *Watch) sidecarChanged(ctx context.Context, known store.Watched, sidecar string) (bool, error) {
	if known.Sidecar == "" || sidecar != "" {
		return known.Sidecar != sidecar && known.Sidecar != "", nil
	}
	file, err := w.Source.Find(ctx, sidecarOf(known.Name))
	if models.ErrorCode(err) == models.CodeNotFound {
		return true, nil
	}
	return file.Version != known.Sidecar, err
}

// tries counts attempts that were in vain.
type tries struct {
	mu   sync.Mutex
	n    int
	next time.Time
}

// may tells whether the time for another has come.
func (t *tries) may() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !time.Now().Before(t.next)
}

// failed notes one more, and after how long there may be another.
func (t *tries) failed(backoff func(attempts int) time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = time.Now().Add(backoff(t.n))
	t.n++
}
