package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

var badKeys = []string{
	"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", ".a", "a/.b", "-a", "@a", "a b", "a\\b", "a:b", "a%2fb", "a?b", "a#b",
	"ä", "a\x00", "a\n", "a*", strings.Repeat("a", 201), strings.Repeat("abcdefg/", 64) + "a",
}

func testKeys(t *testing.T, _ Backend, s blob.Store) {
	for _, key := range badKeys {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), 1, blob.PutOptions{})
		fails(t, fmt.Sprintf("put %q", key), err, models.CodeInvalidArgument)
		_, _, err = s.Open(t.Context(), key, 0, -1)
		fails(t, fmt.Sprintf("open %q", key), err, models.CodeInvalidArgument)
		_, err = s.Stat(t.Context(), key)
		fails(t, fmt.Sprintf("stat %q", key), err, models.CodeInvalidArgument)
		fails(t, fmt.Sprintf("delete %q", key), s.Delete(t.Context(), key), models.CodeInvalidArgument)
		fails(t, fmt.Sprintf("delete below %q", key), s.DeletePrefix(t.Context(), key+"/"), models.CodeInvalidArgument)
		_, err = s.List(t.Context(), key+"/", "", 1)
		fails(t, fmt.Sprintf("list %q", key), err, models.CodeInvalidArgument)
		if s.Features().Presign {
			_, err = s.PresignGet(t.Context(), key, time.Minute)
			fails(t, fmt.Sprintf("presign get %q", key), err, models.CodeInvalidArgument)
			_, err = s.PresignPut(t.Context(), key, time.Minute, blob.PutWant{})
			fails(t, fmt.Sprintf("presign put %q", key), err, models.CodeInvalidArgument)
		}
	}
	fails(t, "delete everything", s.DeletePrefix(t.Context(), ""), models.CodeInvalidArgument)
	fails(t, "delete by half a name", s.DeletePrefix(t.Context(), "a"), models.CodeInvalidArgument)
	_, err := s.List(t.Context(), "", "", 0)
	fails(t, "an empty page", err, models.CodeInvalidArgument)
	long := strings.Repeat("abcdefg/", 63) + "abcdefgh"
	for _, key := range []string{"a", "_", "0.@-_", "videos/v1/speech@run/captions.en-US.vtt", strings.Repeat("a", 200), long} {
		put(t, s, key, []byte(key))
		holds(t, s, key, []byte(key))
	}
}

func testEnded(t *testing.T, b Backend, s blob.Store) {
	put(t, s, "a", []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, "b", strings.NewReader("x"), 1, blob.PutOptions{})
	fails(t, "put", err, models.CodeCanceled)
	_, _, err = s.Open(ctx, "a", 0, -1)
	fails(t, "open", err, models.CodeCanceled)
	_, err = s.Stat(ctx, "a")
	fails(t, "stat", err, models.CodeCanceled)
	_, err = s.List(ctx, "", "", 5)
	fails(t, "list", err, models.CodeCanceled)
	fails(t, "delete", s.Delete(ctx, "a"), models.CodeCanceled)
	fails(t, "delete below", s.DeletePrefix(ctx, "a/"), models.CodeCanceled)
	holds(t, s, "a", []byte("x"))
	if left := b.Unfinished(t, s, "b"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func testConcurrent(t *testing.T, b Backend, s blob.Store) {
	const writers, rounds = 8, 5
	var all sync.WaitGroup
	whole := func(data []byte) bool {
		return len(data) > 1000 && bytes.Equal(data, content(uint64(len(data)-1000), int64(len(data))))
	}
	for n := range writers {
		all.Go(func() {
			for range rounds {
				data := content(uint64(n+1), int64(n+1001)) // whose length tells whose it is
				if _, err := s.Put(t.Context(), "a/key", bytes.NewReader(data), -1, blob.PutOptions{}); err != nil {
					t.Error(err)
				}
				if got, _, err := get(t.Context(), s, "a/key", 0, -1); err != nil || !whole(got) {
					t.Errorf("read %d bytes of no writer's, %v", len(got), err)
				}
			}
		})
		// A neighbour comes and goes: its directory may be removed under a Put.
		all.Go(func() {
			key := fmt.Sprintf("b/c/%d", n)
			for range rounds {
				_, err := s.Put(t.Context(), key, strings.NewReader(key), -1, blob.PutOptions{})
				if err := errors.Join(err, s.Delete(t.Context(), key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if left := b.Unfinished(t, s, "a/key"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

var errReader = errors.New("the source broke")

// badPut is a Put that must fail.
type badPut struct {
	name string
	r    func() io.Reader
	size int64
	sum  string
	code models.Code
}

// badPuts are Puts of data's bytes, more or less.
func badPuts(data []byte) []badPut {
	n, others := int64(len(data)), hash([]byte("others"))
	whole := func() io.Reader { return bytes.NewReader(data) }
	broken := func(err error) func() io.Reader {
		return func() io.Reader { return io.MultiReader(bytes.NewReader(data), &failing{err}) }
	}
	return []badPut{
		{"a reader that fails", broken(errReader), -1, "", models.CodeInternal},
		{"a reader that fails, of size", broken(errReader), n + 10, "", models.CodeInternal},
		{"a reader that breaks off once", broken(io.ErrUnexpectedEOF), -1, "", models.CodeInternal},
		{"fewer bytes", whole, n + 1, "", models.CodeChecksumMismatch},
		{"more bytes", whole, n - 1, "", models.CodeChecksumMismatch},
		{"other bytes", whole, n, others, models.CodeChecksumMismatch},
		{"other bytes, of unknown size", whole, -1, others, models.CodeChecksumMismatch},
	}
}

// failing fails once, and then seems to be at its end.
type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) {
	err := f.err
	f.err = io.EOF
	return 0, err
}

func testFailedPut(t *testing.T, b Backend, s blob.Store) {
	put(t, s, "a", []byte("before"))
	for _, bad := range badPuts(content(1, 1000)) {
		for _, key := range []string{"a", "new/key"} {
			_, err := s.Put(t.Context(), key, bad.r(), bad.size, blob.PutOptions{SHA256: bad.sum})
			fails(t, bad.name, err, bad.code)
			if bad.code == models.CodeInternal && !errors.Is(err, errReader) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %v, want the reader's own error", bad.name, err)
			}
		}
		holds(t, s, "a", []byte("before"))
	}
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	clean(t, b, s, "a")
	clean(t, b, s, "new/key")
}

func testFailedLarge(t *testing.T, b Backend, s blob.Store) {
	for _, bad := range badPuts(content(1, 2*b.Part+10)) {
		if b.Part > 0 && strings.Contains(bad.name, ", of") {
			continue // the same way once more, at ten megabytes each
		}
		_, err := s.Put(t.Context(), "new/key", bad.r(), bad.size, blob.PutOptions{SHA256: bad.sum})
		fails(t, bad.name, err, bad.code)
	}
	clean(t, b, s, "new/key")
}

// blocking gives data, tells that it was read, and then waits to be released.
type blocking struct {
	data     io.Reader
	at       chan struct{}
	released <-chan struct{}
	once     sync.Once
}

func (b *blocking) Read(p []byte) (int, error) {
	n, err := b.data.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	b.once.Do(func() { close(b.at) })
	<-b.released
	return n, err
}

func testCanceled(t *testing.T, b Backend, s blob.Store) {
	for _, size := range []int64{100, 2*b.Part + 100} {
		ctx, cancel := context.WithCancel(t.Context())
		r := &blocking{data: bytes.NewReader(content(1, size)), at: make(chan struct{}), released: ctx.Done()}
		done := make(chan error)
		go func() {
			_, err := s.Put(ctx, "a/key", r, -1, blob.PutOptions{})
			done <- err
		}()
		<-r.at
		if _, err := s.Stat(t.Context(), "a/key"); models.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("seen before its end: %v", err)
		}
		cancel()
		if err := <-done; models.ErrorCode(err) != models.CodeCanceled {
			t.Errorf("canceled: %v", err)
		}
		clean(t, b, s, "a/key")
	}
}

func testSweep(t *testing.T, b Backend, s blob.Store) {
	released := make(chan struct{})
	data := content(1, b.Part+100)
	r := &blocking{data: bytes.NewReader(data), at: make(chan struct{}), released: released}
	done := make(chan error)
	go func() {
		_, err := s.Put(t.Context(), "a/key", r, -1, blob.PutOptions{})
		done <- err
	}()
	<-r.at
	err := s.Sweep(t.Context(), time.Hour, nil)
	close(released)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	holds(t, s, "a/key", data)
}

// tree writes files whose content is their name, and returns their directory.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func keys(infos []blob.Info) []string {
	names := []string{}
	for _, info := range infos {
		names = append(names, info.Key)
	}
	return names
}

func testTree(t *testing.T, _ Backend, s blob.Store) {
	names := []string{"360p/1.m4s", "360p/init.mp4", "master.m3u8"}
	for n := range 20 {
		names = append(names, fmt.Sprintf("thumbs/%02d.jpg", n))
	}
	if err := blob.PutTree(t.Context(), s, "videos/v1/package@r1/", tree(t, names...), func(string) string { return "a/b" }); err != nil {
		t.Fatal(err)
	}
	var got []string
	for info, err := range blob.All(t.Context(), s, "videos/v1/") {
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(info.Key, "videos/v1/package@r1/")
		got = append(got, name)
		holds(t, s, info.Key, []byte(name))
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	err := blob.PutTree(t.Context(), s, "videos/v1/package@r1/", tree(t, "x"), nil)
	fails(t, "where something is", err, models.CodeAlreadyExists)
}

func testFailedTree(t *testing.T, b Backend, s blob.Store) {
	dir := tree(t, "1", "2", "3", "4")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fails(t, "after the end", blob.PutTree(ctx, s, "t/", dir, nil), models.CodeCanceled)
	fails(t, "everywhere", blob.PutTree(t.Context(), s, "", dir, nil), models.CodeInvalidArgument)
	fails(t, "a name that is no key", blob.PutTree(t.Context(), s, "t/", tree(t, "1", "a b"), nil), models.CodeInvalidArgument)
	linked := tree(t, "1")
	if err := os.Symlink("/etc/passwd", filepath.Join(linked, "link")); err != nil {
		t.Fatal(err)
	}
	fails(t, "a link", blob.PutTree(t.Context(), s, "t/", linked, nil), models.CodeInvalidArgument)
	if err := blob.PutTree(t.Context(), s, "t/", filepath.Join(dir, "none"), nil); err == nil {
		t.Error("put what is not there")
	}
	clean(t, b, s, "t/1")
}
