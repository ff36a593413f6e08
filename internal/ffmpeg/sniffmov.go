package ffmpeg

import (
	"encoding/binary"
	"io"
)

// movBoxes may be the first of an ISO base media or QuickTime file that does
// not begin with ftyp.
var movBoxes = map[string]bool{
	"moov": true, "mdat": true, "moof": true, "free": true, "skip": true,
	"wide": true, "pnot": true, "styp": true, "sidx": true, "uuid": true,
}

// stillBrands are of pictures that share the container.
var stillBrands = map[string]bool{
	"heic": true, "heix": true, "heim": true, "heis": true,
	"mif1": true, "avif": true, "crx ": true,
}

// box is the header of a box of an ISO base media file (ISO/IEC 14496-12, 4.2).
type box struct {
	kind   string
	header int64 // bytes before the payload
	size   int64 // with its header
}

// readBox reads the header at an offset. ok is false where there is none or
// where it makes no sense.
func readBox(r io.ReaderAt, at, size int64) (b box, ok bool) {
	var header [16]byte
	if n, _ := r.ReadAt(header[:], at); n < 8 {
		return box{}, false
	}
	b = box{kind: string(header[4:8]), header: 8, size: int64(binary.BigEndian.Uint32(header[:4]))}
	switch b.size {
	case 0:
		b.size = size - at
	case 1:
		b.header, b.size = 16, int64(binary.BigEndian.Uint64(header[8:]))
	}
	return b, b.size >= b.header
}

// walkBoxes calls visit with the top-level boxes of a file until it returns
// false, the file ends, or there are more than any real one has at its start.
func walkBoxes(r io.ReaderAt, size int64, visit func(at int64, b box) bool) {
	const most = 10_000
	at := int64(0)
	for range most {
		b, ok := readBox(r, at, size)
		if !ok || !visit(at, b) || b.size > size-at {
			return
		}
		at += b.size
	}
}

// isMOV tells whether a file is made of the boxes of MP4 and QuickTime.
func isMOV(r io.ReaderAt, size int64) bool {
	found := false
	walkBoxes(r, size, func(at int64, b box) bool {
		switch {
		case b.kind == "ftyp":
			var brand [4]byte
			_, err := r.ReadAt(brand[:], at+b.header)
			found = err == nil && !stillBrands[string(brand[:])]
			return false
		case b.kind == "moov" || b.kind == "mdat" || b.kind == "moof":
			found = true
			return false
		}
		return movBoxes[b.kind]
	})
	return found
}

// hasIndex tells whether the file says at all what is in it.
func hasIndex(r io.ReaderAt, size int64) bool {
	found := false
	walkBoxes(r, size, func(at int64, b box) bool {
		found = b.kind == "moov" && b.size <= size-at
		return !found
	})
	return found
}
