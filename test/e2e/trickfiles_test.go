package e2e

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// trick is a file that names other files, in the hope that who reads it reads them.
type trick struct {
	name    string
	content string
	fooled  []string // options with which FFmpeg reads what it names; nil where it never does
	media   bool     // it can pass for a media file, and need not be refused
}

// tricks are files that name what a trap consists of.
func tricks(t *testing.T, tr *trap) []trick {
	t.Helper()
	remote, local := "http://"+tr.address+"/canary.mp4", tr.movie
	hls := []string{"-f", "hls", "-allowed_extensions", "ALL"}
	concat := []string{"-f", "concat", "-safe", "0"}
	absolute := []string{"-enable_drefs", "1", "-use_absolute_path", "1"}
	segments := func(lines ...string) string {
		return strings.Join(slices.Concat([]string{"#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:7"}, lines, []string{"#EXT-X-ENDLIST", ""}), "\n")
	}
	return slices.Concat([]trick{
		{"a playlist of an address", segments("#EXTINF:7,", remote), hls, false},
		{"a playlist of a file", segments("#EXTINF:7,", "file://"+local), hls, false},
		{"a playlist of a relative name", segments("#EXTINF:7,", "../../.."+local), nil, false},
		{"a playlist with a key", segments(`#EXT-X-KEY:METHOD=AES-128,URI="`+remote+`"`, "#EXTINF:7,", remote), hls, false},
		{"a playlist with a map", segments(`#EXT-X-MAP:URI="`+remote+`"`, "#EXTINF:7,", remote), hls, false},
		{"a master playlist", segments("#EXT-X-STREAM-INF:BANDWIDTH=1", remote), hls, false},
		{"a playlist after a mark of byte order", "\ufeff" + segments("#EXTINF:7,", remote), nil, false},
		{"a playlist of names alone", remote + "\n" + local + "\n", nil, false},
		{"a playlist of a radio", "[playlist]\nFile1=" + remote + "\nNumberOfEntries=1\n", nil, false},
		{"a playlist for Windows", `<asx version="3"><entry><ref href="` + remote + `"/></entry></asx>`, nil, false},
		{"a reference of ASF", "[Reference]\r\nRef1=" + remote + "?MSWMExt=.asf\r\n", nil, false},
		{"a script of ffconcat", "ffconcat version 1.0\nfile '" + local + "'\n", concat, false},
		{"a script of ffconcat with an address", "ffconcat version 1.0\nfile '" + remote + "'\n", concat, false},
		{"a script of concat", "file '" + local + "'\n", concat, false},
		{"an edit list", "# mpv EDL v0\n" + local + ",0,5\n", nil, false},
		{"a description of a session", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n", nil, false},
		{"a redirection of QuickTime", "rtsptextrtsp://" + tr.address + "/canary\r\n", nil, false},
		{"a presentation of DASH", `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT7S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>` + remote + `</BaseURL></Representation></AdaptationSet></Period></MPD>`, nil, false},
		{"a composition of IMF", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://` + tr.text + `">]><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>&e;</Id></CompositionPlaylist>`, nil, false},
		{"a picture of vectors", `<svg xmlns="http://www.w3.org/2000/svg"><image href="` + remote + `"/></svg>`, nil, false},
		{"a page", `<!doctype html><video src="` + remote + `"></video><script src="` + remote + `"></script>`, nil, false},
		{"subtitles of pictures", "# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n", nil, false},
		{"subtitles with a font", "[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: " + tr.text + "\n[Events]\nDialogue: 0,0:00:00.00,0:00:07.00,Default,,0,0,0,,{\\1img(" + remote + ")}x\n", nil, false},
		{"captions with a style", "WEBVTT\n\nSTYLE\n@import url(" + remote + ");\n\n00:00.000 --> 00:07.000\nx\n", nil, false},
		{"a script for a shell", "#!/bin/sh\ncat " + tr.text + "\n", nil, false},
		{"an archive", "PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x21\x00" + strings.Repeat("\x00", 12) + "\x0b\x00\x00\x00../../x.mp4", nil, false},
		{"a playlist before a transport stream", pad(segments("#EXTINF:7,", remote), 180) + transport(t), hls, true},
		{"a playlist before sound", pad(segments("#EXTINF:7,", remote), 1000) + sound(t), hls, true},
		{"a playlist in a tag before sound", id3("TXXX", "\x00x\x00"+segments("#EXTINF:7,", remote)) + sound(t), nil, true},
		{"a cover that is an address", id3("APIC", "\x00-->\x00\x03\x00"+remote) + sound(t), nil, true},
		{"a playlist in a film", box("ftyp", "isom\x00\x00\x02\x00isom") + box("mdat", segments("#EXTINF:7,", remote)), nil, true},
		{"a film of another's film", box("moov", box("rmra", box("rmda", box("rdrf", "\x00\x00\x00\x00url "+length(len(remote)+1)+remote+"\x00")))), nil, true},
		{"a film whose pictures are in a file", refer(t, "alis", alias(local, 0)), absolute, true},
		{"a film whose pictures are beside it", refer(t, "alis", alias("/x/canary.mp4", 1)), nil, true},
		{"a film whose pictures are at an address", refer(t, "url ", remote+"\x00"), nil, true},
		{"a film whose subtitles are a playlist", subtitled(segments("#EXTINF:7,", remote)), nil, true},
		{"a film whose subtitles are a script", subtitled("ffconcat version 1.0\nfile '" + local + "'\n"), nil, true},
	})
}

// pad fills a text up with lines that mean nothing.
func pad(text string, size int) string {
	return text + "#" + strings.Repeat("-", max(size-len(text)-2, 0)) + "\n"
}

// box makes a box of an MP4 file.
func box(kind, payload string) string { return length(8+len(payload)) + kind + payload }

func length(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }

// id3 makes a tag of one frame (ID3v2.3).
func id3(kind, payload string) string {
	frame := kind + length(len(payload)) + "\x00\x00" + payload
	n := len(frame)
	return "ID3\x03\x00\x00" + string([]byte{byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}) + frame
}

func sound(t *testing.T) string {
	t.Helper()
	return readFile(t, testenv.Clip(t, "second.mp3", "-f", "lavfi", "-i", "sine=r=44100:d=1", "-write_xing", "0", "-id3v2_version", "0"))
}

func transport(t *testing.T) string {
	t.Helper()
	return readFile(t, testenv.Clip(t, "second.ts", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx264", "-preset", "ultrafast"))
}

// refer makes a film whose pictures are said to lie elsewhere (ISO/IEC 14496-12,
// 8.7.2; alis is QuickTime's).
func refer(t *testing.T, kind, place string) string {
	t.Helper()
	film, err := os.ReadFile(testenv.Clip(t, "second.mov", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx264", "-preset", "ultrafast"))
	if err != nil {
		t.Fatal(err)
	}
	// The boxes around the reference grow with it. What they tell the places of lies
	// before them.
	reference := []byte(box("dref", "\x00\x00\x00\x00\x00\x00\x00\x01"+box(kind, "\x00\x00\x00\x00"+place)))
	at := -1
	for _, kind := range []string{"moov", "trak", "mdia", "minf", "dinf", "dref"} {
		from := max(at, 0)
		i := bytes.Index(film[from:], []byte(kind))
		if i < 0 {
			t.Fatalf("no %s box", kind)
		}
		at = from + i - 4
		if kind == "moov" && bytes.Contains(film[at:], []byte("mdat")) {
			t.Fatal("the pictures come last")
		}
	}
	old := int(binary.BigEndian.Uint32(film[at:]))
	grown := slices.Concat(film[:at], reference, film[at+old:])
	from := 0
	for _, kind := range []string{"moov", "trak", "mdia", "minf", "dinf"} {
		from += bytes.Index(grown[from:], []byte(kind)) - 4
		binary.BigEndian.PutUint32(grown[from:], binary.BigEndian.Uint32(grown[from:])+uint32(len(reference)-old))
		from += 8
	}
	return string(grown)
}

// alias is a record by which a Macintosh finds a file again: at a path, or where
// that leads from so many directories above.
func alias(path string, levels byte) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	record := make([]byte, 150)
	record[10], record[50] = byte(len("disk")), byte(len(name))
	copy(record[11:38], "disk")
	copy(record[51:114], name)
	record[131], record[133] = levels, levels // up, and down again
	even := path + strings.Repeat("\x00", len(path)%2)
	record = append(record, 0, 2)
	record = binary.BigEndian.AppendUint16(record, uint16(len(path)))
	return string(record) + even + "\xff\xff\x00\x00"
}

// subtitled makes an AVI whose subtitles are another file, as DivX keeps them. The
// pictures are grey, of 16 by 16.
func subtitled(content string) string {
	le := func(values ...uint32) (s string) {
		for _, v := range values {
			s += string(binary.LittleEndian.AppendUint32(nil, v))
		}
		return s
	}
	chunk := func(kind, payload string) string {
		return kind + le(uint32(len(payload))) + payload + strings.Repeat("\x00", len(payload)%2)
	}
	stream := func(kind, codec, format string) string {
		return chunk("LIST", "strl"+chunk("strh", kind+codec+le(0, 0, 0, 1, 25, 0, 25, 0, 0, 0, 0, 0))+chunk("strf", format))
	}
	const pictures = 25
	header := chunk("LIST", "hdrl"+chunk("avih", le(40000, 0, 0, 0x10, pictures, 0, 2, 0, 16, 16, 0, 0, 0, 0))+
		stream("vids", "\x00\x00\x00\x00", le(40, 16, 16, 24<<16|1, 0, 768, 0, 0, 0, 0))+
		stream("txts", "\x00\x00\x00\x00", ""))
	gab2 := "GAB2\x00\x02\x00" + le(2) + "x\x00" + "\x04\x00" + le(uint32(len(content))) + content
	movie := "movi" + chunk("01tx", gab2)
	for range pictures {
		movie += chunk("00db", strings.Repeat("\x80", 768))
	}
	return chunk("RIFF", "AVI "+header+chunk("LIST", movie))
}
