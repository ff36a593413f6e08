package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// stores are where a server keeps what is uploaded: beside its library, or in a
// bucket of MinIO on the same machine.
var stores = []struct {
	name string
	args func(b *testing.B) (args, env []string)
}{
	{"disk", func(*testing.B) (args, env []string) { return nil, nil }},
	{"MinIO", func(b *testing.B) (args, env []string) {
		m := testenv.NewMinIO(b)
		return []string{"--blobs", "s3://bench?path_style=true&create=true&endpoint=" + m.Endpoint()},
			[]string{"CUEPOINT_S3_ACCESS_KEY=" + m.AccessKey, "CUEPOINT_S3_SECRET_KEY=" + m.SecretKey}
	}},
}

// BenchmarkUpload holds sending a gigabyte to a server on the same machine, in one
// PATCH of tus, to 0.6 times the speed of copying the file and hashing the copy, or
// 1.67 times its time. When the server answers, the bytes outlive a power cut: cp
// alone promises less, so there is cp with sync too. And there is the peer that
// hashes as the server does, for the sha256sum of some systems leaves the
// machine's instructions for it unused: of it, and of a bucket, nothing is promised.
func BenchmarkUpload(b *testing.B) {
	file := large(b)
	for _, store := range stores {
		b.Run(store.name, func(b *testing.B) {
			var ours []time.Duration
			theirs := make([][]time.Duration, len(copies))
			for b.Loop() {
				const rounds = 5
				for range rounds {
					ours = append(ours, send(b, store.args, file))
					for i, c := range copies {
						theirs[i] = append(theirs[i], c.time(b, file))
					}
				}
			}
			b.Logf("%-16s %v", "upload", ours)
			for i, c := range copies {
				b.Logf("%-16s %v", c.name, theirs[i])
				if store.name == "disk" && !c.ours {
					atMost(b, "of-"+c.name, ours, theirs[i], 1/0.6)
				} else {
					compare(b, "of-"+c.name, ours, theirs[i])
				}
			}
		})
	}
}

// copies are ways to copy a file and to hash the copy.
var copies = []copying{
	{name: "cp-sha256sum"}, {name: "cp-sync-sha256sum", sync: true},
	{name: "cp-go", ours: true}, {name: "cp-sync-go", sync: true, ours: true},
}

type copying struct {
	name string
	sync bool
	ours bool // hash with the code that the server has
}

func (c copying) time(b *testing.B, file string) time.Duration {
	b.Helper()
	to := filepath.Join(b.TempDir(), "copy")
	defer os.Remove(to)
	syscall.Sync() // each begins with nothing to write
	start := time.Now()
	command(b, look(b, "cp"), file, to)
	if c.sync {
		command(b, look(b, "sync"), to)
	}
	if c.ours {
		hash(b, to)
	} else {
		command(b, look(b, "sha256sum"), to)
	}
	return time.Since(start)
}

func look(b *testing.B, program string) string {
	b.Helper()
	path, err := proc.Look(program)
	if err != nil {
		b.Fatal(err)
	}
	return path
}

func hash(b *testing.B, file string) {
	b.Helper()
	f, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyBuffer(sha256.New(), struct{ io.Reader }{f}, make([]byte, 256<<10)); err != nil {
		b.Fatal(err)
	}
}

const largeSize = 1 << 30

// large is a short video in a file of a gigabyte: a box that players skip follows
// it, full of what no disk can compress.
func large(b *testing.B) string {
	b.Helper()
	video, err := os.ReadFile(clip(b, 2*time.Minute))
	if err != nil {
		b.Fatal(err)
	}
	rest := largeSize - len(video)
	box := append(binary.BigEndian.AppendUint32(nil, uint32(rest)), "free"...)
	name := filepath.Join(b.TempDir(), "large.mp4")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, io.MultiReader(bytes.NewReader(video), bytes.NewReader(box), io.LimitReader(rand.NewChaCha8([32]byte{}), int64(rest-len(box))))); err != nil {
		b.Fatal(err)
	}
	return name
}

// receiver is a server that takes uploads, and does nothing else.
type receiver struct {
	*testenv.Process
	url, key string
}

func receive(b *testing.B, data string, store func(*testing.B) (args, env []string)) receiver {
	b.Helper()
	args, env := store(b)
	args = append([]string{"serve", "--json", "--data", data, "--listen=127.0.0.1:0", "--admin=", "--rate=0", "--light=0", "--cpu=0", "--heavy=0", "--grace=0s"}, args...)
	p := testenv.Start(b, b.TempDir(), env, testenv.Program(b, "cuepoint"), args...)
	var said struct{ Address, Key string }
	if err := json.Unmarshal([]byte(p.Await(b, &p.Stdout, "{", time.Minute)), &said); err != nil {
		b.Fatal(err)
	}
	return receiver{p, said.Address, said.Key}
}

// do makes a request of tus.
func (r receiver) do(ctx context.Context, method, url string, headers map[string]string, body io.Reader, size int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("X-Api-Key", r.key)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		err = resp.Body.Close()
	}
	return resp, err
}

// ask makes a request of which the answer is to have a status.
func (r receiver) ask(b *testing.B, method, url string, headers map[string]string, body io.Reader, size int64, want int) http.Header {
	b.Helper()
	resp, err := r.do(b.Context(), method, url, headers, body, size)
	if err != nil {
		b.Fatal(err)
	}
	if resp.StatusCode != want {
		b.Fatalf("%s %s: %s", method, url, resp.Status)
	}
	return resp.Header
}

// begin begins an upload, and returns its address.
func (r receiver) begin(b *testing.B, size int64) string {
	b.Helper()
	at := r.ask(b, http.MethodPost, r.url+"/uploads", map[string]string{"Upload-Length": strconv.FormatInt(size, 10)}, nil, 0, http.StatusCreated).Get("Location")
	if strings.HasPrefix(at, "/") {
		at = r.url + at
	}
	return at
}

var content = map[string]string{"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}

// send sends a file to a new server, and returns how long that took, until a video
// was made of it.
func send(b *testing.B, store func(*testing.B) (args, env []string), file string) time.Duration {
	b.Helper()
	data, err := os.MkdirTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(data)
	server := receive(b, data, store)
	defer server.Kill()
	f, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	syscall.Sync()
	start := time.Now()
	said := server.ask(b, http.MethodPatch, server.begin(b, largeSize), content, f, largeSize, http.StatusNoContent)
	took := time.Since(start)
	if said.Get("Cuepoint-Video") == "" {
		b.Fatalf("no video was made of it: %v", said)
	}
	return took
}

// BenchmarkUploadMemory measures what a hundred uploads take in the server's memory
// that have sent a little and then stand still, as clients on bad networks do.
func BenchmarkUploadMemory(b *testing.B) {
	video, err := os.ReadFile(clip(b, 2*time.Minute))
	if err != nil {
		b.Fatal(err)
	}
	for _, store := range stores {
		for _, sent := range []int{100 << 10, 6 << 20, 20 << 20} {
			b.Run(fmt.Sprintf("%s-%d-KiB", store.name, sent>>10), func(b *testing.B) {
				body := append(bytes.Clone(video), make([]byte, sent)...)[:sent]
				for b.Loop() {
					server := receive(b, b.TempDir(), store.args)
					before := steady(server.PID())
					standing := stand(b, server, body)
					b.ReportMetric(float64(standing-before)/1024/standers, "MiB-each")
					b.Logf("%d MiB before, %d while %d stand, %d when they have gone", before>>10, standing>>10, standers, steady(server.PID())>>10)
					server.Kill()
				}
			})
		}
	}
}

const standers = 100

// stand has uploads send a body and then nothing more, and returns what memory the
// server has in use then, in KiB.
func stand(b *testing.B, server receiver, body []byte) (kib int) {
	b.Helper()
	var sent, ended sync.WaitGroup
	ctx, end := context.WithCancel(b.Context())
	defer ended.Wait()
	defer end()
	for range standers {
		at := server.begin(b, largeSize)
		sent.Add(1)
		ended.Go(func() {
			left := bytes.NewReader(body)
			said := sync.OnceFunc(sent.Done)
			resp, err := server.do(ctx, http.MethodPatch, at, content, reader(func(p []byte) (int, error) {
				n, err := left.Read(p)
				if err != nil {
					said()
					<-ctx.Done()
				}
				return n, ctx.Err()
			}), largeSize)
			if ctx.Err() == nil {
				b.Errorf("an upload did not stand: %v, %v", resp, err)
				said()
			}
		})
	}
	sent.Wait()
	return steady(server.PID())
}

type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

// steady is what memory a process has in use, in KiB, once that has not grown for
// some seconds.
func steady(pid int) (kib int) {
	for since := time.Now(); time.Since(since) < 3*time.Second; <-time.After(100 * time.Millisecond) {
		if now := resident(pid); now > kib+kib/100 {
			kib, since = now, time.Now()
		}
	}
	return resident(pid)
}
