package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

func TestInterruptedAnalyzeStopsAndResumes(t *testing.T) {
	t.Parallel()
	// Long enough that packaging is still at work when probing is done.
	video := testenv.Clip(t, "long.mp4", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=15",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast")
	data := t.TempDir()

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stderr := &watched{text: "probe done", seen: interrupt}
	asked := make(chan time.Time, 1)
	context.AfterFunc(ctx, func() { asked <- time.Now() })
	err := proc.Run(ctx, proc.Command{
		Path: testenv.Program(t, "cuepoint"), Args: []string{"analyze", "--data", data, "--json", video},
		Env: []string{"CUEPOINT_MODELS_DIR="}, Stderr: stderr, Grace: time.Minute,
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("ended by itself before it was interrupted: %v\n%s", err, stderr)
	}
	took := time.Since(<-asked)
	if !strings.Contains(stderr.String(), "interrupted; run the same command again to go on") {
		t.Errorf("stderr: %s", stderr)
	}
	// The promise is two seconds; a loaded machine gets more.
	if took > 10*time.Second {
		t.Errorf("took %v to stop", took)
	}
	t.Logf("stopped after %v", took)
	wantNoChildren(t, data)
	wantEmpty(t, data)

	doc, r := analyze(t, data, video)
	if r.status != 0 || doc.State != "ready" {
		t.Fatalf("resumed: status %d, %s, %+v\n%s", r.status, doc.State, doc.Error, r.stderr)
	}
	if !strings.Contains(r.stderr, "probe done") || !strings.Contains(r.stderr, "package done") {
		t.Errorf("stderr: %s", r.stderr)
	}
}

// watched collects what is written and calls seen once text is in it.
type watched struct {
	text string
	seen func()

	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(p)
	if strings.Contains(w.buf.String(), w.text) {
		w.seen()
	}
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// wantNoChildren fails where a process still names the data directory.
func wantNoChildren(t *testing.T, data string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err == nil && bytes.Contains(line, []byte(data)) {
			t.Errorf("still running: %s", bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
}
