package api

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// CSRFHeader is the header that a page of ours sends beside its cookie with a
// request that changes something; GET /session says what it has to be.
const CSRFHeader = "X-Cuepoint-Csrf"

// The metadata in which the gateway tells what a request of HTTP showed. From
// anybody else it means nothing.
const (
	shownKeyHeader     = "x-cuepoint-shown-key"
	shownSessionHeader = "x-cuepoint-shown-session"
	shownAddressHeader = "x-cuepoint-shown-address"
)

// shownBy returns what a gRPC call shows of its caller: a key as `authorization:
// Bearer …` or as `x-api-key`. HOST_NOT_ALLOWED as [Guard] has it.
func (s *Server) shownBy(ctx context.Context) (access.Shown, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	from, ok := peer.FromContext(ctx)
	if ok && from.Addr.Network() == "bufconn" { // the gateway's pipe, which nobody else can reach
		return access.Shown{Key: first(md, shownKeyHeader), Session: first(md, shownSessionHeader), Address: first(md, shownAddressHeader)}, nil
	}
	if name := first(md, ":authority"); !ownName(name, s.hosts) {
		return access.Shown{}, notOurName(name)
	}
	key, err := keyIn(md.Get("authorization"), md.Get("x-api-key"))
	shown := access.Shown{Key: key}
	if ok {
		shown.Address = hostOf(from.Addr.String())
		if client := clientOf(md.Get("x-forwarded-for"), s.proxies); client != "" && isProxy(s.proxies, shown.Address) {
			shown.Address = client
		}
	}
	return shown, err
}

func first(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// shownByRequest returns what a request of HTTP shows of its caller: a key as
// gRPC calls do, else the cookie of a session. A request that may change something
// shows with the cookie that it comes from a page of ours, or is PERMISSION_DENIED.
func shownByRequest(r *http.Request) (access.Shown, error) {
	shown := access.Shown{Address: hostOf(r.RemoteAddr)}
	var err error
	if shown.Key, err = keyIn(r.Header.Values("Authorization"), r.Header.Values("X-Api-Key")); err != nil || shown.Key != "" {
		return shown, err
	}
	shown.Session = cookieOf(r)
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	if shown.Session != "" && !safe && !access.CheckCSRF(shown.Session, r.Header.Get(CSRFHeader)) {
		return shown, models.Errorf(models.CodePermissionDenied, "the request lacks the header %s of this session; load the page anew", CSRFHeader)
	}
	return shown, nil
}

type shownKey struct{}

// shownMetadata tells the gRPC server what a request of HTTP showed.
func shownMetadata(ctx context.Context, _ *http.Request) metadata.MD {
	shown, _ := ctx.Value(shownKey{}).(access.Shown)
	md := metadata.Pairs(shownAddressHeader, shown.Address)
	if shown.Key != "" {
		md.Set(shownKeyHeader, shown.Key)
	}
	if shown.Session != "" {
		md.Set(shownSessionHeader, shown.Session)
	}
	return md
}

// printable is what a key may be made of, if it is to reach who knows it.
var printable = regexp.MustCompile(`^[!-~]{1,128}$`)

// keyIn returns the one key in the values of two headers, empty where there is
// none. Schemes other than Bearer are somebody else's.
func keyIn(authorization, apiKey []string) (string, error) {
	keys := apiKey
	for _, value := range authorization {
		if scheme, token, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") {
			keys = append(keys[:len(keys):len(keys)], strings.TrimSpace(token))
		}
	}
	found := ""
	for _, key := range keys {
		switch {
		case key == "" || key == found:
		case found != "":
			return "", models.Errorf(models.CodeUnauthenticated, "two keys were shown; show one")
		case !printable.MatchString(key):
			return "", models.Errorf(models.CodeUnauthenticated, "what was shown is no key")
		default:
			found = key
		}
	}
	return found, nil
}

var cookiePattern = regexp.MustCompile(`^cs_[0-9A-Za-z]{43}$`)

// cookieName is the name of the cookie of a session. Browsers send the cookies of
// a host to all its ports, so two servers on one machine need different names.
func cookieName(r *http.Request) string {
	name := "cuepoint"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		name += "-" + port
	}
	if isSecure(r) {
		return "__Host-" + name
	}
	return name
}

// cookieOf returns the cookie of a session, empty where there is none.
func cookieOf(r *http.Request) string {
	cookie, err := r.Cookie(cookieName(r))
	if err != nil || !cookiePattern.MatchString(cookie.Value) {
		return ""
	}
	return cookie.Value
}

// hostOf is an address without its port.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
