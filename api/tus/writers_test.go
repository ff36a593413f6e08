package tus_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// protocols are the versions of HTTP that browsers send files by.
var protocols = []string{"HTTP/1.1", "HTTP/2"}

// setupFor starts a server whose client speaks a version of HTTP.
func setupFor(t *testing.T, protocol string, change ...func(*api.Config, *access.Config)) *bundle {
	t.Helper()
	if protocol == "HTTP/1.1" {
		return setup(t, change...)
	}
	lent := httptest.NewUnstartedServer(nil) // for its certificate
	lent.StartTLS()
	lent.Close()
	b := setup(t, append(change, func(c *api.Config, _ *access.Config) { c.TLS = &tls.Config{Certificates: lent.TLS.Certificates} })...)
	pool := x509.NewCertPool()
	pool.AddCert(lent.Certificate())
	b.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "example.com"}, ForceAttemptHTTP2: true}
	return b
}

// sending is a PATCH whose body comes bit by bit.
type sending struct {
	*io.PipeWriter
	answered chan answer
}

// send begins one.
func (b *bundle) send(t *testing.T, path string, offset int, more headers) *sending {
	t.Helper()
	r, w := io.Pipe()
	all := headers{"Upload-Offset": itoa(offset)}
	for name, value := range more {
		all[name] = value
	}
	made := b.request(t, request{method: http.MethodPatch, path: path, headers: all}, r)
	s := &sending{w, make(chan answer, 1)}
	go func() {
		resp, err := b.client.Do(made)
		if err != nil {
			s.answered <- answer{body: err.Error()}
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		s.answered <- answer{resp.StatusCode, resp.Header, string(body)}
	}()
	t.Cleanup(func() { w.Close() })
	return s
}

func (s *sending) write(t *testing.T, bytes string) {
	t.Helper()
	if _, err := io.WriteString(s, bytes); err != nil {
		t.Fatal(err)
	}
}

// await waits for the answer.
func (s *sending) await(t *testing.T) answer {
	t.Helper()
	select {
	case a := <-s.answered:
		return a
	case <-time.After(10 * time.Second):
		t.Fatal("no answer")
		return answer{}
	}
}

// TestAskingBreaksADeadWriter has a client lose its connection without the server
// knowing: it asks how far the upload is, and goes on from there.
func TestAskingBreaksADeadWriter(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := setupFor(t, protocol)
			path, whole := fresh(t, b), content(size)
			dead := b.send(t, path, 0, nil)
			dead.write(t, whole[:half])
			b.await(t, path, half)
			stands(half)(t, b, path, answer{})
			dead.await(t).check(t, http.StatusConflict, models.CodeConflict, nil)
			b.patch(t, path, half, whole[half:], nil).check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(size)})
			b.wantFile(t, path, whole)
		})
	}
}

// TestAnotherWriterBreaksADeadOne has a client go on from what it was told has
// come. What a dead one has sent since counts for nothing.
func TestAnotherWriterBreaksADeadOne(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := setupFor(t, protocol)
			path, whole := fresh(t, b), content(size)
			b.patch(t, path, 0, whole[:half], nil).check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(half)})
			dead := b.send(t, path, half, nil)
			dead.write(t, "damage")
			b.await(t, path, half+len("damage"))
			b.patch(t, path, half, whole[half:], nil).check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(size)})
			dead.await(t).check(t, http.StatusConflict, models.CodeConflict, nil)
			b.wantFile(t, path, whole)
		})
	}
}

func TestCancelingEndsAWriter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := fresh(t, b)
	writer := b.send(t, path, 0, nil)
	writer.write(t, content(half))
	b.await(t, path, half)
	b.ask(t, request{method: http.MethodDelete, path: path}).check(t, http.StatusNoContent, "", nil)
	if a := writer.await(t); a.status < 400 || a.status >= 500 {
		t.Errorf("the writer is answered %d", a.status)
	}
	b.ask(t, request{method: http.MethodHead, path: path}).check(t, http.StatusGone, models.CodeNotFound, nil)
}

func TestWhatCameBeforeTheClientWentIsKept(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := setupFor(t, protocol)
			path := fresh(t, b)
			writer := b.send(t, path, 0, nil)
			writer.write(t, content(half))
			b.await(t, path, half)
			writer.CloseWithError(io.ErrClosedPipe)
			<-writer.answered
			stands(half)(t, b, path, answer{})
		})
	}
}

func TestWhoSendsNothingForTooLongIsToldToGoOnLater(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := setupFor(t, protocol, func(c *api.Config, _ *access.Config) { c.UploadIdle = 500 * time.Millisecond })
			path, whole := fresh(t, b), content(size)
			slow := b.send(t, path, 0, nil)
			for i := range 8 { // twice as long as a pause may be
				slow.write(t, whole[i:i+1])
				<-time.After(125 * time.Millisecond)
			}
			slow.await(t).check(t, http.StatusConflict, models.CodeConflict, nil)
			stands(8)(t, b, path, answer{})
			b.patch(t, path, 8, whole[8:], nil).check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(size)})
		})
	}
}

// TestADiskMayTakeItsTime: it is the client that has to send in time.
func TestADiskMayTakeItsTime(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := setupFor(t, protocol, func(c *api.Config, _ *access.Config) { c.UploadIdle = 250 * time.Millisecond })
			b.Uploads.pause = 500 * time.Millisecond
			path := fresh(t, b)
			writer := b.send(t, path, 0, nil)
			writer.write(t, content(size)[:half])
			b.await(t, path, half)
			writer.write(t, content(size)[half:])
			writer.Close()
			writer.await(t).check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(size)})
		})
	}
}

func TestAServerThatEndsKeepsWhatCame(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := setupFor(t, protocol)
			path := fresh(t, b)
			writer := b.send(t, path, 0, nil)
			writer.write(t, content(half))
			b.await(t, path, half)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := b.Server.Close(ctx); err != nil {
				t.Errorf("close: %v", err)
			}
			writer.await(t).check(t, http.StatusServiceUnavailable, models.CodeShuttingDown, nil)
			if u, err := b.Uploads.Find(t.Context(), idOf(path)); err != nil || u.Offset != half {
				t.Errorf("%d bytes are kept, %v", u.Offset, err)
			}
		})
	}
}

func TestOfTwoWritersAtOnceExactlyOneWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 20 {
		path, whole := fresh(t, b), content(size)
		answers := [2]answer{}
		var both sync.WaitGroup
		for i := range answers {
			both.Go(func() { answers[i] = b.patch(t, path, 0, whole[:half], nil) })
		}
		both.Wait()
		if answers[0].status > answers[1].status {
			answers[0], answers[1] = answers[1], answers[0]
		}
		answers[0].check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(half)})
		answers[1].check(t, http.StatusConflict, models.CodeConflict, nil)
		b.patch(t, path, half, whole[half:], nil).check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(size)})
		b.wantFile(t, path, whole)
	}
}

// TestNoAcknowledgedByteIsLost has clients that know nothing of each other send
// the same file, each as the protocol wants it, and break off at any time.
func TestNoAcknowledgedByteIsLost(t *testing.T) {
	t.Parallel()
	const large = maxSize
	whole := content(large)
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := setupFor(t, protocol)
			path := b.create(t, headers{"Upload-Length": itoa(large)})
			var acknowledged highest
			var clients sync.WaitGroup
			for client := range 4 {
				random := rand.New(rand.NewPCG(5, uint64(client)))
				clients.Go(func() {
					for {
						before := acknowledged.get()
						head := b.ask(t, request{method: http.MethodHead, path: path})
						offset := head.number(t, "Upload-Offset")
						if offset < before {
							t.Errorf("%d bytes were acknowledged, of which %d are there", before, offset)
							return
						}
						if offset == large {
							return
						}
						end := min(large, offset+1+random.Int64N(large/8))
						if sent := b.patch(t, path, int(offset), whole[offset:end], nil); sent.status == http.StatusNoContent {
							acknowledged.raise(sent.number(t, "Upload-Offset"))
						} else if sent.status != http.StatusConflict {
							t.Errorf("status %d: %s", sent.status, sent.body)
							return
						}
					}
				})
			}
			clients.Wait()
			b.wantFile(t, path, whole)
		})
	}
}

// highest is the highest of some numbers.
type highest struct {
	mu sync.Mutex
	n  int64
}

func (h *highest) get() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n
}

func (h *highest) raise(n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n = max(h.n, n)
}

// watched is a body that knows whether it was read.
type watched struct {
	io.Reader
	read chan struct{}
	once sync.Once
}

func (w *watched) Read(p []byte) (int, error) {
	w.once.Do(func() { close(w.read) })
	return w.Reader.Read(p)
}

// TestWhoAsksBeforeSendingNeedNotSend sends `Expect: 100-continue`.
func TestWhoAsksBeforeSendingNeedNotSend(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.client.Transport = &http.Transport{ExpectContinueTimeout: time.Minute}
	path := begun(t, b)
	for offset, status := range map[int]int{0: http.StatusConflict, half: http.StatusNoContent} {
		body := &watched{Reader: bytes.NewReader([]byte(content(size)[half:])), read: make(chan struct{})}
		made := b.request(t, request{method: http.MethodPatch, path: path, headers: headers{"Upload-Offset": itoa(offset), "Expect": "100-continue"}}, body)
		made.ContentLength = half
		resp, err := b.client.Do(made)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("at %d: %s", offset, resp.Status)
		}
		select {
		case <-body.read:
			if status != http.StatusNoContent {
				t.Error("what is refused was sent")
			}
		default:
			if status == http.StatusNoContent {
				t.Error("what was taken was not sent")
			}
		}
	}
}

// TestARevokedKeyEndsAWriter revokes a key while bytes come, as they may for
// hours.
func TestARevokedKeyEndsAWriter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.key(t, models.DefaultWorkspace, models.ScopeWrite)
	path := fresh(t, b)
	writer := b.send(t, path, 0, headers{"Authorization": "Bearer " + token})
	writer.write(t, content(half))
	b.await(t, path, half)
	id := strings.Split(token, "_")[1]
	if err := b.Store.In(models.DefaultWorkspace).RevokeKey(t.Context(), id, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	writer.await(t).check(t, http.StatusUnauthorized, models.CodeUnauthenticated, nil)
	stands(half)(t, b, path, answer{})
}
