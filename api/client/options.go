package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/cuepoint/cuepoint/internal/config"
)

const userAgent = "cuepoint-go"

type options struct {
	key         config.Secret
	tls         *tls.Config
	unencrypted bool
	patience    time.Duration
	grpc        []grpc.DialOption
}

// WithKey shows a key, ck_…, with every call. It is printed by nothing.
func WithKey(key string) Option { return func(o *options) { o.key = config.NewSecret(key) } }

// WithTLS says how to encrypt: which certificates to trust besides those of this
// machine, for instance.
func WithTLS(config *tls.Config) Option { return func(o *options) { o.tls = config } }

// Unencrypted allows http:// to other machines, too. Whoever is on the way can
// then read the key, and use it.
func Unencrypted() Option { return func(o *options) { o.unencrypted = true } }

// WithPatience says how long [Client.WatchVideo] and its like, and
// [Client.Upload], look for a server that does not answer any more, before they
// end with its error: for ever, unless it is given.
func WithPatience(d time.Duration) Option { return func(o *options) { o.patience = d } }

// WithGRPC adds options of gRPC's own, such as interceptors.
func WithGRPC(o ...grpc.DialOption) Option {
	return func(all *options) { all.grpc = append(all.grpc, o...) }
}

// dial are the options of gRPC's that these come to.
func (o *options) dial(at place) []grpc.DialOption {
	transport := insecure.NewCredentials()
	if at.encrypted {
		transport = credentials.NewTLS(o.tls)
	}
	all := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxAnswer)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}), // of who is in a stream
		grpc.WithUserAgent(userAgent),
	}
	if o.key.Reveal() != "" {
		all = append(all, grpc.WithPerRPCCredentials(shownKey{o.key, at.encrypted}))
	}
	return all
}

// shownKey shows a key with every call.
type shownKey struct {
	key       config.Secret
	encrypted bool
}

// GetRequestMetadata implements [credentials.PerRPCCredentials].
func (k shownKey) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + k.key.Reveal()}, nil
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (k shownKey) RequireTransportSecurity() bool { return k.encrypted }

// place is where a server is.
type place struct {
	target    string // for gRPC
	base      string // for HTTP: what paths are put behind
	encrypted bool
}

// parse reads a server's address.
func parse(address string, unencrypted bool) (place, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return place{}, errors.New("a server's address is written as https://host or http://127.0.0.1:8080") // not as it was given: people put keys everywhere
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return place{}, fmt.Errorf("a server's address ends with the port: %s://%s", u.Scheme, u.Host)
	}
	at := place{encrypted: u.Scheme == "https", base: u.Scheme + "://" + u.Host}
	if !at.encrypted && !unencrypted && !config.IsLoopback(u.Hostname()) {
		return place{}, fmt.Errorf("http://%s is on another machine, and whoever is on the way could read the key: write https://", u.Host)
	}
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[at.encrypted]
	}
	at.target = "dns:///" + net.JoinHostPort(u.Hostname(), port)
	return at, nil
}
