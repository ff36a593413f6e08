package client_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// TestAnotherModuleCanUseIt builds a program of another module with the client:
// without cgo, and without any of what a server is made of.
func TestAnotherModuleCanUseIt(t *testing.T) {
	t.Parallel()
	root, dir := testenv.Root(t), t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	_, version, _ := strings.Cut(read("go.mod"), "\ngo ")
	version, _, _ = strings.Cut(version, "\n")
	write("go.mod", "module example.org/scratch\n\ngo "+version+"\n\nrequire github.com/cuepoint/cuepoint v0.0.0\n\nreplace github.com/cuepoint/cuepoint => "+root+"\n")
	write("go.sum", read("go.sum"))
	write("main.go", `package main

import (
	"context"
	"fmt"

	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func main() {
	c, err := client.Dial("https://videos.example.org", client.WithKey("ck_key"))
	if err != nil {
		panic(err)
	}
	defer c.Close()
	fmt.Println(c.Videos.ListVideos(context.Background(), &cuepointv1.ListVideosRequest{}))
}
`)
	goTool, err := proc.Look("go")
	testenv.Require(t, "the go command", err == nil)
	run := func(args ...string) string {
		var stderr strings.Builder
		out, err := proc.Output(t.Context(), proc.Command{
			Path: goTool, Args: args, Dir: dir, Stderr: &stderr,
			// What the tests were built from is here: nothing is fetched.
			Env: []string{"CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off"},
		})
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
		}
		return string(out)
	}
	run("build", "-o", filepath.Join(dir, "scratch"), ".")
	needed := run("list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	for _, unwanted := range []string{
		"gocv", "whisper", "gosseract", "sqlite", "pgx", "riverqueue", "goose", "minio", "qdrant", "ffmpeg", "astisub", "prometheus", "kong", "mpb",
		"cuepoint/store", "cuepoint/analyzer", "cuepoint/internal/app", "cuepoint/internal/proc", "cuepoint/streaming",
	} {
		if strings.Contains(needed, unwanted) {
			t.Errorf("the client brings %s along:\n%s", unwanted, needed)
		}
	}
	for line := range strings.Lines(needed) {
		if strings.TrimSpace(line) == "github.com/cuepoint/cuepoint/api" {
			t.Error("the client brings the server along")
		}
	}
}
