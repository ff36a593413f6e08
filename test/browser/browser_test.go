package browser_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// patience is how long one program of these tests may take.
const patience = 5 * time.Minute

// Picture, sound and captions keep the source's time: it is measured at 29.97
// frames a second, in a clip longer than one segment, when each of the clip's
// events reaches the viewer. The last event's beep and caption come late on
// purpose: the measurement has to see that.
func TestTimeZero(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, events := filepath.Join(dir, "library"), filepath.Join(dir, "events.vtt")
	write(t, events, eventCaptions())
	clip := analyze(t, data, flashClip(t), events)
	ready(t, clip)

	want, err := json.Marshal(map[string]any{"fps": flashRate, "flashes": flashes})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Buffered float64
		Flashes  []*float64 // nil where no frame was white
		Beeps    []float64
		Captions []struct {
			Text      string
			Start, At float64
		}
		Faults []string
	}
	out := script(t, "timezero.mjs", serve(t, data), clip.ID, string(want))
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("read %q: %v", out, err)
	}
	t.Logf("measured: %s", out)
	if len(got.Faults) > 0 {
		t.Errorf("faults in the page: %q", got.Faults)
	}
	if math.Abs(got.Buffered) > 0.01 {
		t.Errorf("the buffer starts at %.3f s, want 0", got.Buffered)
	}
	if len(got.Flashes) != len(flashes) || len(got.Beeps) != len(beeps) || len(got.Captions) != len(captions) {
		t.Fatalf("%d flashes, %d beeps, %d captions; want %d of each",
			len(got.Flashes), len(got.Beeps), len(got.Captions), len(flashes))
	}
	lags := make([]float64, len(flashes))
	for i := range flashes {
		lags[i] = got.Captions[i].At - captions[i]
		if got.Flashes[i] == nil {
			t.Errorf("flash %d: no frame turned white near %.3f s", i, flashes[i])
			continue
		}
		inTime(t, "flash", i, *got.Flashes[i], flashes[i])
		inTime(t, "beep", i, got.Beeps[i], beeps[i])
		inTime(t, "caption", i, got.Captions[i].Start, captions[i])
		if i < len(flashes)-1 { // which the source has at one time
			inTime(t, "beep after flash", i, got.Beeps[i], *got.Flashes[i])
			inTime(t, "caption after flash", i, got.Captions[i].Start, *got.Flashes[i])
		}
	}
	// Captions are timed right, as seen above, and shown then: how late the browser
	// tells of it is the machine's doing.
	slices.Sort(lags)
	if lags[0] < -0.050 || lags[len(lags)/2] > 1 {
		t.Errorf("captions are shown %.3f s late", lags)
	}
}

// inTime allows the 50 ms that people do not notice.
func inTime(t *testing.T, what string, i int, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.050 {
		t.Errorf("%s %d at %.3f s, want %.3f", what, i, got, want)
	}
}

// What people do on the page, one step after the other.
func TestPage(t *testing.T) {
	t.Parallel()
	lib := makeLibrary(t)
	expected, err := json.Marshal(map[string]any{
		"demo": map[string]any{
			"id": lib.demo.ID, "title": lib.demo.Title,
			"chapters": lib.demo.Chapters, "segments": lib.demo.Transcript.Segments,
		},
		"sound":  lib.sound.ID,
		"broken": map[string]any{"id": lib.broken.ID, "message": lib.broken.Error.Message},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(lib.demo.Chapters); n != 6 {
		t.Errorf("the demo has %d chapters, want 6", n)
	}
	screenshot := filepath.Join(t.ArtifactDir(), "watch.png")
	steps(t, script(t, "page.mjs", serve(t, lib.data), string(expected), screenshot))
}

// What people do on the page that shows the API, one step after the other.
func TestDocs(t *testing.T) {
	t.Parallel()
	screenshot := filepath.Join(t.ArtifactDir(), "docs.png")
	steps(t, script(t, "docs.mjs", serve(t, t.TempDir()), screenshot))
}

// steps reports what a script printed of each of its steps.
func steps(t *testing.T, out []byte) {
	t.Helper()
	steps := 0
	for line := range bytes.Lines(out) {
		var step struct{ Step, Error string }
		if err := json.Unmarshal(line, &step); err != nil {
			t.Fatalf("read %q: %v", line, err)
		}
		steps++
		t.Run(step.Step, func(t *testing.T) {
			if step.Error != "" {
				t.Error(step.Error)
			}
		})
	}
	if steps == 0 {
		t.Error("the script took no step")
	}
}

// script runs a script with node and returns what it printed.
func script(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	if err := installed(); err != nil {
		t.Fatal(err)
	}
	node, err := proc.Look("node")
	if err != nil {
		t.Fatal(err)
	}
	out, err := proc.Output(t.Context(), proc.Command{
		Path: node, Args: append([]string{name}, args...),
		Env:    []string{"CUEPOINT_CHROMIUM=" + findChromium(t)},
		Limits: proc.Limits{Wall: patience},
	})
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return out
}

// installed fetches what package-lock.json names, where that has not been done
// yet: once for all tests.
var installed = sync.OnceValue(func() error {
	const stamp = "node_modules/.cuepoint-lock"
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		return err
	}
	if done, err := os.ReadFile(stamp); err == nil && bytes.Equal(done, lock) {
		return nil
	}
	npm, err := proc.Look("npm")
	if err != nil {
		return err
	}
	if out, err := proc.Output(context.Background(), proc.Command{
		Path: npm, Args: []string{"ci", "--no-audit", "--no-fund", "--loglevel=error"},
		Limits: proc.Limits{Wall: patience},
	}); err != nil {
		return fmt.Errorf("npm ci: %w: %s", err, out)
	}
	return os.WriteFile(stamp, lock, 0o600)
})

func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := proc.Look(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium to test the page in: deploy/setup.sh test installs one")
	return ""
}

// serve starts the program over a library, with more arguments, and returns the
// link to sign in with. It stops when the test ends.
func serve(t *testing.T, data string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	program := testenv.Program(t, "cuepoint")
	go func() {
		err := proc.Run(ctx, proc.Command{
			Path: program, Args: append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--admin="}, args...), Stdout: write,
		})
		write.Close()
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("serve ended by itself: %v", err)
		}
	})
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		if _, link, found := strings.Cut(lines.Text(), "15 minutes: "); found {
			go io.Copy(io.Discard, read) //nolint:errcheck // it ends with the program
			return link
		}
	}
	t.Fatalf("serve printed no link: %v", <-ended)
	return ""
}
