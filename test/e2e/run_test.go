package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// deadline bounds every program a test starts: far more than any needs.
const deadline = 10 * time.Minute

// result is how a run of cuepoint ended.
type result struct {
	status         int
	stdout, stderr string
}

// cuepoint runs the program to its end.
func cuepoint(t *testing.T, args ...string) result {
	t.Helper()
	return cuepointWith(t, nil, args...)
}

// cuepointWith runs it with more in its environment.
func cuepointWith(t *testing.T, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	var stdout, stderr bytes.Buffer
	err := proc.Run(ctx, proc.Command{
		Path: testenv.Program(t, "cuepoint"), Args: args, Env: append([]string{"CUEPOINT_MODELS_DIR=", "CUEPOINT_DATABASE_URL="}, env...),
		Stdout: &stdout, Stderr: &stderr,
	})
	return result{status: status(t, err), stdout: stdout.String(), stderr: stderr.String()}
}

// status is the exit status of a program that ended by itself.
func status(t *testing.T, err error) int {
	t.Helper()
	var exit *proc.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return 0
	}
	return exit.Status
}

// document is what analyze and show print with --json.
type document struct {
	ID       string
	Source   string
	Title    string
	State    string
	Duration float64
	Error    *struct{ Code, Message string }
	Media    *struct {
		Container string
		Streams   []struct{ Kind, Codec string }
	}
	Stages                        []struct{ Name, Status, Reason string }
	Renditions                    []rendition
	HLS, DASH, Poster, Storyboard string
	Shots                         []struct {
		Start, End float64
		Transition string
	}
	Transcript struct {
		Language, Source string
		Segments         []struct {
			Start, End, Confidence float64
			Text                   string
		}
	}
	Chapters []struct {
		Start, End float64
		Title      string
	}
}

type rendition struct {
	Name, Codecs  string
	Width, Height int
	Bitrate       int64
}

// hit is one moment that search prints with --json.
type hit struct {
	Video, Kind, Text string
	Start, End, Score float64
	Why               map[string]any
}

// documents reads JSON lines.
func documents(t *testing.T, r result) []document {
	t.Helper()
	var all []document
	for line := range strings.Lines(r.stdout) {
		var d document
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("not a JSON line: %v\n%s\nstderr: %s", err, line, r.stderr)
		}
		all = append(all, d)
	}
	return all
}

// analyze analyzes one file and returns its document.
func analyze(t *testing.T, data, file string, args ...string) (document, result) {
	t.Helper()
	r := cuepoint(t, append([]string{"analyze", "--data", data, "--json", file}, args...)...)
	docs := documents(t, r)
	if len(docs) != 1 {
		t.Fatalf("%d documents, want one; status %d, stderr: %s", len(docs), r.status, r.stderr)
	}
	return docs[0], r
}

// wantEmpty fails where something half-written lies in the data directory.
func wantEmpty(t *testing.T, data string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(data, "scratch/*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// talk is a clip of seven seconds with a cut at 3 s and a tone, and captions.
func talk(t *testing.T) (video, captions string) {
	t.Helper()
	video = testenv.Clip(t, "talk.mp4",
		"-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=3", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=25",
		"-f", "lavfi", "-i", "sine=f=330:r=48000:d=7",
		"-filter_complex", "[1:v]trim=duration=4,setpts=PTS-STARTPTS[b];[0:v][b]concat=n=2:v=1:a=0,format=yuv420p[v]",
		"-map", "[v]", "-map", "2:a", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
	captions = filepath.Join(t.TempDir(), "talk.en.vtt")
	vtt := "WEBVTT\n\n00:00.500 --> 00:02.500\nBees make honey & wax.\n\n00:03.200 --> 00:06.000\nA fractal has no end.\n"
	if err := os.WriteFile(captions, []byte(vtt), 0o600); err != nil {
		t.Fatal(err)
	}
	return video, captions
}
