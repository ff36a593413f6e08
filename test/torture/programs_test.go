package torture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// engineScript begins a script before an engine: what it is asked is $request,
// and again is what asks the engine itself.
const engineScript = "IFS= read -r request\nagain() { printf '%s\\n' \"$request\" | \"$real\"; }\n"

// wrap puts a shell script before a program that this library's cuepoint
// starts, in which "$real" is the program and "$dir" a directory of the
// script's own, which is returned.
func (l *library) wrap(t *testing.T, name, script string) (dir string) {
	t.Helper()
	real := testenv.Program(t, name)
	if l.programs == filepath.Dir(testenv.Program(t, "cuepoint")) {
		l.programs = t.TempDir()
		copyFile(t, testenv.Program(t, "cuepoint"), filepath.Join(l.programs, "cuepoint"))
		for _, engine := range []string{"cuepoint-vision", "cuepoint-speech"} {
			if err := os.Symlink(testenv.Program(t, engine), filepath.Join(l.programs, engine)); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir = t.TempDir()
	at := filepath.Join(l.programs, name)
	if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\nreal=%s\ndir=%s\n%s", real, dir, script)
	if err := os.WriteFile(at, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyFile makes a file of its own, because a program looks for others beside
// itself, wherever links to it lie.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if os.Link(from, to) == nil {
		return
	}
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

// exists says whether a script has left a mark.
func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// seconds are different videos of one second.
func seconds(t *testing.T, n int) []string {
	t.Helper()
	one := testenv.Clip(t, "second.mp4", "-f", "lavfi", "-i", "testsrc=s=160x120:r=10:d=1", "-f", "lavfi", "-i", "sine=r=16000:d=1",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
	content, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	dir, files := t.TempDir(), make([]string, n)
	for i := range files {
		// A box that is to be skipped (ISO/IEC 14496-12, 8.1.2) makes it another file.
		box := binary.BigEndian.AppendUint32([]byte("\x00\x00\x00\x0cfree"), uint32(i))
		files[i] = filepath.Join(dir, fmt.Sprintf("%04d.mp4", i))
		if err := os.WriteFile(files[i], append(content[:len(content):len(content)], box...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
