package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// requirePython skips a test where the example of a client in Python cannot run.
func requirePython(t *testing.T) {
	t.Helper()
	for _, needed := range []string{"/usr/bin/protoc", "/usr/bin/grpc_python_plugin", "/usr/include/google/protobuf/descriptor.proto", filepath.Join(testenv.Root(t), "api/third_party/google")} {
		_, err := os.Stat(needed)
		testenv.Require(t, needed, err == nil)
	}
	testenv.Require(t, "python3-grpcio", proc.Run(t.Context(), proc.Command{Path: "/usr/bin/python3", Args: []string{"-c", "import grpc, google.protobuf"}}) == nil)
}

// python runs the example of a client in Python.
func python(t *testing.T, server served, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	var stdout, stderr bytes.Buffer
	err := proc.Run(ctx, proc.Command{
		Path: filepath.Join(testenv.Root(t), "api/client/python/example.py"), Args: args, Stdout: &stdout, Stderr: &stderr,
		Env: []string{"CUEPOINT_SERVER=" + server.Address, "CUEPOINT_KEY=" + server.Key},
	})
	return result{status: status(t, err), stdout: stdout.String(), stderr: stderr.String()}
}

func TestPythonListsAnalyzesWatchesAndSearches(t *testing.T) {
	t.Parallel()
	requirePython(t)
	video, captions := talk(t)
	data := t.TempDir()
	doc, r := analyze(t, data, video, "--captions", captions)
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	_, server := startServer(t, data)
	id := "videos/" + doc.ID
	for _, test := range []struct {
		args []string
		says []string
	}{
		{[]string{"list"}, []string{id + "\tSTATE_READY\t" + doc.Title}},
		{[]string{"watch", doc.ID}, []string{id + "\tSTATE_READY"}},
		{[]string{"analyze", doc.ID, "chapters"}, []string{"chapters\tSTATUS_DONE", id + "\tSTATE_READY"}},
		{[]string{"analyze", video}, []string{id + "\tSTATE_READY"}},
		{[]string{"search", "fractals"}, []string{id + "\t3.2 s\tA «fractal» has no end."}},
	} {
		r := python(t, server, test.args...)
		if r.status != 0 || r.stderr != "" {
			t.Errorf("%q: status %d\n%s", test.args, r.status, r.stderr)
		}
		for _, want := range test.says {
			if !strings.Contains("\n"+r.stdout, "\n"+want) {
				t.Errorf("%q prints no %q:\n%s", test.args, want, r.stdout)
			}
		}
	}
	for code, key := range map[string]string{"UNAUTHENTICATED": server.Key + "x", "NOT_FOUND": server.Key} {
		if r := python(t, served{Address: server.Address, Key: key}, "watch", "none"); r.status != 1 || !strings.HasPrefix(r.stderr, code+": ") {
			t.Errorf("status %d, says %q, want %s", r.status, r.stderr, code)
		}
	}
}
