package blobtest

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func testBytes(t *testing.T, _ Backend, s blob.Store) {
	seed := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		seed++
		data := content(seed, rapid.Int64Range(0, 100_000).Draw(rt, "size"))
		if rapid.Bool().Draw(rt, "empty") {
			data = nil
		}
		roundTrip(t, s, data, rapid.Bool().Draw(rt, "size is known"), rapid.Bool().Draw(rt, "hash is known"))
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// roundTrip puts data over what is there, and reads it.
func roundTrip(t *testing.T, s blob.Store, data []byte, sized, hashed bool) {
	t.Helper()
	size, opt := int64(-1), blob.PutOptions{ContentType: "video/mp4"}
	if sized {
		size = int64(len(data))
	}
	if hashed {
		opt.SHA256 = hash(data)
	}
	began := time.Now().Add(-time.Second).Truncate(time.Second) // file systems, too, know the time by ticks
	// Readers give what they like of what they are asked for.
	info, err := s.Put(t.Context(), "a/b", iotest.HalfReader(bytes.NewReader(data)), size, opt)
	if err != nil {
		t.Fatal(err)
	}
	if info.Key != "a/b" || info.Size != int64(len(data)) || info.SHA256 != hash(data) || info.ETag == "" {
		t.Errorf("put %+v, of %d bytes with hash %s", info, len(data), hash(data))
	}
	holds(t, s, "a/b", data)
	stat, err := s.Stat(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if stat.ETag != info.ETag || stat.Size != info.Size || stat.Key != info.Key {
		t.Errorf("stat %+v, put %+v", stat, info)
	}
	if stat.SHA256 != "" && stat.SHA256 != info.SHA256 {
		t.Errorf("stat has hash %s, want none or %s", stat.SHA256, info.SHA256)
	}
	if stat.Modified.Before(began) || stat.Modified.After(time.Now().Add(time.Second)) {
		t.Errorf("modified %s, began %s", stat.Modified, began)
	}
}

func testLarge(t *testing.T, b Backend, s blob.Store) {
	if b.Part == 0 {
		roundTrip(t, s, content(1, 3<<20), true, true)
		return
	}
	for i, size := range []int64{b.Part - 1, b.Part, b.Part + 1, 2*b.Part + 1} {
		roundTrip(t, s, content(uint64(i), size), i%2 == 0, i > 2)
	}
	holds(t, s, "a/b", content(3, 2*b.Part+1))
	fromSecond, _, err := get(t.Context(), s, "a/b", b.Part-2, 4)
	if want := content(3, 2*b.Part+1)[b.Part-2:][:4]; err != nil || !bytes.Equal(fromSecond, want) {
		t.Errorf("across parts: %x, %v, want %x", fromSecond, err, want)
	}
}

func testRanges(t *testing.T, _ Backend, s blob.Store) {
	const size = 10
	data := content(1, size)
	put(t, s, "ten", data)
	put(t, s, "none", nil)
	borders := []int64{0, 1, 5, size - 1, size, size + 1, 1 << 40}
	for _, offset := range borders {
		for _, length := range append(borders, -1, 1<<63-1) {
			want := data[min(offset, size):]
			if length >= 0 {
				want = want[:min(length, int64(len(want)))]
			}
			got, info, err := get(t.Context(), s, "ten", offset, length)
			if err != nil || !bytes.Equal(got, want) || info.Size != size {
				t.Errorf("%d bytes from %d: %x of %d, %v, want %x", length, offset, got, info.Size, err, want)
			}
			if got, info, err := get(t.Context(), s, "none", offset, length); err != nil || len(got) > 0 || info.Size != 0 {
				t.Errorf("%d bytes from %d of nothing: %x of %d, %v", length, offset, got, info.Size, err)
			}
		}
	}
	_, _, err := s.Open(t.Context(), "ten", -1, 1)
	fails(t, "a negative offset", err, models.CodeInvalidArgument)
}

func testSeeker(t *testing.T, _ Backend, s blob.Store) {
	data := content(1, 300)
	put(t, s, "a", data)
	f, err := blob.OpenSeeker(t.Context(), s, "a")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := iotest.TestReader(f, data); err != nil {
		t.Error(err)
	}
	if _, err := f.Seek(10, io.SeekStart); err != nil || f.Info().Size != 300 {
		t.Error(f.Info(), err)
	}
	put(t, s, "a", content(2, 300))
	if _, err := f.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read of what was replaced: %v", err)
	}
	_, err = blob.OpenSeeker(t.Context(), s, "b")
	fails(t, "a seeker", err, models.CodeNotFound)
}

func testNotFound(t *testing.T, _ Backend, s blob.Store) {
	put(t, s, "dir/file", []byte("x"))
	for _, key := range []string{"none", "dir", "dir/none", "dir/file/below"} {
		for _, length := range []int64{-1, 0, 5} {
			_, _, err := s.Open(t.Context(), key, 0, length)
			fails(t, "open "+key, err, models.CodeNotFound)
		}
		_, err := s.Stat(t.Context(), key)
		fails(t, "stat "+key, err, models.CodeNotFound)
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
		if err := s.DeletePrefix(t.Context(), key+"/none/"); err != nil {
			t.Errorf("delete below %s: %v", key, err)
		}
		infos, err := s.List(t.Context(), key+"/none/", "", 10)
		if err != nil || len(infos) > 0 {
			t.Errorf("list below %s: %v, %v", key, infos, err)
		}
	}
	holds(t, s, "dir/file", []byte("x"))
}
