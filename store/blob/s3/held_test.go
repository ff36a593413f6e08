package s3

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestBytesAreHeldInAsManyBlocksAsTheyFill(t *testing.T) {
	t.Parallel()
	const size = len(block{})
	all := make([]byte, 4*size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(all)
	var pool blockPool
	rapid.Check(t, func(t *rapid.T) {
		want := all[:rapid.OneOf(rapid.IntRange(0, len(all)), rapid.SampledFrom([]int{size - 1, size, size + 1, 2 * size})).Draw(t, "size")]
		var h held
		for r := bytes.NewReader(want); r.Len() > 0; {
			most := rapid.IntRange(1, 2*size).Draw(t, "most")
			from := h.size
			p, err := h.fill(r, int64(most), &pool)
			if err != nil || len(p) > most || !bytes.Equal(p, want[from:h.size]) {
				t.Fatalf("%d bytes of at most %d, %v", len(p), most, err)
			}
		}
		if blocks := (len(want) + size - 1) / size; len(h.blocks) != blocks {
			t.Fatalf("%d blocks for %d bytes, want %d", len(h.blocks), len(want), blocks)
		}
		if got, err := io.ReadAll(h.reader()); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes that are not the %d that were held, %v", len(got), len(want), err)
		}
		if pool.give(&h); h.size != 0 || len(h.blocks) != 0 {
			t.Fatalf("%d bytes in %d blocks are still held", h.size, len(h.blocks))
		}
	})
}

func TestWhatIsHeldCanBeReadAsAFile(t *testing.T) {
	t.Parallel()
	var pool blockPool
	var h held
	want := make([]byte, len(block{})+9)
	_, _ = rand.NewChaCha8([32]byte{}).Read(want)
	for r := bytes.NewReader(want); r.Len() > 0; {
		if _, err := h.fill(r, int64(r.Len()), &pool); err != nil {
			t.Fatal(err)
		}
	}
	if err := iotest.TestReader(h.reader(), want); err != nil {
		t.Error(err)
	}
	p := make([]byte, 10)
	if n, err := h.ReadAt(p, h.size-9); n != 9 || !errors.Is(err, io.EOF) || !bytes.Equal(p[:9], want[len(want)-9:]) {
		t.Errorf("%d bytes at the end, %v", n, err)
	}
}

// nothing brings none, as a body does of which nothing has come.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestAReadThatBringsNothingTakesNoMoreBlocks(t *testing.T) {
	t.Parallel()
	var pool blockPool
	var h held
	for range 3 {
		if p, err := h.fill(nothing{}, 1, &pool); len(p) > 0 || err != nil || len(h.blocks) != 1 {
			t.Fatalf("%d bytes in %d blocks, %v", len(p), len(h.blocks), err)
		}
	}
	if n, err := h.reader().Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
}
