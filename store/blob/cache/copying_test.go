package cache_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func TestManyShareOneCopying(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 10)
	waiting, opened := make(chan struct{}), make(chan struct{})
	b.store.open = func(ctx context.Context) error {
		close(opened)
		select {
		case <-waiting:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	impatient, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, _, err := b.cache.Fetch(impatient, "a") // begins it, and does not wait for the end
		gone <- err
	}()
	<-opened
	var all sync.WaitGroup
	joined := make(chan struct{}, 20)
	b.store.stat = func(info blob.Info) (blob.Info, error) {
		joined <- struct{}{}
		return info, nil
	}
	releases := make(chan func(), 20)
	for range 20 {
		all.Go(func() {
			_, release := b.fetch(t, 'a', 10)
			releases <- release
		})
	}
	<-joined
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("left: %v", err)
	}
	close(waiting)
	all.Wait()
	close(releases)
	for release := range releases {
		release()
	}
	b.want(t, 1, 0)
	b.opens(t, 1)
}

func TestACopyingThatNobodyWaitsForStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 60)
	opened, stopped := make(chan struct{}), make(chan struct{})
	b.store.open = func(ctx context.Context) error {
		if b.store.opened.Load() > 1 {
			return nil
		}
		close(opened)
		<-ctx.Done()
		close(stopped)
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, _, err := b.cache.Fetch(ctx, "a")
		gone <- err
	}()
	<-opened
	cancel()
	<-stopped
	if err := <-gone; models.ErrorCode(err) != models.CodeCanceled {
		t.Errorf("left: %v", err)
	}
	_, release := b.fetch(t, 'a', 60)
	release()
	b.reopen(t, capacity) // which waits for what is under way
	if _, partial := b.count(t); partial > 0 {
		t.Errorf("%d files left", partial)
	}
}

func TestACopyingThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		arrange func(*remote)
		code    models.Code
	}{
		"opening fails":   {func(r *remote) { r.open = func(context.Context) error { return broken } }, models.CodeInternal},
		"it breaks off":   {func(r *remote) { r.wrap = cut(io.ErrUnexpectedEOF) }, models.CodeInternal},
		"it ends early":   {func(r *remote) { r.wrap = cut(io.EOF) }, models.CodeChecksumMismatch},
		"it is another":   {func(r *remote) { r.stat = say(func(i *blob.Info) { i.SHA256 = "12" }) }, models.CodeChecksumMismatch},
		"it is longer":    {func(r *remote) { r.stat = say(func(i *blob.Info) { i.Size-- }) }, models.CodeChecksumMismatch},
		"ever replaced":   {func(r *remote) { r.stat = say(func(i *blob.Info) { i.ETag += "x" }) }, models.CodeInternal},
		"nobody knows it": {func(r *remote) { r.stat = func(i blob.Info) (blob.Info, error) { return i, broken } }, models.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.put(t, 'a', 60)
			c.arrange(b.store)
			if _, _, err := b.cache.Fetch(t.Context(), "a"); models.ErrorCode(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
			b.want(t, 0, 0)
			b.store.open, b.store.wrap, b.store.stat = nil, nil, nil
			b.put(t, 'b', 60)
			for _, fill := range []byte("ba") { // there is room for each
				_, release := b.fetch(t, fill, 60)
				release()
			}
			b.want(t, 1, 0)
		})
	}
}

// say changes what is said of a blob.
func say(change func(*blob.Info)) func(blob.Info) (blob.Info, error) {
	return func(info blob.Info) (blob.Info, error) {
		change(&info)
		return info, nil
	}
}

// cut ends a body in its middle.
func cut(err error) func(io.ReadCloser) io.ReadCloser {
	return func(body io.ReadCloser) io.ReadCloser {
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(body, 30), failing{err}), body}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
