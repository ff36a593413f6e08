package browser_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// flashRate is the frame rate of the flash-and-beep clip: the one that muxers
// get wrong first.
const flashRate = 30000.0 / 1001

// When things happen in the flash-and-beep clip, in seconds, on its frames. In
// the last event they are apart.
var (
	flashes  = []float64{30 / flashRate, 75 / flashRate, 135 / flashRate, 180 / flashRate}
	beeps    = []float64{flashes[0], flashes[1], flashes[2], flashes[3] + 0.3}
	captions = []float64{flashes[0], flashes[1], flashes[2], flashes[3] + 0.6}
)

// document is the part of `cuepoint analyze --json` that these tests read.
type document struct {
	ID    string
	Title string
	State string
	Error *struct{ Code, Message string }

	Chapters []struct {
		Start float64 `json:"start"`
		Title string  `json:"title"`
	}
	Transcript struct {
		Segments []struct {
			Start float64 `json:"start"`
			End   float64 `json:"end"`
			Text  string  `json:"text"`
		}
	}
}

// library is what is on the page: the demo, sound alone, and a file cut off
// before its index.
type library struct {
	data                string
	demo, sound, broken document
}

func makeLibrary(t *testing.T) library {
	t.Helper()
	dir := t.TempDir()
	lib := library{data: filepath.Join(dir, "library")}

	demo := filepath.Join(dir, "demo.mp4")
	printed := cuepoint(t, "sample", demo)
	lines := strings.Fields(string(printed))
	lib.demo = analyze(t, lib.data, demo, lines[len(lines)-1])

	captions := filepath.Join(dir, "captions.vtt")
	write(t, captions, "WEBVTT\n\n00:01.000 --> 00:04.000\nA tone.\n")
	lib.sound = analyze(t, lib.data, testenv.Clip(t, "tone.m4a",
		"-f", "lavfi", "-i", "sine=440:duration=5", "-c:a", "aac"), captions)
	ready(t, lib.demo)
	ready(t, lib.sound)

	whole, err := os.ReadFile(flashClip(t))
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(dir, "broken.mp4")
	write(t, broken, string(whole[:len(whole)/2]))
	lib.broken = analyze(t, lib.data, broken, "")
	if lib.broken.State != "failed" || lib.broken.Error == nil {
		t.Fatalf("half a file is %s, want failed", lib.broken.State)
	}
	return lib
}

func ready(t *testing.T, doc document) {
	t.Helper()
	if doc.State != "ready" {
		t.Fatalf("%s is %s, want ready: %+v", doc.Title, doc.State, doc.Error)
	}
}

// flashClip is black and silent but for its flashes and beeps.
func flashClip(t *testing.T) string {
	const lasts, frame = 0.1, 1 / flashRate
	during := func(starts []float64, early float64) string {
		spans := make([]string, len(starts))
		for i, start := range starts {
			spans[i] = fmt.Sprintf("between(t,%.4f,%.4f)", start-early, start+lasts)
		}
		return strings.Join(spans, "+")
	}
	return testenv.Clip(t, "flash.mp4",
		"-f", "lavfi", "-i", fmt.Sprintf("color=black:s=320x180:r=30000/1001:d=8,drawbox=c=white:t=fill:enable='%s'", during(flashes, frame/4)),
		"-f", "lavfi", "-i", fmt.Sprintf("aevalsrc='0.5*sin(2*PI*1000*t)*(%s)':s=48000:d=8", during(beeps, 0)),
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest")
}

func eventCaptions() string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for i, at := range captions {
		fmt.Fprintf(&b, "\n00:00:%06.3f --> 00:00:%06.3f\nEvent %d\n", at, at+0.4, i+1)
	}
	return b.String()
}

// analyze puts a file into the library and returns what was found in it. A
// file that fails is an answer.
func analyze(t *testing.T, data, file, captions string) document {
	t.Helper()
	args := []string{"analyze", "--json", "--data", data, "--language", "en"}
	if captions != "" {
		args = append(args, "--captions", captions)
	}
	var doc document
	out := cuepoint(t, append(args, file)...)
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("analyze %s printed %q: %v", filepath.Base(file), out, err)
	}
	return doc
}

// cuepoint runs the real program and returns what it printed. Exit status 1 is
// left to the caller, who finds the reason in what was printed.
func cuepoint(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := proc.Output(t.Context(), proc.Command{
		Path: testenv.Program(t, "cuepoint"), Args: args, Limits: proc.Limits{Wall: patience},
	})
	var exit *proc.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.Status != 1) {
		t.Fatalf("cuepoint %s: %v", args[0], err)
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
