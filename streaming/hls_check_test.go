package streaming_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
)

// checkHLS holds what was packaged to RFC 8216 and Apple's authoring rules, and
// decodes every rendition whole.
func checkHLS(t *testing.T, dir string, p models.Packaging) {
	t.Helper()
	variants, media := readMaster(t, dir)
	if len(variants) == 0 {
		t.Fatal("no variants")
	}
	lengths := map[string]float64{}
	for _, r := range p.Renditions {
		lengths[r.Name] = checkMedia(t, dir, r)
		checkDecodes(t, dir, r)
	}
	first := lengths[p.Renditions[0].Name]
	for name, length := range lengths {
		if math.Abs(length-first) > 0.1 {
			t.Errorf("%s is %.3f s long, %s %.3f s", name, length, p.Renditions[0].Name, first)
		}
	}
	sound := int64(0)
	for _, r := range p.Renditions {
		if r.Kind == models.StreamAudio {
			sound = max(sound, r.Bitrate)
		}
	}
	for _, v := range variants {
		r := rendition(t, p, strings.TrimSuffix(v.uri, "/index.m3u8"))
		checkVariant(t, v.attributes, r, sound)
	}
	for _, m := range media {
		uri := unquote(t, m["URI"])
		if r := rendition(t, p, strings.TrimSuffix(uri, "/index.m3u8")); r.Kind != models.StreamAudio {
			t.Errorf("EXT-X-MEDIA offers %s", r.Name)
		}
	}
}

type variant struct {
	attributes map[string]string
	uri        string
}

func readMaster(t *testing.T, dir string) (variants []variant, media []map[string]string) {
	t.Helper()
	lines := readLines(t, filepath.Join(dir, streaming.MasterName))
	if lines[0] != "#EXTM3U" || lines[1] != "#EXT-X-VERSION:7" || lines[2] != "#EXT-X-INDEPENDENT-SEGMENTS" {
		t.Errorf("the multivariant playlist begins with %q", lines[:3])
	}
	for i, line := range lines {
		if list, ok := strings.CutPrefix(line, "#EXT-X-STREAM-INF:"); ok {
			variants = append(variants, variant{attributes(t, list), lines[i+1]})
		}
		if list, ok := strings.CutPrefix(line, "#EXT-X-MEDIA:"); ok {
			media = append(media, attributes(t, list))
		}
	}
	return variants, media
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// attributes reads an attribute list (RFC 8216, 4.2).
func attributes(t *testing.T, list string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for list != "" {
		name, rest, ok := strings.Cut(list, "=")
		if !ok {
			t.Fatalf("attribute list %q", list)
		}
		end := strings.IndexByte(rest, ',')
		if strings.HasPrefix(rest, `"`) {
			end = strings.IndexByte(rest[1:], '"') + 2
		}
		if end < 0 || end > len(rest) {
			end = len(rest)
		}
		out[name] = rest[:end]
		list = strings.TrimPrefix(rest[end:], ",")
	}
	return out
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		t.Fatalf("%s is no quoted string", s)
	}
	return s[1 : len(s)-1]
}

func rendition(t *testing.T, p models.Packaging, name string) models.Rendition {
	t.Helper()
	for _, r := range p.Renditions {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no rendition %q", name)
	return models.Rendition{}
}

func checkVariant(t *testing.T, a map[string]string, r models.Rendition, sound int64) {
	t.Helper()
	peak, _ := strconv.ParseInt(a["BANDWIDTH"], 10, 64)
	average, _ := strconv.ParseInt(a["AVERAGE-BANDWIDTH"], 10, 64)
	want := r.Bitrate
	if r.Kind == models.StreamVideo {
		want += sound
		if a["RESOLUTION"] != fmt.Sprintf("%dx%d", r.Width, r.Height) || a["FRAME-RATE"] == "" {
			t.Errorf("%s: %v", r.Name, a)
		}
	}
	if peak != want || average <= 0 || average > peak {
		t.Errorf("%s: bandwidth %d, average %d, want a peak of %d", r.Name, peak, average, want)
	}
	if !strings.HasPrefix(unquote(t, a["CODECS"]), r.Codecs) || r.Codecs == "" {
		t.Errorf("%s: codecs %s, want %s first", r.Name, a["CODECS"], r.Codecs)
	}
}

// checkMedia checks a media playlist and its files and returns its length in seconds.
func checkMedia(t *testing.T, dir string, r models.Rendition) float64 {
	t.Helper()
	lines := readLines(t, filepath.Join(dir, r.Name, "index.m3u8"))
	text := strings.Join(lines, "\n")
	for _, tag := range []string{"#EXT-X-VERSION:7\n", "#EXT-X-PLAYLIST-TYPE:VOD\n", "#EXT-X-INDEPENDENT-SEGMENTS\n", "#EXT-X-MAP:URI=\"init.mp4\"\n"} {
		if !strings.Contains(text, tag) {
			t.Errorf("%s: no %s", r.Name, tag)
		}
	}
	if lines[0] != "#EXTM3U" || lines[len(lines)-1] != "#EXT-X-ENDLIST" {
		t.Errorf("%s: begins with %s, ends with %s", r.Name, lines[0], lines[len(lines)-1])
	}
	target, total, files := 0.0, 0.0, map[string]bool{"index.m3u8": true, "init.mp4": true}
	var lengths []float64
	for i, line := range lines {
		if value, ok := strings.CutPrefix(line, "#EXT-X-TARGETDURATION:"); ok {
			target, _ = strconv.ParseFloat(value, 64)
		}
		if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			d, err := strconv.ParseFloat(strings.TrimSuffix(value, ","), 64)
			if err != nil || d <= 0 || math.Round(d) > target {
				t.Errorf("%s: %s with a target of %v", r.Name, line, target)
			}
			total, lengths = total+d, append(lengths, d)
			files[lines[i+1]] = true
		}
	}
	for _, d := range lengths[:len(lengths)-1] {
		frame := 1024.0 / 48000
		if r.Kind == models.StreamVideo {
			frame = 1 / r.FrameRate
		}
		// A keyframe every 2 s, rounded to a frame; sound to a frame of its own.
		if math.Abs(d-6) > max(2*frame, 0.06) {
			t.Errorf("%s: a segment of %v s", r.Name, d)
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, r.Name))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Size() == 0 || !files[e.Name()] {
			t.Errorf("%s/%s: %v, or empty, or in no playlist", r.Name, e.Name(), err)
		}
		delete(files, e.Name())
	}
	if len(files) > 0 {
		t.Errorf("%s: missing %v", r.Name, files)
	}
	return total
}

// packets are what FFmpeg finds in a file when it decodes it.
type packets struct {
	n   int
	end time.Duration
}

// checkDecodes decodes a rendition from its first frame to its last.
func checkDecodes(t *testing.T, dir string, r models.Rendition) {
	t.Helper()
	opened, err := streaming.OpenRendition(filepath.Join(dir, r.Name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "whole.mp4")
	if err := opened.Join(path); err != nil {
		t.Fatal(err)
	}
	got := decodeAll(t, path)
	last := opened.Segments[len(opened.Segments)-1]
	if length := last.Start + last.Duration; (got.end - length).Abs() > 50*time.Millisecond {
		t.Errorf("%s: %d frames decoded until %v, the playlist says %v", r.Name, got.n, got.end, length)
	}
	if want := last.Start + last.Duration; r.Kind == models.StreamVideo {
		if frames := int(math.Round(want.Seconds() * r.FrameRate)); got.n != frames {
			t.Errorf("%s: %d frames decoded, want %d", r.Name, got.n, frames)
		}
	}
}

func decodeAll(t *testing.T, path string) packets {
	t.Helper()
	var out bytes.Buffer
	err := testenv.FFmpeg(t).Run(t.Context(), ffmpeg.Run{
		Args:   append(ffmpeg.Input(path, "-xerror"), "-f", "framecrc", "pipe:1"),
		Stdout: &out,
	})
	if err != nil {
		t.Errorf("decode: %v", err)
	}
	var p packets
	base := 0.0
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "#tb 0: "); ok {
			num, den, _ := strings.Cut(text, "/")
			n, _ := strconv.ParseFloat(num, 64)
			d, _ := strconv.ParseFloat(den, 64)
			base = n / d
		}
		if f := strings.Split(lines.Text(), ","); len(f) >= 6 {
			pts, _ := strconv.ParseFloat(strings.TrimSpace(f[2]), 64)
			length, _ := strconv.ParseFloat(strings.TrimSpace(f[3]), 64)
			p.n++
			p.end = max(p.end, time.Duration((pts+length)*base*float64(time.Second)))
		}
	}
	return p
}
