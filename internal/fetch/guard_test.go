package fetch_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

func TestOnlyPublicAddressesAreConnectedTo(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255", "100.100.100.200",
		"127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
		"100:0:0:1::1", "2001::1", "2001:2::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1",
		"fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "fe80::1%lo", "2606:4700::1%lo", "4000::1",
	} {
		if err := (fetch.Guard{}).Check(netip.MustParseAddr(addr)); models.ErrorCode(err) != models.CodeSourceBlocked {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for _, addr := range []string{
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
		"223.255.255.255", "2606:4700::1111", "2a00::1", "2001:200::1", "2001:4860::1",
	} {
		if err := (fetch.Guard{}).Check(netip.MustParseAddr(addr)); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestWhatIsAllowedIsAllThatIsAllowed(t *testing.T) {
	t.Parallel()
	g := fetch.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/64")}}
	for addr, want := range map[string]models.Code{
		"10.1.2.3": "", "fd00::1": "", "1.1.1.1": "",
		"10.2.0.0": models.CodeSourceBlocked, "127.0.0.1": models.CodeSourceBlocked,
		"fd00:0:0:1::1": models.CodeSourceBlocked, "fd00::1%lo": models.CodeSourceBlocked,
		"::ffff:10.1.2.3": models.CodeSourceBlocked,
	} {
		if got := models.ErrorCode(g.Check(netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}

func TestNoFormOfAnAddressReachesThisMachine(t *testing.T) {
	t.Parallel()
	four, six := newCanary(t, "127.0.0.1:0"), newCanary(t, "[::1]:0")
	_, port, _ := net.SplitHostPort(four.address)
	_, port6, _ := net.SplitHostPort(six.address)
	c := impatient()
	c.Guard.Allow = nil
	names := make(chan string, 100)
	c.Guard.Resolver = resolver(t, func(name string) [4]byte {
		names <- name
		return [4]byte{127, 0, 0, 1}
	})
	tests := []struct {
		address string
		code    models.Code
	}{
		{"http://127.0.0.1:" + port, models.CodeSourceBlocked},
		{"https://127.0.0.1:" + port, models.CodeSourceBlocked},
		{"HTTP://127.0.0.1:" + port, models.CodeSourceBlocked},
		{"http://127.0.0.1.:" + port, models.CodeSourceBlocked},
		{"http://127.0.0.1..:" + port, models.CodeSourceBlocked},
		{"http://127.1:" + port, models.CodeSourceBlocked},
		{"http://127.0.1:" + port, models.CodeSourceBlocked},
		{"http://2130706433:" + port, models.CodeSourceBlocked},
		{"http://017700000001:" + port, models.CodeSourceBlocked},
		{"http://0177.0.0.1:" + port, models.CodeSourceBlocked},
		{"http://0x7f.1:" + port, models.CodeSourceBlocked},
		{"http://0x7f000001:" + port, models.CodeSourceBlocked},
		{"http://0X7F.0X1:" + port, models.CodeSourceBlocked},
		{"http://127.0.0.0x1:" + port, models.CodeSourceBlocked},
		{"http://0x:" + port, models.CodeSourceBlocked},
		{"http://0:" + port, models.CodeSourceBlocked},
		{"http://0.0.0.0:" + port, models.CodeSourceBlocked},
		{"http://127.0.0.1%2e:" + port, models.CodeInvalidArgument},
		{"http://%31%32%37.0.0.1:" + port, models.CodeInvalidArgument},
		{"http://127。0。0。1:" + port, models.CodeSourceBlocked},
		{"http://１２７.０.０.１:" + port, models.CodeSourceBlocked},
		{"http://１２７.１:" + port, models.CodeSourceBlocked},
		{"http://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1:" + port, models.CodeSourceBlocked},
		{"http://①②⑦.⓪.⓪.①:" + port, models.CodeSourceBlocked},
		{"http://localhost:" + port, models.CodeSourceBlocked},
		{"http://LOCALHOST:" + port, models.CodeSourceBlocked},
		{"http://localhost.:" + port, models.CodeSourceBlocked},
		{"http://name.example.org:" + port, models.CodeSourceBlocked},
		{"http://ｌocalhost:" + port, models.CodeSourceBlocked},
		{"http://[::1]:" + port6, models.CodeSourceBlocked},
		{"http://[0:0:0:0:0:0:0:1]:" + port6, models.CodeSourceBlocked},
		{"http://[::]:" + port6, models.CodeSourceBlocked},
		{"http://[::1%25lo]:" + port6, models.CodeSourceBlocked},
		{"http://[fe80::1%25lo]:" + port6, models.CodeSourceBlocked},
		{"http://[::ffff:127.0.0.1]:" + port, models.CodeSourceBlocked},
		{"http://[::ffff:7f00:1]:" + port, models.CodeSourceBlocked},
		{"http://[::127.0.0.1]:" + port, models.CodeSourceBlocked},
		{"http://[64:ff9b::127.0.0.1]:" + port, models.CodeSourceBlocked},
		{"http://[2002:7f00:1::]:" + port, models.CodeSourceBlocked},
		{"http://user@127.0.0.1:" + port, models.CodeSourceBlocked},
		{"http://example.org@127.0.0.1:" + port, models.CodeSourceBlocked},
		{"http://example.org:80@127.0.0.1:" + port, models.CodeSourceBlocked},
		{"http://127.0.0.1:0", models.CodeSourceBlocked},
		{"http://127.0.0.1:65536", models.CodeSourceBlocked},
		{"http://127.0.0.1:" + port + "@example.org", models.CodeSourceBlocked},
		{"http://127.0.0.1\\@example.org:" + port, models.CodeInvalidArgument},
		{"http://127.0.0.1:" + port + "\r\nX: y", models.CodeInvalidArgument},
		{"http://127.0.0.1 :" + port, models.CodeInvalidArgument},
		{"http:127.0.0.1:" + port, models.CodeInvalidArgument},
		{"http:///127.0.0.1:" + port, models.CodeInvalidArgument},
		{"http://:" + port, models.CodeInvalidArgument},
		{"//127.0.0.1:" + port, models.CodeInvalidArgument},
		{"127.0.0.1:" + port, models.CodeInvalidArgument},
		{"", models.CodeInvalidArgument},
		{"http://127.0.0.1/" + strings.Repeat("x", 9000), models.CodeInvalidArgument},
		{"file:///etc/passwd", models.CodeSourceBlocked},
		{"ftp://127.0.0.1:" + port, models.CodeSourceBlocked},
		{"unix:///var/run/docker.sock", models.CodeSourceBlocked},
		{"data:text/plain,x", models.CodeSourceBlocked},
		{"concat:http://127.0.0.1:" + port, models.CodeSourceBlocked},
	}
	for _, test := range tests {
		_, _, err := all(t, c, fetch.Request{URL: test.address})
		if got := models.ErrorCode(err); got != test.code {
			t.Errorf("%q: %v, want %s", test.address, err, test.code)
		}
		if _, passes := fetch.MayPass(err); passes {
			t.Errorf("%q: it may pass", test.address)
		}
	}
	close(names)
	for name := range names {
		if name != "localhost." && name != "name.example.org." {
			t.Errorf("%q was looked up", name)
		}
	}
	four.mustBeAlone(t)
	six.mustBeAlone(t)
}

// TestANameThatChangesWhatItStandsForGainsNothing: the name leads to a host that
// may be asked, and once that sent us back to it, to one that may not.
func TestANameThatChangesWhatItStandsForGainsNothing(t *testing.T) {
	t.Parallel()
	outside := listen(t, "127.0.0.2:0", func(ctx context.Context, conn net.Conn, r *http.Request) {
		says("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://"+r.Host+"/inside\r\n\r\n")(ctx, conn, r)
	})
	_, port, _ := net.SplitHostPort(outside)
	inside := newCanary(t, "127.0.0.1:"+port)
	c := impatient()
	c.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
	var asked atomic.Int64
	c.Guard.Resolver = resolver(t, func(string) [4]byte {
		if asked.Add(1) == 1 {
			return [4]byte{127, 0, 0, 2}
		}
		return [4]byte{127, 0, 0, 1}
	})
	_, _, err := all(t, c, fetch.Request{URL: "http://rebind.example.org:" + port + "/"})
	wantError(t, err, models.CodeSourceBlocked, false)
	if message := models.AsError(err).Message; strings.Contains(message, "127") {
		t.Errorf("the message tells where the name leads: %q", message)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("the name was looked up %d times, want twice", n)
	}
	inside.mustBeAlone(t)
}

func TestANameThatStandsForNothing(t *testing.T) {
	t.Parallel()
	c := impatient()
	c.Guard.Resolver = resolver(t, nil)
	_, _, err := all(t, c, fetch.Request{URL: "http://none.example.org/"})
	wantError(t, err, models.CodeSourceUnavailable, false)
}

func TestTheGuardIsOfUseAlone(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	address := host(t, func(ctx context.Context, conn net.Conn, r *http.Request) {
		asked <- r
		says(ok+"Content-Length: 0\r\n\r\n")(ctx, conn, r)
	})
	post := func(g fetch.Guard) error {
		client := http.Client{Transport: g.Transport()}
		answer, err := client.Post(address, "text/plain", strings.NewReader("news"))
		if err == nil {
			answer.Body.Close()
		}
		return err
	}
	if err := post(impatient().Guard); err != nil {
		t.Fatal(err)
	}
	if r := <-asked; r.Method != http.MethodPost || r.Header.Get("Accept-Encoding") != "" {
		t.Errorf("%s %v", r.Method, r.Header)
	}
	if err := post(fetch.Guard{}); models.ErrorCode(err) != models.CodeSourceBlocked {
		t.Error(err)
	}
}

// resolver asks a name server of the test's own, which tells what a says of IPv4
// and nothing else, or knows no name.
func resolver(t *testing.T, a func(string) [4]byte) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			if err := answer(theirs, a); err != nil {
				t.Errorf("name server: %v", err)
			}
		}()
		return ours, nil
	}}
}

// answer speaks DNS over a stream: a length in two bytes, then the message.
func answer(conn net.Conn, a func(string) [4]byte) error {
	question := make([]byte, 1024)
	n, err := conn.Read(question)
	if err != nil {
		return err
	}
	if n == 2 {
		if n, err = conn.Read(question[2:]); err != nil {
			return err
		}
		n += 2
	}
	var m dnsmessage.Message
	if err := m.Unpack(question[2:n]); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	m.Response, m.Additionals = true, nil
	switch q := m.Questions[0]; {
	case a == nil:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: a(q.Name.String())},
		}}
	}
	packed, err := m.Pack()
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	_, err = conn.Write(append([]byte{byte(len(packed) >> 8), byte(len(packed))}, packed...))
	return err
}
