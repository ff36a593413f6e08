package api_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// A request arrives whole however its bytes come.
func TestConnectionsBeginSlowly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, request := range []string{
		"GET /v1/videos HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
		"\x16\x03\x01\r\n\r\n", // is encrypted
	} {
		conn := b.connect(t)
		for _, one := range []byte(request) {
			if _, err := conn.Write([]byte{one}); err != nil {
				break // the answer was clear before the end
			}
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		want := map[byte]string{'G': "401", 'P': "400", '\x16': "400"}[request[0]]
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+want) {
			t.Errorf("%q: %q, error %v", request, line, err)
		}
	}
}

// Who says nothing keeps nobody from coming in, and does not keep the server from ending.
func TestSilentConnections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 50 {
		if _, err := io.WriteString(b.connect(t), "PR"[:i%3]); err != nil {
			t.Fatal(err)
		}
	}
	if a := b.get(t, "/v1/videos"); a.Code != http.StatusOK {
		t.Errorf("%d", a.Code)
	}
	if _, err := cuepointv1.NewVideoServiceClient(b.dial(t)).ListVideos(t.Context(), &cuepointv1.ListVideosRequest{}); err != nil {
		t.Error(err)
	}
}

// connect opens a connection that speaks nothing yet.
func (b *bundle) connect(t *testing.T) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", b.Server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestCallsByAnotherName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, want := range map[string]codes.Code{"videos.example": codes.OK, "localhost:1": codes.OK, "evil.example": codes.PermissionDenied} {
		conn := b.dialWith(t, b.Key, grpc.WithAuthority(name))
		_, err := cuepointv1.NewVideoServiceClient(conn).ListVideos(t.Context(), &cuepointv1.ListVideosRequest{})
		if s := status.Convert(err); s.Code() != want || err != nil && reasonOf(s) != "HOST_NOT_ALLOWED" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where a call came from is a proxy's to say, and nobody else's.
func TestCallsByProxies(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{true, false} {
		b := setup(t, func(c *api.Config, g *access.Config) {
			g.PerAddress = access.Rate{PerSecond: 0.01, Burst: 2}
			if trusted {
				c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
			}
		})
		client := cuepointv1.NewVideoServiceClient(b.dialWith(t, ""))
		for i := range 4 {
			ctx := metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", "192.0.2."+strconv.Itoa(i))
			_, err := client.ListVideos(ctx, &cuepointv1.ListVideosRequest{})
			if limited := status.Code(err) == codes.ResourceExhausted; limited != (!trusted && i >= 2) {
				t.Errorf("trusted %t, call %d: %v", trusted, i, err)
			}
		}
	}
}
