package fetch

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

const (
	patience    = 20 * time.Second
	headerBytes = 64 << 10
)

// Guard connects to public addresses only. It looks at an address after its
// name was resolved, at the moment of connecting, so a name that changes what it
// stands for gains nothing. The zero Guard is ready to use.
type Guard struct {
	Allow    []netip.Prefix // special addresses that may be connected to all the same
	Patience time.Duration  // for a connection, for TLS, and for the head of an answer, each; 0 for 20 s
	Resolver *net.Resolver  // nil for the machine's
	TLS      *tls.Config    // nil for what Go holds to be safe
}

// Transport makes requests by http and https, on any port. It refuses what is
// not one of them, a user name or password in the address, a host that is a
// number in disguise, and what [Guard.Check] refuses, with SOURCE_BLOCKED and
// before anything is sent. It takes no proxy from the environment, keeps no
// connections, unpacks nothing, and reads at most 64 KiB of headers.
func (g Guard) Transport() http.RoundTripper {
	wait := g.Patience
	if wait == 0 {
		wait = patience
	}
	dialer := &net.Dialer{Timeout: wait, Resolver: g.Resolver, ControlContext: g.control}
	return transport{&http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if err := checkHost(address); err != nil {
				return nil, err
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:        g.TLS.Clone(),
		TLSHandshakeTimeout:    wait,
		ResponseHeaderTimeout:  wait,
		MaxResponseHeaderBytes: headerBytes,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}}
}

// control sees the very address that is about to be connected to.
func (g Guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s %s: %w", network, address, err)
	}
	return g.Check(to.Addr())
}

// checkHost refuses, before it is looked up, a host that some resolvers would
// take for an IPv4 address written in another way than 192.0.2.1: shorter, as one
// number, in octal or hexadecimal, with a dot at the end. No public name ends in
// a number. It also refuses zones, which are about this machine's interfaces.
func checkHost(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return blocked("addresses with a zone are not for others; name a public host")
		}
		return nil
	}
	name := strings.TrimRight(host, ".")
	last := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	digits, hex := strings.CutPrefix(last, "0x")
	if hex && strings.Trim(digits, "0123456789abcdef") == "" || strings.Trim(last, "0123456789") == "" {
		return blocked("the host %q is neither a name nor an address; write an address like 192.0.2.1", host)
	}
	return nil
}

type transport struct{ under *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkURL(r.URL); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return t.under.RoundTrip(r)
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return blocked("only http and https addresses are fetched")
	case u.User != nil:
		return blocked("an address with a user name or password is not fetched; leave them out")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return blocked("there is no port %s", port)
		}
	}
	return nil
}

func blocked(format string, args ...any) error {
	return models.Errorf(models.CodeSourceBlocked, format, args...)
}
