package ffmpeg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
)

// The containers that are accepted, as FFmpeg names their demuxers.
const (
	MOV      = "mov"      // MP4, MOV, 3GP and their fragmented forms
	Matroska = "matroska" // and WebM
	AVI      = "avi"
	MPEGTS   = "mpegts"
	MPEGPS   = "mpeg"
	FLV      = "flv"
	ASF      = "asf"
	Ogg      = "ogg"
	MP3      = "mp3"
	WAV      = "wav"
	AAC      = "aac" // raw, in ADTS frames
	FLAC     = "flac"
)

// Containers are those that are accepted.
func Containers() []string {
	return []string{MOV, Matroska, AVI, MPEGTS, MPEGPS, FLV, ASF, Ogg, MP3, WAV, AAC, FLAC}
}

const accepted = "MP4/MOV, Matroska/WebM, AVI, MPEG-TS, MPEG-PS, FLV, ASF, Ogg, MP3, WAV, AAC or FLAC"

// sniffLen is how much of a file's start is looked at in one go.
const sniffLen = 64 << 10

// SniffFile is [Sniff] for a file, SOURCE_UNAVAILABLE where it cannot be read.
func SniffFile(path string) (container string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", unreadable(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return "", unreadable(path, errors.New("not a regular file"))
	}
	return Sniff(f, info.Size())
}

func unreadable(path string, err error) error {
	return models.Errorf(models.CodeSourceUnavailable,
		"%s cannot be read; check that it is a file and that you may read it", path).Because(err)
}

// Sniff tells a file's container by its first bytes and never by its name.
// EMPTY_FILE for no bytes at all; CONTAINER_NOT_ALLOWED for everything that is
// not accepted, so that FFmpeg never gets to see a playlist or a script.
func Sniff(r io.ReaderAt, size int64) (container string, err error) {
	if size <= 0 {
		return "", models.Errorf(models.CodeEmptyFile, "the file is empty; was it copied or uploaded completely?")
	}
	head, err := readAt(r, 0, size)
	if err != nil {
		return "", unreadable("the file", err)
	}
	if container := sniffMagic(head); container != "" {
		return container, nil
	}
	if isMOV(r, size) {
		return MOV, nil
	}
	if isTransportStream(head) {
		return MPEGTS, nil
	}
	container, err = sniffAudio(r, head, size)
	if err != nil {
		return "", unreadable("the file", err)
	}
	if container != "" {
		return container, nil
	}
	return "", refuse(head)
}

// readAt reads up to sniffLen bytes at an offset of a file of a known size.
func readAt(r io.ReaderAt, at, size int64) ([]byte, error) {
	if at >= size {
		return nil, nil
	}
	buf := make([]byte, min(sniffLen, size-at))
	n, err := r.ReadAt(buf, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return buf[:n], nil
}

// sniffMagic knows the containers that begin with a fixed sequence.
func sniffMagic(head []byte) string {
	at := func(offset int, magic string) bool {
		return len(head) >= offset+len(magic) && string(head[offset:offset+len(magic)]) == magic
	}
	riff := at(0, "RIFF") || at(0, "RF64") || at(0, "BW64")
	switch {
	case at(0, "\x1a\x45\xdf\xa3"):
		if isMatroska(head) {
			return Matroska
		}
	case at(0, "RIFF") && (at(8, "AVI ") || at(8, "AVIX")):
		return AVI
	case riff && at(8, "WAVE"):
		return WAV
	case at(0, "FLV\x01"):
		return FLV
	case at(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"):
		return ASF
	case at(0, "OggS\x00"):
		return Ogg
	case at(0, "fLaC"):
		return FLAC
	case at(0, "\x00\x00\x01\xba") && len(head) > 4 && (head[4]&0xc0 == 0x40 || head[4]&0xf0 == 0x20):
		return MPEGPS
	}
	return ""
}

// isMatroska looks for the document type in an EBML header (RFC 8794, 11.2.4).
func isMatroska(head []byte) bool {
	const docType = "\x42\x82"
	i := bytes.Index(head[:min(len(head), 256)], []byte(docType))
	if i < 0 {
		return false
	}
	value := head[i+len(docType):]
	for _, name := range []string{"\x88matroska", "\x84webm"} {
		if bytes.HasPrefix(value, []byte(name)) {
			return true
		}
	}
	return false
}

// isTransportStream looks for several MPEG-TS packets in a row, of 188 bytes or
// of 192 as on Blu-ray; a recording may begin in the middle of one. A sync byte
// is the letter G, so that a packet's header must make sense too
// (ISO/IEC 13818-1, 2.4.3.2).
func isTransportStream(head []byte) bool {
	const inARow = 5
	for _, length := range []int{188, 192} {
		for start := 0; start < length; start++ {
			n := 0
			for at := start; at+4 <= len(head) && head[at] == 0x47 && head[at+3]&0x30 != 0; at += length {
				n++
			}
			whole := start <= 4 && n > 1 && start+n*length >= len(head)
			if n >= inARow || whole {
				return true
			}
		}
	}
	return false
}

func refuse(head []byte) error {
	if text := head[:min(len(head), 512)]; !bytes.ContainsRune(text, 0) && (utf8.Valid(text) || bytes.HasPrefix(text, []byte("#EXTM3U"))) {
		return models.Errorf(models.CodeContainerNotAllowed,
			"this is text, or a playlist, and not a media file; give the media file itself: %s", accepted)
	}
	return models.Errorf(models.CodeContainerNotAllowed,
		"this is not a media file that Cuepoint accepts; convert it to %s", accepted)
}
