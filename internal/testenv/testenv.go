// Package testenv is what tests find their real parts through: FFmpeg, the
// engines, shared clips, models. A test skips only by [Require], by name, and
// CI fails on a skip that test/skips.txt does not declare. Only tests import it.
package testenv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
)

// SharedMedia is the environment variable that names a folder of real clips,
// ModelsDir the one with model files. Both may be unset.
const (
	SharedMedia = "CUEPOINT_TEST_MEDIA"
	ModelsDir   = "CUEPOINT_MODELS_DIR"
)

// Require skips the test unless ok, naming what is missing.
func Require(t testing.TB, what string, ok bool) {
	t.Helper()
	if !ok {
		t.Skipf("needs %s", what)
	}
}

// Media returns the path of a shared clip, and skips the test where there is none.
func Media(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv(SharedMedia)
	Require(t, SharedMedia, dir != "")
	path := filepath.Join(dir, filepath.FromSlash(name))
	_, err := os.Stat(path)
	Require(t, SharedMedia+" with "+name, err == nil)
	return path
}

// Model returns the path of a shared model file, and skips the test where there is none.
func Model(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv(ModelsDir)
	Require(t, ModelsDir, dir != "")
	path := filepath.Join(dir, name)
	_, err := os.Stat(path)
	Require(t, ModelsDir+" with "+name, err == nil)
	return path
}

// FFmpeg returns FFmpeg's programs and fails the test where they are not installed.
func FFmpeg(t testing.TB) ffmpeg.Tools {
	t.Helper()
	tools, err := ffmpeg.Find()
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

// Program returns the path of a program built by `make build` or installed on
// the machine, and fails the test where there is none.
func Program(t testing.TB, name string) string {
	t.Helper()
	built := filepath.Join(Root(t), "bin", name)
	if _, err := os.Stat(built); err == nil {
		return built
	}
	path, err := proc.Look(name)
	if err != nil {
		t.Fatalf("%v (make build)", err)
	}
	return path
}

// Root is the top folder of the project.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// Clip makes a media file with FFmpeg, once for all tests that give the same
// arguments: they are what follows ffmpeg's general options, without the
// output. name ends the file's name, its extension chooses the container. The
// file is shared: do not write to it.
func Clip(t testing.TB, name string, args ...string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(strings.Join(append([]string{name}, args...), "\x00")))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("cuepoint-clips-%d", os.Getuid()))
	path := filepath.Join(dir, hex.EncodeToString(sum[:8])+"-"+name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	scratch, err := os.MkdirTemp(dir, "making-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(scratch)
	made := filepath.Join(scratch, name)
	full := append([]string{"-hide_banner", "-nostdin", "-loglevel", "error", "-y"}, args...)
	err = proc.Run(t.Context(), proc.Command{Path: FFmpeg(t).FFmpeg, Args: append(full, made)})
	if err != nil {
		t.Fatalf("make %s: %v", name, err)
	}
	if err := os.Rename(made, path); err != nil {
		t.Fatal(err)
	}
	return path
}
