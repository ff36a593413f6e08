package hotfolder_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/hotfolder"
	"github.com/cuepoint/cuepoint/models"
)

func TestAFileBecomesAVideoOnceUntilItChanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := b.put(t, "shows/Bees \u202e(1).wav", wav("one"))
	w := b.watch(t)
	up := b.ended(t, 1)[0]
	if up.State != models.UploadDone || up.Method != models.UploadWatch || up.Source != filepath.Join(b.dir, "shows/Bees \ufffd(1).wav") || up.Duplicate {
		t.Errorf("the upload is %+v", up)
	}
	if got := b.content(t, up.VideoID); got != wav("one") {
		t.Errorf("the video is made of %q", got)
	}
	w.looked(t, 3)
	w.stop()
	again := b.watch(t)
	again.looked(t, 5)
	b.ended(t, 1)

	b.put(t, "shows/Bees \u202e(1).wav", wav("one")) // the same, later
	if up := b.ended(t, 2)[1]; !up.Duplicate || len(b.videos(t)) != 1 {
		t.Errorf("the same bytes are %+v", up)
	}
	b.put(t, "shows/Bees \u202e(1).wav", wav("two"))
	if up := b.ended(t, 3)[2]; up.Duplicate || b.content(t, up.VideoID) != wav("two") {
		t.Errorf("other bytes are %+v", up)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	again.looked(t, 3)
	if got := len(b.videos(t)); got != 2 {
		t.Errorf("%d videos are left after the file went, want 2", got)
	}
	b.ended(t, 3)
}

// restless is a source whose files are others at each look.
type restless struct {
	hotfolder.Source
	still atomic.Bool
	looks atomic.Int64
}

func (r *restless) change(file hotfolder.File) hotfolder.File {
	if !r.still.Load() {
		file.Version += fmt.Sprint("-", r.looks.Load())
	}
	return file
}

func (r *restless) Each(ctx context.Context, f func([]hotfolder.File) error) error {
	r.looks.Add(1)
	return r.Source.Each(ctx, func(files []hotfolder.File) error {
		for i := range files {
			files[i] = r.change(files[i])
		}
		return f(files)
	})
}

func (r *restless) Find(ctx context.Context, name string) (hotfolder.File, error) {
	file, err := r.Source.Find(ctx, name)
	return r.change(file), err
}

func TestAFileThatGrowsIsLeftUntilItStandsStill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "film.wav", wav("one"))
	source := &restless{Source: hotfolder.Folder(b.dir)}
	w := b.watch(t, func(w *hotfolder.Watch) { w.Source = source })
	w.looked(t, 10)
	if got := b.uploads(t); len(got) > 0 {
		t.Fatalf("it was taken: %+v", got)
	}
	source.still.Store(true)
	b.ended(t, 1)
}

func TestAFileIsLeftForAsLongAsItHasToSettle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "film.wav", wav("one"))
	b.watch(t, func(w *hotfolder.Watch) { w.Settle = time.Hour }).looked(t, 5)
	if got := b.uploads(t); len(got) > 0 {
		t.Errorf("it was taken: %+v", got)
	}
}

func TestAFileThatIsOpenForWritingIsLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := b.put(t, "film.wav", wav("one"))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := b.watch(t)
	w.looked(t, 10)
	if got := b.uploads(t); len(got) > 0 {
		t.Fatalf("it was taken: %+v", got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b.ended(t, 1)
}

func TestWhatIsNoFileOrNotReadyIsLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := filepath.Join(t.TempDir(), "secret.wav")
	outside := t.TempDir()
	err := errors.Join(
		os.WriteFile(secret, []byte(wav("secret")), 0o600),
		os.WriteFile(filepath.Join(outside, "secret.wav"), []byte(wav("secret")), 0o600),
		os.Symlink(secret, filepath.Join(b.dir, "link.wav")),
		os.Symlink(outside, filepath.Join(b.dir, "linked")),
		os.Symlink("..", filepath.Join(b.dir, "up")),
		os.Symlink(".", filepath.Join(b.dir, "round")),
		syscall.Mkfifo(filepath.Join(b.dir, "fifo.mp4"), 0o600),
		os.MkdirAll(filepath.Join(b.dir, "x.mp4", "empty.mp4"), 0o755),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		".hidden.wav", ".dir/inside.wav", "a.wav.part", "a.wav.PART", "b.tmp", "c.crdownload", "d.wav~", "e.partial", "alone.json", "words.vtt", "words.srt",
	} {
		b.put(t, name, wav(name))
	}
	b.put(t, "nothing.wav", "")
	b.put(t, "x.mp4/inside.wav", wav("inside"))
	deep := "deep"
	for range 20 {
		deep += "/d"
	}
	b.put(t, deep+"/deep.wav", wav("deep"))
	w := b.watch(t)
	if up := b.ended(t, 1)[0]; b.content(t, up.VideoID) != wav("inside") {
		t.Errorf("taken is %+v", up)
	}
	w.looked(t, 5)
	b.ended(t, 1)
}

func TestNothingOutsideOfAFolderIsOpened(t *testing.T) {
	t.Parallel()
	b := setup(t)
	outside := t.TempDir()
	err := errors.Join(
		os.WriteFile(filepath.Join(outside, "secret.wav"), []byte("secret"), 0o600),
		os.Symlink(filepath.Join(outside, "secret.wav"), filepath.Join(b.dir, "link.wav")),
		os.Symlink(outside, filepath.Join(b.dir, "linked")),
		syscall.Mkfifo(filepath.Join(b.dir, "fifo.mp4"), 0o600),
		os.Mkdir(filepath.Join(b.dir, "x.mp4"), 0o755),
	)
	if err != nil {
		t.Fatal(err)
	}
	folder := hotfolder.Folder(b.dir)
	for _, name := range []string{"link.wav", "linked/secret.wav", "../" + filepath.Base(outside) + "/secret.wav", filepath.Join(outside, "secret.wav"), "fifo.mp4", "x.mp4"} {
		body, _, err := folder.Open(t.Context(), name, 0)
		if err == nil {
			body.Close()
		}
		if _, failed := folder.Find(t.Context(), name); err == nil || failed == nil {
			t.Errorf("%s: %v, %v", name, err, failed)
		}
	}
}

func TestAFileThatIsNoMediaIsNotedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "readme.txt", "hello")
	b.put(t, "large.wav", wav(string(make([]byte, 1<<20))))
	w := b.watch(t)
	for i, up := range b.ended(t, 2) {
		if code := models.ErrorCode(up.Error); up.State != models.UploadFailed || code != models.CodeContainerNotAllowed && code != models.CodeSourceTooLarge {
			t.Errorf("upload %d is %+v", i, up)
		}
	}
	w.looked(t, 5)
	b.ended(t, 2)
	if got := b.log.has("a file was refused"); got != 2 {
		t.Errorf("that files were refused was logged %d times, want 2", got)
	}
	b.put(t, "readme.txt", wav("now it is"))
	if up := b.ended(t, 3)[2]; up.State != models.UploadDone {
		t.Errorf("after it changed it is %+v", up)
	}
}

func TestAFolderThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	there := b.dir
	b.dir = filepath.Join(t.TempDir(), "mount")
	w := b.watch(t)
	w.looked(t, 5)
	if got := b.log.has("cannot be read"); got != 1 {
		t.Errorf("that the folder is away was logged %d times, want once", got)
	}
	if err := os.Symlink(there, b.dir); err != nil { // the folder itself may be a link
		t.Fatal(err)
	}
	b.put(t, "film.wav", wav("one"))
	b.ended(t, 1)
}
