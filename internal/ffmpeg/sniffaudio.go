package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"io"
)

// sniffAudio knows the formats that are a row of frames, with ID3 tags before
// them that may be megabytes long because of their pictures.
func sniffAudio(r io.ReaderAt, head []byte, size int64) (container string, err error) {
	at := int64(0)
	for tags := 0; tags < 4; tags++ {
		length := id3Len(head)
		if length == 0 {
			break
		}
		at += length
		if head, err = readAt(r, at, size); err != nil {
			return "", err
		}
	}
	if at > 0 {
		head = bytes.TrimLeft(head, "\x00") // padding that the tag does not count
	}
	end := at+int64(len(head)) >= size
	switch {
	case bytes.HasPrefix(head, []byte("fLaC")):
		return FLAC, nil
	case hasFrames(head, end, adtsFrame):
		return AAC, nil
	case hasFrames(head, end, mpegFrame):
		return MP3, nil
	}
	return "", nil
}

// id3Len is the length of the ID3v2 tag that data begins with, 0 for none
// (ID3v2.4, 3.1: a size of four times seven bits).
func id3Len(data []byte) int64 {
	if len(data) < 10 || string(data[:3]) != "ID3" || data[3] == 0xff {
		return 0
	}
	size := int64(0)
	for _, b := range data[6:10] {
		if b&0x80 != 0 {
			return 0
		}
		size = size<<7 | int64(b)
	}
	if footer := data[5]&0x10 != 0; footer {
		size += 10
	}
	return size + 10
}

// frameFunc returns the length of the frame whose header data begins with, and
// the bits of the header that all frames of a stream share; 0 for no frame.
type frameFunc func(data []byte) (length int, constant uint32)

// hasFrames looks for several frames in a row. Fewer will do where they reach
// the end of the file, and a little of something else may come before them.
func hasFrames(data []byte, end bool, frame frameFunc) bool {
	const inARow, junk = 5, 4 << 10
	for start := 0; start < min(len(data), junk); start++ {
		if data[start] != 0xff {
			continue
		}
		at, n, first := start, 0, uint32(0)
		for n < inARow {
			length, constant := frame(data[at:])
			if length == 0 || n > 0 && constant != first {
				break
			}
			first = constant
			n++
			if at += length; at >= len(data) {
				break
			}
		}
		if n >= inARow || n >= 1 && start == 0 && end && at == len(data) {
			return true
		}
	}
	return false
}

// adtsFrame reads a header of AAC in ADTS (ISO/IEC 14496-3, 1.A.3.2).
func adtsFrame(data []byte) (length int, constant uint32) {
	const header = 7
	if len(data) < header || data[0] != 0xff || data[1]&0xf6 != 0xf0 {
		return 0, 0
	}
	if rate := data[2] >> 2 & 0xf; rate > 12 {
		return 0, 0
	}
	length = int(data[3]&3)<<11 | int(data[4])<<3 | int(data[5])>>5
	if length < header {
		return 0, 0
	}
	return length, uint32(data[1])<<8 | uint32(data[2]&0xfd)
}

// Kilobits per second by index, for layers I, II and III of MPEG-1, then for
// layer I and for layers II and III of MPEG-2 (ISO/IEC 11172-3 and 13818-3).
var mpegBitrates = [5][16]int{
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

var mpegRates = [3]int{44100, 48000, 32000}

// mpegFrame reads a header of MPEG audio, layers I to III.
func mpegFrame(data []byte) (length int, constant uint32) {
	if len(data) < 4 {
		return 0, 0
	}
	h := binary.BigEndian.Uint32(data)
	version, layer := h>>19&3, 4-int(h>>17&3) // 3 is MPEG-1, 2 MPEG-2, 0 MPEG-2.5
	rateIndex, padding := h>>10&3, int(h>>9&1)
	if h>>21 != 0x7ff || version == 1 || layer == 4 || rateIndex == 3 {
		return 0, 0
	}
	table, rate := layer-1, mpegRates[rateIndex]
	if version != 3 {
		table = min(layer, 2) + 2
		rate /= 2
	}
	if version == 0 {
		rate /= 2
	}
	bitrate := mpegBitrates[table][h>>12&0xf] * 1000
	if bitrate == 0 {
		return 0, 0
	}
	switch {
	case layer == 1:
		length = (12*bitrate/rate + padding) * 4
	case layer == 3 && version != 3:
		length = 72*bitrate/rate + padding
	default:
		length = 144*bitrate/rate + padding
	}
	return length, h & 0xfffe0c00
}
