package e2e

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/internal/testenv/scripted"
)

// elsewhere runs a copy of cuepoint that lies alone in a directory, with a PATH
// that holds only the programs named.
func elsewhere(t *testing.T, programs []string, args ...string) (docs []document, stderr string) {
	t.Helper()
	dir := t.TempDir()
	copyProgram(t, testenv.Program(t, "cuepoint"), filepath.Join(dir, "cuepoint"))
	path := t.TempDir()
	for _, name := range programs {
		if err := os.Symlink(testenv.Program(t, name), filepath.Join(path, name)); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, errors bytes.Buffer
	err := proc.Run(t.Context(), proc.Command{
		Path: filepath.Join(dir, "cuepoint"), Args: append([]string{"--data", filepath.Join(dir, "data")}, args...),
		Env: []string{"PATH=" + path, "CUEPOINT_MODELS_DIR="}, Stdout: &stdout, Stderr: &errors,
	})
	r := result{stdout: stdout.String(), stderr: errors.String()}
	if r.status = status(t, err); r.status != 1 {
		t.Errorf("status %d, want 1\n%s", r.status, r.stderr)
	}
	wantEmpty(t, filepath.Join(dir, "data"))
	return documents(t, r), r.stderr
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutFFmpegAnalyzeSaysHowToGetIt(t *testing.T) {
	t.Parallel()
	video, _ := talk(t)
	docs, stderr := elsewhere(t, nil, "analyze", "--json", video)
	if len(docs) != 1 || docs[0].State != "failed" || docs[0].Error == nil || docs[0].Error.Code != "ENGINE_MISSING" {
		t.Errorf("%+v", docs)
	}
	if !strings.Contains(stderr, "cuepoint doctor") {
		t.Errorf("stderr: %s", stderr)
	}
}

func TestWithoutAnEngineTheRestGoesOn(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	docs, stderr := elsewhere(t, []string{"ffmpeg", "ffprobe"}, "analyze", "--json", "--captions", captions, video)
	if len(docs) != 1 || docs[0].State != "partial" || docs[0].Error == nil || docs[0].Error.Code != "ENGINE_MISSING" {
		t.Fatalf("%+v", docs)
	}
	if docs[0].HLS == "" || len(docs[0].Transcript.Segments) == 0 || !strings.Contains(stderr, "cuepoint-vision") {
		t.Errorf("%+v\n%s", docs[0], stderr)
	}
}

func TestDoctorNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	parts, _ := elsewhere(t, []string{"ffprobe"}, "doctor", "--json")
	if len(parts) < 5 {
		t.Errorf("%d parts", len(parts))
	}
	whole := cuepoint(t, "doctor")
	for _, part := range []string{"ffmpeg", "ffprobe", "cuepoint-vision", "cuepoint-speech", "model base-q5_1"} {
		if !strings.Contains(whole.stdout, part) {
			t.Errorf("doctor does not speak of %s:\n%s", part, whole.stdout)
		}
	}
	if whole.status != 0 {
		t.Errorf("status %d where everything required is there", whole.status)
	}
}

func TestWhisperHearsAndACorruptModelIsNamed(t *testing.T) {
	t.Parallel()
	video, _ := talk(t)
	data := t.TempDir()
	model := scripted.Model(t, scripted.Script{Lines: []scripted.Line{
		scripted.Say(0, 2*time.Second, "bees make honey"), scripted.Say(2*time.Second, 5*time.Second, "all day long"),
	}})
	doc, r := analyze(t, data, video, "--model", model, "--language", "en")
	if r.status != 0 || doc.Transcript.Source != "recognized" || len(doc.Transcript.Segments) == 0 {
		t.Fatalf("status %d, transcript %+v\n%s", r.status, doc.Transcript, r.stderr)
	}
	if got := doc.Transcript.Segments[0].Text; got != "bees make honey" {
		t.Errorf("heard %q", got)
	}

	broken := filepath.Join(t.TempDir(), "broken.bin")
	whole := readFile(t, model)
	if err := os.WriteFile(broken, []byte(whole[:len(whole)/2]), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, r = analyze(t, t.TempDir(), video, "--model", broken)
	if r.status != 1 || doc.State != "partial" || doc.Error == nil || doc.Error.Code != "MODEL_CORRUPT" {
		t.Errorf("status %d, state %s, error %+v\n%s", r.status, doc.State, doc.Error, r.stderr)
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	video, _ := talk(t)
	// The source takes 0.6 MB, the ladder as much, the database 0.2.
	for _, size := range []string{"500k", "1000k", "1400k"} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			err := unix.Mount("tmpfs", data, "tmpfs", 0, "size="+size)
			testenv.Require(t, "the right to mount a small disk", err == nil)
			t.Cleanup(func() {
				if err := unix.Unmount(data, unix.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			doc, r := analyze(t, data, video)
			if r.status != 1 || doc.State == "ready" || doc.Error == nil || doc.Error.Code != "STORAGE_FULL" {
				t.Errorf("status %d, state %s, error %+v\n%s", r.status, doc.State, doc.Error, r.stderr)
			}
			wantEmpty(t, data)
			if err := unix.Mount("tmpfs", data, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
				t.Fatal(err)
			}
			if doc, r = analyze(t, data, video); r.status != 0 || doc.State != "ready" {
				t.Errorf("with room: status %d, state %s, error %+v\n%s", r.status, doc.State, doc.Error, r.stderr)
			}
		})
	}
}
