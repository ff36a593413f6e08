package ffmpeg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

var all = []string{
	ffmpeg.MOV, ffmpeg.Matroska, ffmpeg.AVI, ffmpeg.MPEGTS, ffmpeg.MPEGPS, ffmpeg.FLV,
	ffmpeg.ASF, ffmpeg.Ogg, ffmpeg.MP3, ffmpeg.WAV, ffmpeg.AAC, ffmpeg.FLAC,
}

func sniff(data []byte) (string, error) {
	return ffmpeg.Sniff(bytes.NewReader(data), int64(len(data)))
}

// picture and sound are inputs of a second.
var (
	picture = []string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1"}
	sound   = []string{"-f", "lavfi", "-i", "sine=r=44100:d=1"}
	both    = slices.Concat(picture, sound)
)

func args(inputs []string, more ...string) []string { return slices.Concat(inputs, more) }

func TestEveryAcceptedContainerIsKnownByItsBytesAndOpened(t *testing.T) {
	t.Parallel()
	tools := testenv.FFmpeg(t)
	x264 := []string{"-c:v", "libx264", "-preset", "ultrafast"}
	for _, test := range []struct {
		name, container string
		args            []string
	}{
		{"a.mp4", ffmpeg.MOV, args(both, x264...)},
		{"a.mov", ffmpeg.MOV, args(both, x264...)},
		{"a.3gp", ffmpeg.MOV, args(picture, "-vf", "scale=176:144", "-c:v", "h263")},
		{"fragmented.mp4", ffmpeg.MOV, args(both, "-c:v", "libx264", "-preset", "ultrafast", "-movflags", "frag_keyframe+empty_moov")},
		{"a.mkv", ffmpeg.Matroska, args(both, x264...)},
		{"a.webm", ffmpeg.Matroska, args(both, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8")},
		{"a.avi", ffmpeg.AVI, both},
		{"a.ts", ffmpeg.MPEGTS, args(both, x264...)},
		{"a.m2ts", ffmpeg.MPEGTS, args(both, "-c:v", "mpeg2video", "-mpegts_m2ts_mode", "1")},
		{"a.mpg", ffmpeg.MPEGPS, args(both, "-c:v", "mpeg1video")},
		{"a.vob", ffmpeg.MPEGPS, both},
		{"a.flv", ffmpeg.FLV, both},
		{"a.wmv", ffmpeg.ASF, both},
		{"a.ogg", ffmpeg.Ogg, args(sound, "-c:a", "libvorbis")},
		{"a.mp3", ffmpeg.MP3, sound},
		{"a.mp2", ffmpeg.MP3, sound},
		{"low.mp3", ffmpeg.MP3, args(sound, "-ar", "16000", "-b:a", "32k", "-write_xing", "0", "-id3v2_version", "0")},
		{"a.wav", ffmpeg.WAV, sound},
		{"rf64.wav", ffmpeg.WAV, args(sound, "-rf64", "always")},
		{"a.aac", ffmpeg.AAC, sound},
		{"a.flac", ffmpeg.FLAC, sound},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := testenv.Clip(t, test.name, test.args...)
			if got, err := ffmpeg.SniffFile(path); got != test.container || err != nil {
				t.Fatalf("sniffed %q, %v; want %s", got, err, test.container)
			}
			media, err := tools.Probe(t.Context(), path, ffmpeg.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if media.Container != test.container || media.Duration <= 0 {
				t.Errorf("probed as %s of %v", media.Container, media.Duration)
			}
		})
	}
}

// box makes an MP4 box.
func box(kind string, payload string) string {
	size := binary.BigEndian.AppendUint32(nil, uint32(8+len(payload)))
	return string(size) + kind + payload
}

func TestUnusualBeginningsAreKnown(t *testing.T) {
	t.Parallel()
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	mp3 := read(testenv.Clip(t, "a.mp3", sound...))
	adts := read(testenv.Clip(t, "a.aac", sound...))
	flac := read(testenv.Clip(t, "a.flac", sound...))
	ts := read(testenv.Clip(t, "a.ts", args(both, "-c:v", "libx264", "-preset", "ultrafast")...))
	// A tag of 1 MiB, as one with a large cover.
	tag := append([]byte("ID3\x04\x00\x00\x00\x40\x00\x00"), make([]byte, 1<<20)...)
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"mdat before moov":        {[]byte(box("wide", "") + box("mdat", "....")), ffmpeg.MOV},
		"free before ftyp":        {[]byte(box("free", "xxxx") + box("ftyp", "isom....")), ffmpeg.MOV},
		"a fragment":              {[]byte(box("styp", "msdh....") + box("moof", "")), ffmpeg.MOV},
		"mdat of 64-bit size":     {[]byte("\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x18........"), ffmpeg.MOV},
		"mdat to the end":         {[]byte("\x00\x00\x00\x00mdat...."), ffmpeg.MOV},
		"MP3 after a large tag":   {slices.Concat(tag, mp3), ffmpeg.MP3},
		"FLAC after a tag":        {slices.Concat(tag, flac), ffmpeg.FLAC},
		"AAC after a tag":         {slices.Concat(tag, adts), ffmpeg.AAC},
		"MP3 after zeros":         {slices.Concat(tag, make([]byte, 3000), mp3), ffmpeg.MP3},
		"a single frame of AAC":   {adts[:frameLength(adts)], ffmpeg.AAC},
		"TS cut in a packet":      {ts[100:], ffmpeg.MPEGTS},
		"a few packets of TS":     {ts[:188*3], ffmpeg.MPEGTS},
		"MPEG-1 program stream":   {[]byte("\x00\x00\x01\xba\x21\x00\x01"), ffmpeg.MPEGPS},
		"RIFF of more than 4 GiB": {[]byte("RF64\xff\xff\xff\xffWAVEds64"), ffmpeg.WAV},
	} {
		if got, err := sniff(test.data); got != test.want {
			t.Errorf("%s: sniffed %q, %v; want %s", name, got, err, test.want)
		}
	}
}

// frameLength is the length of the first ADTS frame.
func frameLength(adts []byte) int {
	return int(adts[3]&3)<<11 | int(adts[4])<<3 | int(adts[5])>>5
}

func TestEverythingElseIsRefusedWithoutFFmpeg(t *testing.T) {
	t.Parallel()
	random := make([]byte, 1<<20)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(random)
	for name, data := range map[string]string{
		"text":                   "hello, world\n",
		"letters G":              strings.Repeat("G", 4096),
		"a playlist":             "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
		"a playlist, not UTF-8":  "#EXTM3U\n#EXTINF:1,caf\xe9\nfile:///etc/passwd\n",
		"a concat script":        "ffconcat version 1.0\nfile /etc/passwd\n",
		"an SDP":                 "v=0\no=- 0 0 IN IP4 127.0.0.1\n",
		"an MPD":                 "<?xml version=\"1.0\"?><MPD/>",
		"WebVTT":                 "WEBVTT\n\n00:00.000 --> 00:01.000\nhi\n",
		"PNG":                    "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"JPEG":                   "\xff\xd8\xff\xe0\x00\x10JFIF\x00" + strings.Repeat("\x00", 500),
		"WebP":                   "RIFF\x24\x00\x00\x00WEBPVP8 ",
		"HEIC":                   box("ftyp", "heic\x00\x00\x00\x00mif1heic"),
		"AVIF":                   box("ftyp", "avif\x00\x00\x00\x00mif1"),
		"JPEG 2000":              "\x00\x00\x00\x0cjP  \r\n\x87\n",
		"ZIP":                    "PK\x03\x04",
		"PDF":                    "%PDF-1.7",
		"ELF":                    "\x7fELF\x02\x01\x01",
		"EBML of another type":   "\x1a\x45\xdf\xa3\x8a\x42\x82\x86things",
		"boxes of nothing known": box("abcd", "") + box("ftyp", "isom...."),
		"a box of no size":       "\x00\x00\x00\x04moov....",
		"an ID3 tag alone":       "ID3\x04\x00\x00\x00\x00\x00\x00",
		"tags that claim more":   "ID3\x04\x00\x00\x7f\x7f\x7f\x7f#EXTM3U\n",
		"a playlist after a tag": "ID3\x04\x00\x00\x00\x00\x00\x00#EXTM3U\nfile:///etc/passwd\n",
		"one byte":               "\xff",
		"zeros":                  strings.Repeat("\x00", 100_000),
		"ones":                   strings.Repeat("\xff", 100_000),
		"random":                 string(random),
	} {
		got, err := sniff([]byte(data))
		if got != "" || models.ErrorCode(err) != models.CodeContainerNotAllowed {
			t.Errorf("%s: sniffed %q, %v", name, got, err)
		}
		if e := models.AsError(err); e != nil && !strings.Contains(e.Message, "Matroska") {
			t.Errorf("%s: %q does not say what is accepted", name, e.Message)
		}
	}
	if _, err := sniff(nil); models.ErrorCode(err) != models.CodeEmptyFile {
		t.Errorf("no bytes: %v", err)
	}
}

func TestWhatCannotBeReadIsSaidToBeUnavailable(t *testing.T) {
	t.Parallel()
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "absent.mp4")} {
		if _, err := ffmpeg.SniffFile(path); models.ErrorCode(err) != models.CodeSourceUnavailable {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := ffmpeg.Sniff(brokenReader{}, 100); models.ErrorCode(err) != models.CodeSourceUnavailable {
		t.Errorf("broken disk: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, errors.New("input/output error") }

// FuzzSniff holds Sniff to never failing in another way than by its codes.
func FuzzSniff(f *testing.F) {
	for _, seed := range []string{
		"", "#EXTM3U", "OggS\x00", "fLaC", "\x1a\x45\xdf\xa3\x42\x82\x84webm",
		"ID3\x04\x00\x00\x00\x00\x00\x05.....\xff\xfb\x90\x00", "\xff\xf1\x50\x80\x01\x3f\xfc",
		"G\x40\x00\x10" + strings.Repeat("\xff", 184), "RIFF\x00\x00\x00\x00AVI LIST",
		box("ftyp", "isom") + box("moov", ""), "\x00\x00\x00\x01moov\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x00\x00\x00\x01free\x7f\xff\xff\xff\xff\xff\xff\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		container, err := sniff(data)
		switch models.ErrorCode(err) {
		case "":
			if !slices.Contains(all, container) {
				t.Errorf("container %q", container)
			}
		case models.CodeEmptyFile, models.CodeContainerNotAllowed:
		default:
			t.Errorf("error %v", err)
		}
	})
}
