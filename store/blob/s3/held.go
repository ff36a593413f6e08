package s3

import (
	"io"
	"sync"
)

// block is what bytes are held in that are on their way into a part.
type block [256 << 10]byte

// blockPool keeps blocks that nobody holds bytes in.
type blockPool struct{ free sync.Pool }

func (p *blockPool) take() *block {
	if b, ok := p.free.Get().(*block); ok {
		return b
	}
	return new(block)
}

// give takes back what h has, which nobody may be reading any more, and empties it.
func (p *blockPool) give(h *held) {
	for _, b := range h.blocks {
		p.free.Put(b)
	}
	*h = held{}
}

// held is the beginning of a part, in no more blocks than it fills: an upload that
// stands still takes no more memory than that.
type held struct {
	blocks []*block
	size   int64
}

// fill adds what one Read of r brings, of no more than most bytes, and returns it.
func (h *held) fill(r io.Reader, most int64, pool *blockPool) (p []byte, err error) {
	if h.size == int64(len(h.blocks)*len(block{})) {
		h.blocks = append(h.blocks, pool.take())
	}
	in := h.size % int64(len(block{}))
	p = h.blocks[len(h.blocks)-1][in:]
	n, err := r.Read(p[:min(int64(len(p)), most)])
	h.size += int64(n)
	return p[:n], err
}

// reader reads what is held.
func (h *held) reader() *io.SectionReader { return io.NewSectionReader(h, 0, h.size) }

// ReadAt implements [io.ReaderAt].
func (h *held) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		if at >= h.size {
			return n, io.EOF
		}
		b := h.blocks[at/int64(len(block{}))]
		in := at % int64(len(b))
		more := copy(p[n:], b[in:min(int64(len(b)), in+h.size-at)])
		n, at = n+more, at+int64(more)
	}
	return n, nil
}
