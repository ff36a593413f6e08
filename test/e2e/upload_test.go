package e2e

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// sent is what upload prints with --json.
type sent struct {
	File, Upload, Video string
	Duplicate           bool
	SHA256              string
	State               string
	Error               *struct{ Code, Message string }
}

func sentOf(t *testing.T, stdout string) []sent {
	t.Helper()
	var all []sent
	for line := range strings.Lines(stdout) {
		var s sent
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, s)
	}
	return all
}

// large is a clip with so many bytes of padding behind it, and its hash.
func large(t *testing.T, padding int) (path, sum string) {
	t.Helper()
	video, _ := talk(t)
	path = filepath.Join(t.TempDir(), "large.mp4")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	to := io.MultiWriter(f, hash)
	head := binary.BigEndian.AppendUint32([]byte(readFile(t, video)), uint32(padding))
	if _, err = to.Write(append(head, "free"...)); err == nil {
		_, err = io.CopyN(to, rand.NewChaCha8([32]byte{}), int64(padding-8))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return path, hex.EncodeToString(hash.Sum(nil))
}

// cutter stands between a client and a server. Whenever so many bytes have gone to
// the server it cuts the connection that they came by, and it stands still where it
// is told to. Clients may use a connection for many requests, or for one.
type cutter struct {
	listener net.Listener
	to       string
	each     int64 // bytes of all connections

	reached, goOn chan struct{} // the next stop is reached; the test has done what it wants there

	mu     sync.Mutex
	passed int64
	stops  []int64 // after so many bytes of all connections
	cuts   int
}

func startCutter(t *testing.T, to string, each int64, stops ...int64) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: listener, to: to, each: each, stops: stops, reached: make(chan struct{}), goOn: make(chan struct{})}
	var relays sync.WaitGroup
	relays.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			relays.Go(func() { c.relay(t, from) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		relays.Wait()
	})
	return c
}

// relay passes one connection on, until one of its ends closes it or it is cut.
func (c *cutter) relay(t *testing.T, from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", c.to)
	if err != nil {
		return // the server is away
	}
	defer to.Close()
	back := make(chan struct{})
	go func() {
		defer close(back)
		buf := make([]byte, 32<<10)
		for {
			n, err := to.Read(buf)
			if _, failed := from.Write(buf[:n]); err != nil || failed != nil {
				from.Close()
				return
			}
		}
	}()
	defer func() { to.Close(); <-back }()
	buf := make([]byte, 32<<10)
	for cut := false; !cut; {
		n, err := from.Read(buf)
		if _, failed := to.Write(buf[:n]); err != nil || failed != nil {
			return
		}
		cut = c.pass(t, int64(n))
	}
}

// pass counts bytes, stands still at a stop, and says whether to cut now.
func (c *cutter) pass(t *testing.T, n int64) (cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.passed / c.each
	c.passed += n
	if cut = c.passed/c.each > before; cut {
		c.cuts++
	}
	if len(c.stops) == 0 || c.passed < c.stops[0] {
		return cut
	}
	c.stops = c.stops[1:]
	for _, meet := range []chan struct{}{c.reached, c.goOn} {
		select {
		case meet <- struct{}{}:
		case <-t.Context().Done(): // the test has failed
		}
	}
	return cut
}

// at does something at the next stop.
func (c *cutter) at(t *testing.T, sending *testenv.Process, do func()) {
	t.Helper()
	select {
	case <-c.reached:
	case <-sending.Ended():
		t.Fatalf("it ended before it was to: %s%s", sending.Stdout.String(), sending.Stderr.String())
	}
	do()
	<-c.goOn
}

func TestAnUploadOutlastsCutsAndKills(t *testing.T) {
	t.Parallel()
	file, sum := large(t, 48<<20)
	data := t.TempDir()
	idle := []string{"--light", "0", "--cpu", "0", "--heavy", "0"}
	p, server := startServer(t, data, idle...)
	at, err := url.Parse(server.Address)
	if err != nil {
		t.Fatal(err)
	}
	way := startCutter(t, at.Host, 4<<20, 10<<20, 20<<20, 30<<20)
	upload := func() *testenv.Process {
		return testenv.Start(t, t.TempDir(), []string{"CUEPOINT_SERVER=http://" + way.listener.Addr().String(), "CUEPOINT_KEY=" + server.Key},
			testenv.Program(t, "cuepoint"), "upload", "--json", "--title", "Large", file)
	}
	interrupted := upload()
	way.at(t, interrupted, func() {
		interrupted.Signal(syscall.SIGINT)
		if status := interrupted.Wait(t, deadline); status != 130 || !strings.Contains(interrupted.Stderr.String(), "run the same command again to go on") {
			t.Errorf("interrupted: status %d, %s", status, interrupted.Stderr.String())
		}
	})
	killed := upload()
	way.at(t, killed, killed.Kill)
	last := upload()
	way.at(t, last, func() {
		p.Kill()
		p = testenv.Start(t, data, []string{"CUEPOINT_MODELS_DIR="}, testenv.Program(t, "cuepoint"),
			append([]string{"serve", "--data", data, "--listen", at.Host, "--admin="}, idle...)...)
		p.Await(t, &p.Stdout, "Cuepoint is at", deadline)
	})
	if status := last.Wait(t, deadline); status != 0 {
		t.Fatalf("status %d\n%s", status, last.Stderr.String())
	}
	for _, p := range []*testenv.Process{killed, last} {
		if !strings.Contains(p.Stderr.String(), file+": going on at ") || strings.Contains(p.Stderr.String(), "at 0%") || strings.Contains(p.Stderr.String(), ": sending") {
			t.Errorf("it began anew: %s", p.Stderr.String())
		}
	}
	got := sentOf(t, last.Stdout.String())
	if len(got) != 1 || got[0].File != file || got[0].SHA256 != sum || got[0].Upload == "" || got[0].Video == "" || got[0].Duplicate || got[0].Error != nil {
		t.Errorf("%+v, want the hash %s", got, sum)
	}
	wantBlob(t, data, sum)
	t.Logf("%d cuts, %d bytes sent for %d", way.cuts, way.passed, fileSize(t, file))
	if way.cuts < 8 || way.passed > 2*fileSize(t, file) {
		t.Errorf("%d cuts, %d bytes sent for %d", way.cuts, way.passed, fileSize(t, file))
	}
	again := over(t, server, "upload", "--title", "Large", file)
	if want := got[0].Video + " " + file + " (was there before)\n"; again.status != 0 || again.stdout != want {
		t.Errorf("again: status %d, %q, want %q", again.status, again.stdout, want)
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// wantBlob fails where no file of a data directory has a hash.
func wantBlob(t *testing.T, data, sum string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "blobs/sources/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.New()
		_, err = io.Copy(hash, f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(hash.Sum(nil)) == sum {
			return
		}
	}
	t.Errorf("none of %d blobs has the hash %s", len(files), sum)
}

func TestSeveralUploads(t *testing.T) {
	t.Parallel()
	_, server := startServer(t, t.TempDir())
	video, captions := talk(t)
	other := filepath.Join(t.TempDir(), "other.mp4")
	if err := os.WriteFile(other, []byte(readFile(t, video)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := over(t, server, "upload", "--json", "--wait", "--label", "course=a;b=c", "--language", "en", captions, video, filepath.Join(filepath.Dir(other), "none.mp4"), other)
	got := sentOf(t, r.stdout)
	if r.status != 1 || len(got) != 4 {
		t.Fatalf("status %d, %+v\n%s", r.status, got, r.stderr)
	}
	for i, code := range map[int]string{0: "CONTAINER_NOT_ALLOWED", 2: "SOURCE_UNAVAILABLE"} {
		if got[i].Error == nil || got[i].Error.Code != code || got[i].Video != "" || !strings.Contains(r.stderr, got[i].File+": failed: "+code) {
			t.Errorf("%+v, want %s\n%s", got[i], code, r.stderr)
		}
	}
	if got[1].Video == "" || got[1].Duplicate || got[1].State != "ready" {
		t.Errorf("%+v\n%s", got[1], r.stderr)
	}
	if got[3].Video != got[1].Video || !got[3].Duplicate || got[3].SHA256 != got[1].SHA256 || got[3].State != "ready" {
		t.Errorf("%+v is not %+v", got[3], got[1])
	}
	if r := over(t, server, "list", "--json", "--filter", `labels.course = "a;b=c"`); !strings.Contains(r.stdout, got[1].Video) || strings.Count(r.stdout, "\n") != 1 {
		t.Errorf("list: %s%s", r.stdout, r.stderr)
	}
	r = over(t, server, "upload", "--allow-duplicate", "--json", video)
	if twin := sentOf(t, r.stdout); r.status != 0 || twin[0].Video == got[1].Video || twin[0].Duplicate || twin[0].SHA256 != got[1].SHA256 {
		t.Errorf("a second one: %s%s", r.stdout, r.stderr)
	}
	key := strings.TrimSpace(over(t, server, "keys", "create", "--scopes", "read", "--title", "reader").stdout)
	if r := over(t, served{Address: server.Address, Key: key}, "upload", other); r.status != 1 || !strings.Contains(r.stderr, "PERMISSION_DENIED") {
		t.Errorf("a key that may read: status %d, %s", r.status, r.stderr)
	}
	if r := over(t, served{Address: "http://" + freeAddress(t), Key: key}, "upload", "--timeout", "0s", other); r.status != 1 || !strings.Contains(r.stderr, "SERVER_UNAVAILABLE") {
		t.Errorf("nobody there: status %d, %s", r.status, r.stderr)
	}
}
