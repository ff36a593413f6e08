package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// TestTypeScriptCallsTheServer runs the tests of the client in TypeScript, which
// `make build` has compiled, against a server.
func TestTypeScriptCallsTheServer(t *testing.T) {
	t.Parallel()
	client := filepath.Join(testenv.Root(t), "api/client/typescript")
	_, err := os.Stat(filepath.Join(client, "dist/test/client.test.js"))
	testenv.Require(t, "the client in TypeScript (make player)", err == nil)
	node, err := proc.Look("node")
	testenv.Require(t, "Node", err == nil)
	video, captions := talk(t)
	data := t.TempDir()
	doc, r := analyze(t, data, video, "--captions", captions)
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	_, server := startServer(t, data)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	var out bytes.Buffer
	err = proc.Run(ctx, proc.Command{
		Path: node, Args: []string{"--test", "dist/test/client.test.js"}, Dir: client, Stdout: &out, Stderr: &out,
		Env: []string{"CUEPOINT_SERVER=" + server.Address, "CUEPOINT_KEY=" + server.Key, "CUEPOINT_VIDEO=" + doc.ID},
	})
	if err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}
