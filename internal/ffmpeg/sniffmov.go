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
func readBox(r io.ReaderAt, at, end int64) (b box, ok bool) {
	var header [16]byte
	if end-at < 8 {
		return box{}, false
	}
	if n, _ := r.ReadAt(header[:], at); n < 8 {
		return box{}, false
	}
	b = box{kind: string(header[4:8]), header: 8, size: int64(binary.BigEndian.Uint32(header[:4]))}
	switch b.size {
	case 0:
		b.size = end - at
	case 1:
		b.header, b.size = 16, int64(binary.BigEndian.Uint64(header[8:]))
	}
	return b, b.size >= b.header
}

// walkBoxes calls visit with the boxes between two offsets until it returns
// false or there are more than any real file has side by side.
func walkBoxes(r io.ReaderAt, at, end int64, visit func(at int64, b box) bool) {
	const most = 10_000
	for range most {
		b, ok := readBox(r, at, end)
		if !ok || !visit(at, b) || b.size > end-at {
			return
		}
		at += b.size
	}
}

// isMOV tells whether a file is made of the boxes of MP4 and QuickTime.
func isMOV(r io.ReaderAt, size int64) bool {
	found := false
	walkBoxes(r, 0, size, func(at int64, b box) bool {
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
	walkBoxes(r, 0, size, func(at int64, b box) bool {
		found = b.kind == "moov" && b.size <= size-at
		return !found
	})
	return found
}

// movEncrypted tells whether a track's samples are of a protected kind, behind
// which FFmpeg shows the original one.
func movEncrypted(r io.ReaderAt, size int64) bool {
	found := false
	var look func(at, end int64, depth int)
	look = func(at, end int64, depth int) {
		walkBoxes(r, at, end, func(at int64, b box) bool {
			end := min(end, at+b.size)
			switch {
			case encryptedTags[b.kind]:
				found = true
			case depth < len(sampleEntryPath) && b.kind == sampleEntryPath[depth].kind:
				look(at+b.header+sampleEntryPath[depth].fields, end, depth+1)
			}
			return !found
		})
	}
	look(0, size, 0)
	return found
}

// sampleEntryPath is the way to a track's sample entries (ISO/IEC 14496-12,
// 8.5.2), with the bytes of each box's own fields before its children.
var sampleEntryPath = []struct {
	kind   string
	fields int64
}{{"moov", 0}, {"trak", 0}, {"mdia", 0}, {"minf", 0}, {"stbl", 0}, {"stsd", 8}}
