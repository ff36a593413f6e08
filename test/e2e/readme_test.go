package e2e

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	curl       = regexp.MustCompile(`(?m)^curl `)
)

// TestReadmeCommandsWork runs the README's commands about the programs, one
// after the other in one directory. Those that set a machine up are what made
// the programs under test.
func TestReadmeCommandsWork(t *testing.T) {
	t.Parallel()
	requirePython(t)
	grpcurl, err := proc.Look("grpcurl")
	testenv.Require(t, "grpcurl", err == nil)
	address, root := freeAddress(t), testenv.Root(t)
	script := []string{"set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"}
	for _, block := range shellBlock.FindAllStringSubmatch(readFile(t, filepath.Join(root, "README.md")), -1) {
		commands := strings.TrimSpace(block[1])
		switch {
		case strings.Contains(commands, "make demo"):
			continue
		case commands == "cuepoint serve":
			script = append(script, "cuepoint serve > serve.log & serving=$!; until grep -q http serve.log; do kill -0 $serving; read -rt 0.1 <> <(:) || :; done")
		default:
			script = append(script, curl.ReplaceAllString(commands, "curl -sSf "))
		}
	}
	if len(script) < 6 {
		t.Fatalf("only %d blocks in the README", len(script)-2)
	}
	body := strings.NewReplacer("127.0.0.1:8080", address, "api/client/python", root+"/api/client/python").Replace(strings.Join(script, "\n"))

	var out, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	bin := filepath.Dir(testenv.Program(t, "cuepoint"))
	err = proc.Run(ctx, proc.Command{
		Path: "/bin/bash", Args: []string{"-c", body}, Dir: t.TempDir(), Stdout: &out, Stderr: &stderr,
		Env: []string{"PATH=" + bin + ":" + filepath.Dir(grpcurl) + ":/usr/local/bin:/usr/bin:/bin", "CUEPOINT_LISTEN=" + address, "CUEPOINT_ADMIN=127.0.0.1:0", "CUEPOINT_MODELS_DIR="},
	})
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stderr.String(), out.String())
	}
	for _, want := range []string{"«honey»", `"state":"ready"`, `"hits":[{`, "Bees", "base-q5_1", `"videoTitle":"Six topics"`, "SOURCE_IMPORTED",
		"dances to tell the hive where flowers are.\n\n", "event: end", "rpc Search (", `"videoTitle": "Six topics"`, `"status": "STATUS_DONE"`, "s\tBy winter", "talk.mp4 (was there before)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the commands do not print %s:\n%s", want, out.String())
		}
	}
}

// freeAddress is one that nobody listens on at this moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
