package fetch_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sizeLimit = 1 << 20
	tick      = 20 * time.Millisecond
	// secret stands for the signature in an address, and for what a host says:
	// no error may have it, the cause for the log included.
	secret = "s3cr3t"
)

var loopback = netip.MustParsePrefix("127.0.0.0/8")

// impatient is a client that may reach the tests' hosts, with limits that a test
// can wait for.
func impatient() fetch.Client {
	return fetch.Client{
		Guard: fetch.Guard{Allow: []netip.Prefix{loopback}, Patience: 500 * time.Millisecond},
		Limits: fetch.Limits{
			Size: sizeLimit, Idle: 500 * time.Millisecond,
			Rate: 1000, Window: 200 * time.Millisecond, Total: 10 * time.Second,
		},
	}
}

// conversation is what a host does with a request. It ends with ctx.
type conversation func(ctx context.Context, conn net.Conn, r *http.Request)

// host speaks by hand, because net/http would not say such things. It returns
// its address.
func host(t *testing.T, talk conversation) string {
	t.Helper()
	return "http://" + listen(t, "127.0.0.1:0", talk)
}

func listen(t *testing.T, address string, talk conversation) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				stop := context.AfterFunc(ctx, func() { conn.Close() })
				defer stop()
				if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					talk(ctx, conn, r)
				}
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		listener.Close()
		open.Wait()
	})
	return listener.Addr().String()
}

// says answers with a text and ends the connection.
func says(text string) conversation {
	return func(_ context.Context, conn net.Conn, _ *http.Request) { _, _ = io.WriteString(conn, text) }
}

// drips answers with a text and then, until nobody listens, a bit at each tick.
func drips(text, bit string) conversation {
	return func(ctx context.Context, conn net.Conn, _ *http.Request) {
		_, err := io.WriteString(conn, text)
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for err == nil && ctx.Err() == nil {
			<-ticker.C
			_, err = io.WriteString(conn, bit)
		}
	}
}

// pours answers with a text and then, until nobody listens, bits without end.
func pours(text, bit string) conversation {
	return func(_ context.Context, conn net.Conn, _ *http.Request) {
		_, err := io.WriteString(conn, text)
		for err == nil {
			_, err = io.WriteString(conn, bit)
		}
	}
}

// canary counts who connects.
type canary struct {
	address string
	seen    atomic.Int64
}

func newCanary(t *testing.T, address string) *canary {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := &canary{address: listener.Addr().String()}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.seen.Add(1)
			conn.Close()
		}
	})
	t.Cleanup(func() { listener.Close(); done.Wait() })
	return c
}

func (c *canary) mustBeAlone(t *testing.T) {
	t.Helper()
	if n := c.seen.Load(); n != 0 {
		t.Errorf("%d connections reached the canary", n)
	}
}

// all downloads to the end. The context bounds what no limit does.
func all(t *testing.T, c fetch.Client, r fetch.Request) (*fetch.Download, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	d, err := c.Get(ctx, r)
	if err != nil {
		return nil, "", discreet(t, err)
	}
	defer d.Close()
	body, err := io.ReadAll(d)
	return d, string(body), discreet(t, err)
}

func discreet(t *testing.T, err error) error {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Errorf("the error tells a secret: %v", err)
	}
	return err
}

// wantError checks an error's code, and whether it may pass.
func wantError(t *testing.T, err error, code models.Code, passes bool) {
	t.Helper()
	if got := models.ErrorCode(err); got != code {
		t.Fatalf("%q (%v), want %s", got, err, code)
	}
	if _, ok := fetch.MayPass(err); ok != passes {
		t.Errorf("that it may pass: %v, want %v: %v", ok, passes, err)
	}
}
