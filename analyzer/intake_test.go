package analyzer_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

func TestIntakeRefusesAndKeepsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fifo := filepath.Join(dir, "fifo.mp4")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	big := write("big.wav", "")
	if err := os.Truncate(big, 2<<20); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]models.Code{
		filepath.Join(dir, "none.mp4"): models.CodeSourceUnavailable,
		dir:                            models.CodeSourceUnavailable,
		fifo:                           models.CodeSourceUnavailable,
		write("empty.mp4", ""):         models.CodeEmptyFile,
		write("text.mp4", "hello"):     models.CodeContainerNotAllowed,
		big:                            models.CodeSourceTooLarge,
	} {
		if _, err := b.intake.Add(t.Context(), workspace, path, analyzer.Options{}); models.ErrorCode(err) != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	_, err := b.intake.Add(t.Context(), workspace, wav(t, "talk.wav"), analyzer.Options{Captions: filepath.Join(dir, "none.vtt")})
	if models.ErrorCode(err) != models.CodeSourceUnavailable {
		t.Errorf("captions that are not there: %v", err)
	}
	_, err = b.intake.Add(t.Context(), workspace, wav(t, "talk.wav"), analyzer.Options{Captions: big})
	if models.ErrorCode(err) != models.CodeCaptionsInvalid {
		t.Errorf("captions that are too large: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.intake.Add(ctx, workspace, wav(t, "talk.wav"), analyzer.Options{}); models.ErrorCode(err) != models.CodeCanceled {
		t.Errorf("after the end: %v", err)
	}
	wantLeft(t, b, "blobs/sources/*", 0)
	page, err := b.lib.Videos(t.Context(), store.VideoQuery{})
	if err != nil || len(page.Videos) > 0 {
		t.Errorf("videos: %v, %v", page.Videos, err)
	}
}

func TestIntakeKnowsBytesAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.add(t, analyzer.Options{Language: "de"})
	captions := filepath.Join(t.TempDir(), "x.srt")
	if err := os.WriteFile(captions, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := wav(t, "copy \u202e\n.wav")
	second, err := b.intake.Add(t.Context(), workspace, path, analyzer.Options{Captions: captions})
	if err != nil {
		t.Fatal(err)
	}
	if second.ID != first || second.Language != "de" || second.Captions == nil || second.Captions.Name != "x.srt" {
		t.Errorf("second is %+v", second)
	}
	if want := filepath.Join(filepath.Dir(path), "copy \ufffd\ufffd.wav"); second.Source != want {
		t.Errorf("source is %q, want %q", second.Source, want)
	}
	wantLeft(t, b, "blobs/sources/*", 2)
}

func TestIntakeBringsBackWhatWasLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path, captions := wav(t, "talk.wav"), filepath.Join(t.TempDir(), "x.srt")
	if err := os.WriteFile(captions, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add := func() *models.Video {
		t.Helper()
		v, err := b.intake.Add(t.Context(), workspace, path, analyzer.Options{Captions: captions})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	was := add()
	if again := add(); again.Blob != was.Blob || again.Captions.Blob != was.Captions.Blob {
		t.Errorf("nothing was lost, but %s became %s, and %s %s", was.Blob, again.Blob, was.Captions.Blob, again.Captions.Blob)
	}
	for _, harm := range []func(key string) error{
		func(key string) error { return b.blobs.Delete(t.Context(), key) },
		func(key string) error { // as many bytes, and not the same
			info, err := b.blobs.Stat(t.Context(), key)
			if err == nil {
				_, err = b.blobs.Put(t.Context(), key, strings.NewReader(strings.Repeat("#", int(info.Size))), -1, blob.PutOptions{})
			}
			return err
		},
	} {
		was := add()
		if err := errors.Join(harm(was.Blob), harm(was.Captions.Blob)); err != nil {
			t.Fatal(err)
		}
		is := add()
		source, err := blob.CheckBlob(t.Context(), b.blobs, is.Blob, is.Size, is.SHA256, true)
		words, failed := blob.CheckBlob(t.Context(), b.blobs, is.Captions.Blob, 2, is.Captions.SHA256, true)
		if err := errors.Join(err, failed); err != nil || source != "" || words != "" || is.ID != was.ID {
			t.Errorf("source %s, captions %s, %v", source, words, err)
		}
		garbage, err := b.control.Store.Garbage(t.Context(), time.Now().Add(time.Hour), 100)
		if err != nil || !slices.Contains(garbage, was.Blob) || !slices.Contains(garbage, was.Captions.Blob) {
			t.Errorf("discarded %v, %v", garbage, err)
		}
	}
}

// interrupted ends the submission as soon as its bytes are stored.
type interrupted struct {
	blob.Store
	end context.CancelFunc
}

func (b interrupted) Put(ctx context.Context, key string, r io.Reader, size int64, opt blob.PutOptions) (blob.Info, error) {
	defer b.end()
	return b.Store.Put(ctx, key, r, size, opt)
}

func TestBytesThatNoVideoGotAreRemovedInTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b.intake.Blobs = interrupted{b.blobs, cancel}
		if _, err := b.intake.Add(ctx, workspace, wav(t, "talk.wav"), analyzer.Options{}); models.ErrorCode(err) != models.CodeCanceled {
			t.Fatalf("error %v, want the context's", err)
		}
		left, err := b.blobs.List(t.Context(), "sources/", "", 10)
		if err != nil || len(left) != 1 {
			t.Fatalf("stored %v, %v", left, err)
		}
		for _, at := range []struct {
			after time.Duration
			want  []string
		}{{0, nil}, {25 * time.Hour, []string{left[0].Key}}} {
			if due, err := b.db.Garbage(t.Context(), time.Now().Add(at.after), 10); err != nil || !slices.Equal(due, at.want) {
				t.Errorf("after %v %v (%v) is to be removed, want %v", at.after, due, err, at.want)
			}
		}
	})
}

// meddling is a store of files before whose next Put something happens.
type meddling struct {
	blob.Store
	blob.Local
	before func()
}

func (m *meddling) Put(ctx context.Context, key string, r io.Reader, size int64, opt blob.PutOptions) (blob.Info, error) {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	return m.Store.Put(ctx, key, r, size, opt)
}

func TestAVideoMayComeOrGoWhileItsFileIsStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	between := &meddling{Store: b.blobs, Local: b.blobs.(blob.Local)}
	slow := *b.intake
	slow.Blobs = between
	path, captions := wav(t, "talk.wav"), filepath.Join(t.TempDir(), "x.srt")
	if err := os.WriteFile(captions, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	opt := analyzer.Options{Captions: captions}

	var meanwhile string
	between.before = func() { meanwhile = b.add(t, analyzer.Options{}) }
	v, err := slow.Add(t.Context(), workspace, path, opt)
	if err != nil || v.ID != meanwhile || v.Captions == nil {
		t.Errorf("one came: %+v, %v", v, err)
	}
	wantLeft(t, b, "blobs/sources/*", 2)

	if err := b.control.Delete(t.Context(), workspace, meanwhile, analyzer.Deletion{Purge: true}); err != nil {
		t.Fatal(err)
	}
	meanwhile = b.add(t, analyzer.Options{})
	between.before = func() {
		if err := b.control.Delete(t.Context(), workspace, meanwhile, analyzer.Deletion{Purge: true}); err != nil {
			t.Error(err)
		}
	}
	if v, err = slow.Add(t.Context(), workspace, path, opt); err != nil || v.ID == meanwhile || v.Captions == nil {
		t.Errorf("one went: %+v, %v", v, err)
	}
	if err := b.worker(t, "one").Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, b, "blobs/sources/*", 2)
}
