package hotfolder_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cuepoint/cuepoint/internal/hotfolder"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// mortal is a process that dies at a step: nothing it does later happens.
type mortal struct {
	steps, at int64
	mu        sync.Mutex
}

var errDead = errors.New("the process is dead")

// do does a step. Of two, one before and one after it, one may be the last.
func (m *mortal) do(step func() error) error {
	if m.dies() {
		return errDead
	}
	if err := step(); err != nil {
		return err
	}
	if m.dies() {
		return errDead
	}
	return nil
}

func (m *mortal) dies() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps++
	return m.steps >= m.at
}

func (m *mortal) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.steps >= m.at
}

type mortalStore struct {
	store.Store
	*mortal
}

func (s mortalStore) Tx(ctx context.Context, f func(store.Tx) error) error {
	return s.do(func() error { return s.Store.Tx(ctx, f) })
}

func (s mortalStore) In(workspace string) store.Library {
	return mortalLibrary{s.Store.In(workspace), s.mortal}
}

type mortalLibrary struct {
	store.Library
	*mortal
}

func (l mortalLibrary) SaveWatched(ctx context.Context, w store.Watched) error {
	return l.do(func() error { return l.Library.SaveWatched(ctx, w) })
}

func (l mortalLibrary) SaveUpload(ctx context.Context, u models.Upload) error {
	return l.do(func() error { return l.Library.SaveUpload(ctx, u) })
}

func (l mortalLibrary) TakeUpload(ctx context.Context, id string) (u models.Upload, err error) {
	err = l.do(func() error { u, err = l.Library.TakeUpload(ctx, id); return err })
	return u, err
}

type mortalBlobs struct {
	blob.Store
	*mortal
}

func (b mortalBlobs) Put(ctx context.Context, key string, r io.Reader, size int64, opt blob.PutOptions) (info blob.Info, err error) {
	err = b.do(func() error { info, err = b.Store.Put(ctx, key, r, size, opt); return err })
	return info, err
}

func (b mortalBlobs) Grow(ctx context.Context, g blob.Growth, r io.Reader, save func(blob.Growth) error) (next blob.Growth, err error) {
	err = b.do(func() error { next, err = b.Store.Grow(ctx, g, r, save); return err })
	return next, err
}

func (b mortalBlobs) Finish(ctx context.Context, g blob.Growth, size int64, sum string) (info blob.Info, err error) {
	err = b.do(func() error { info, err = b.Store.Finish(ctx, g, size, sum); return err })
	return info, err
}

func (b mortalBlobs) Delete(ctx context.Context, key string) error {
	return b.do(func() error { return b.Store.Delete(ctx, key) })
}

func TestAFileBecomesOneVideoWhereverItsProcessDies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for at := int64(1); ; at++ {
		name := fmt.Sprintf("film%d.wav", at)
		b.put(t, name+".json", `{"captions": "words.vtt", "allow_duplicate": true}`)
		b.put(t, "words.vtt", vtt)
		b.put(t, name, wav(name))
		m := &mortal{at: at}
		one := b.run(t, process{mortalStore{b.db, m}, mortalBlobs{b.blobs, m}, ingest.Limits{}})
		settled := func() bool {
			rows, err := b.lib.Watched(t.Context(), one.Source.Name(), []string{name})
			return err == nil && len(rows) == 1 && rows[0].Due.IsZero()
		}
		eventually(t, "an end of "+name, func() bool { return m.dead() || settled() })
		lived := !m.dead()
		one.stop()
		if lived {
			break
		}
		two := b.watch(t)
		eventually(t, "a new process that ends "+name, settled)
		two.looked(t, 2)
		if up := b.ended(t, int(at))[at-1]; up.State != models.UploadDone || b.content(t, up.VideoID) != wav(name) {
			t.Fatalf("dead at step %d: %+v", at, up)
		}
		two.stop()
		if n := len(b.videos(t)); n != int(at) {
			t.Fatalf("dead at step %d: %d videos", at, n)
		}
	}
	if n := len(b.videos(t)); n < 12 {
		t.Errorf("a process does %d steps for a file; were all of them seen?", n)
	}
}

func TestOfManyProcessesOneTakesEachFile(t *testing.T) {
	t.Parallel()
	for name, setup := range map[string]func(*testing.T) *bench{"sqlite": setup, "postgres": setupPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			const files = 30
			for i := range files {
				b.put(t, fmt.Sprintf("film%d.wav", i), wav(fmt.Sprint(i)))
			}
			for range 3 {
				defer b.watch(t).looked(t, 3)
			}
			for _, up := range b.ended(t, files) {
				if up.State != models.UploadDone || up.Duplicate {
					t.Errorf("%+v", up)
				}
			}
			if n := len(b.videos(t)); n != files {
				t.Errorf("%d videos, want %d", n, files)
			}
		})
	}
}

// meddling changes a file when its first bytes have been read.
type meddling struct {
	hotfolder.Source
	once   sync.Once
	meddle func()
}

func (m *meddling) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, hotfolder.File, error) {
	body, file, err := m.Source.Open(ctx, name, offset)
	return &meddled{body, m}, file, err
}

type meddled struct {
	io.ReadCloser
	by *meddling
}

func (m *meddled) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p[:min(len(p), 1000)])
	m.by.once.Do(m.by.meddle)
	return n, err
}

func TestAFileThatChangesWhileItIsReadIsTakenAgain(t *testing.T) {
	t.Parallel()
	before, after := wav(strings.Repeat("before", 50_000)), wav(strings.Repeat("after.", 50_000))
	for name, end := range map[string]func(b *bench, t *testing.T, path string){
		"overwritten": func(_ *bench, t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			_, err = f.WriteString(after)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Error(err)
			}
		},
		"cut off": func(b *bench, t *testing.T, path string) {
			if err := errors.Join(os.Truncate(path, 1000), os.WriteFile(path, []byte(after), 0o600)); err != nil {
				t.Error(err)
			}
		},
		"replaced": func(b *bench, t *testing.T, _ string) { b.put(t, "film.wav", after) },
		"gone": func(b *bench, t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			path := b.put(t, "film.wav", before)
			source := &meddling{Source: hotfolder.Folder(b.dir), meddle: func() { end(b, t, path) }}
			b.watch(t, func(w *hotfolder.Watch) { w.Source = source })
			if name == "gone" {
				b.ended(t, 1)
				b.put(t, "film.wav", after)
			}
			all := b.ended(t, 2)
			first, last := all[0], all[1]
			if whole := first.State == models.UploadDone && b.content(t, first.VideoID) == before; !whole && models.ErrorCode(first.Error) != models.CodeSourceUnavailable {
				t.Errorf("first %+v", first)
			}
			if last.State != models.UploadDone || b.content(t, last.VideoID) != after {
				t.Errorf("then %+v", last)
			}
		})
	}
}

// flaky is a store of files that cannot be reached at first.
type flaky struct {
	blob.Store
	left atomic.Int64
}

func (f *flaky) Grow(ctx context.Context, g blob.Growth, r io.Reader, save func(blob.Growth) error) (blob.Growth, error) {
	if f.left.Add(-1) < 0 {
		return f.Store.Grow(ctx, g, r, save)
	}
	next, err := f.Store.Grow(ctx, g, io.LimitReader(r, 10), save)
	return next, errors.Join(models.Errorf(models.CodeStorageUnavailable, "the store of files cannot be reached"), err)
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "film.wav", wav("one"))
	away := &flaky{Store: b.blobs}
	away.left.Store(3)
	b.run(t, process{b.db, away, ingest.Limits{}})
	if up := b.ended(t, 1)[0]; up.State != models.UploadDone || b.content(t, up.VideoID) != wav("one") || up.Error != nil {
		t.Errorf("in the end it is %+v", up)
	}
	if b.log.has("could not be taken in as a whole") == 0 {
		t.Error("nothing was logged")
	}
}

func TestAQuotaIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "words.vtt", vtt)
	b.put(t, "film.wav.json", `{"captions": "words.vtt"}`)
	b.put(t, "film.wav", wav("one"))
	full := b.run(t, process{b.db, b.blobs, ingest.Limits{Quota: 10}})
	eventually(t, "two attempts", func() bool { return b.log.has("could not be taken up") >= 2 })
	full.stop()
	if left, err := b.blobs.List(t.Context(), "sources/", "", 10); err != nil || len(left) > 0 || len(b.uploads(t)) > 0 {
		t.Errorf("left are %v, %v, %v", left, err, b.uploads(t))
	}
	b.watch(t)
	b.ended(t, 1)
}

func TestACanceledUploadIsNotBegunAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "film.wav", wav("one"))
	away := &flaky{Store: b.blobs}
	away.left.Store(1 << 40)
	w := b.run(t, process{b.db, away, ingest.Limits{}})
	eventually(t, "an upload that says why it does not go on", func() bool {
		all := b.uploads(t)
		return len(all) == 1 && models.ErrorCode(all[0].Error) == models.CodeStorageUnavailable
	})
	eventually(t, "a canceled upload", func() bool {
		_, err := w.Uploads.Delete(t.Context(), workspace, b.uploads(t)[0].ID)
		return err == nil
	})
	w.looked(t, 10)
	if up := b.ended(t, 1)[0]; up.State != models.UploadCanceled {
		t.Errorf("it is %+v", up)
	}
}
