package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// trap is what nothing may ever be got to touch: an address, where somebody counts
// who comes, and files, of which is known whether anybody opens them.
type trap struct {
	address  string // host:port
	text     string // the path of a file that holds marker
	movie    string // and of a video
	marker   string
	arrivals atomic.Int64
	opened   int // the descriptor that tells
}

// setTrap sets one, until the test ends.
func setTrap(t *testing.T) *trap {
	t.Helper()
	dir := t.TempDir()
	video, _ := talk(t)
	tr := &trap{text: filepath.Join(dir, "canary.txt"), movie: filepath.Join(dir, "canary.mp4"), marker: "canary-7Qm2Zt0xW4"}
	err := errors.Join(
		os.WriteFile(tr.text, []byte(tr.marker+"\n"), 0o600),
		os.WriteFile(tr.movie, []byte(readFile(t, video)+tr.marker), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	if tr.opened, err = unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(tr.opened) })
	if _, err := unix.InotifyAddWatch(tr.opened, dir, unix.IN_OPEN|unix.IN_ACCESS); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	tr.address = listener.Addr().String()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			tr.arrivals.Add(1)
			conn.Close()
		}
	}()
	return tr
}

// sprung says whether anybody has touched it since it was asked last.
func (tr *trap) sprung() bool {
	var events [4096]byte
	n, err := unix.Read(tr.opened, events[:])
	return tr.arrivals.Swap(0) > 0 || err == nil && n > 0
}

// wantUntouched fails where anybody has touched the trap, or where what its files
// hold lies below a directory or stands in one of some texts.
func (tr *trap) wantUntouched(t *testing.T, dir string, texts ...string) {
	t.Helper()
	if tr.sprung() {
		t.Error("something was fetched, or read, that a file named")
	}
	texts = append(texts, treeOf(t, dir)...)
	for _, text := range texts {
		if bytes.Contains([]byte(text), []byte(tr.marker)) {
			t.Errorf("what a file named stands in %.200q", text)
		}
	}
}

// treeOf is what the files below a directory hold.
func treeOf(t *testing.T, dir string) (contents []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			contents = append(contents, readFile(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}
