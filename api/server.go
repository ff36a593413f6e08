package api

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/test/bufconn"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/signin"
	"github.com/cuepoint/cuepoint/api/tus"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/store"
)

// maxConnections is how many connections are served at a time; further ones wait.
const maxConnections = 4096

// The limits of a request. Media may take as long as the network needs, so
// only the beginning of a request has a time limit, and each call of the API.
const (
	maxBody       = 1 << 20 // of a JSON request
	maxMessage    = 4 << 20 // of a gRPC request
	maxHeader     = 64 << 10
	maxStreams    = 100 // at a time on a connection
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	callTimeout   = 30 * time.Second
)

// Libraries are those of all workspaces. A [store.Store] has them.
type Libraries interface {
	In(workspace string) store.Library
	Version(ctx context.Context) (string, error)
}

// libraryOf returns the library of the caller's workspace: services know no
// other way to one, so that what belongs to another is NOT_FOUND.
func libraryOf(ctx context.Context, all Libraries) store.Library {
	return all.In(access.From(ctx).Workspace)
}

// Config says what a server serves.
type Config struct {
	Libraries Libraries
	Feed      *events.Feed                    // which somebody else runs, for as long as the server is there
	Commands  func(workspace string) Commands // nil for none
	System    System
	Gate      *access.Gate     // lets in who comes over the network; nil without Listen
	Provider  *signin.Provider // where browsers may sign in too; nil for nowhere
	Uploads   tus.Uploads      // nil for none
	MaxUpload int64            // of an upload, in bytes
	// UploadIdle is for how long the bytes of an upload may not come; a minute
	// unless set.
	UploadIdle time.Duration
	Media      http.Handler // below /play/; nil where there is none
	Page       http.Handler // everything that is nothing else, and for everybody; nil where there is none
	// Hosts are the names the server is reached by. Addresses and localhost
	// need not be named; a request for any other name is refused, so that no
	// web site can point its own name here (DNS rebinding).
	Hosts   []string
	Proxies []netip.Prefix // whose word is taken on whom they ask for
	TLS     *tls.Config    // nil for no encryption
	Pulse   time.Duration  // how long a stream is silent at most; 15 seconds unless set
	Log     *slog.Logger
}

// Server serves gRPC and HTTP on one address, and gRPC on a socket of the data
// directory, whose owner needs no key: on both, or on one of them, or on none,
// for its own process ([Server.Dial]). The order is [New], Listen and
// ListenSocket, Serve, and Close whatever happened before.
type Server struct {
	log      *slog.Logger
	gate     *access.Gate
	provider *signin.Provider
	hosts    []string
	proxies  []netip.Prefix
	tls      *tls.Config
	calls    *grpc.Server // for who speaks gRPC on a connection without encryption
	public   *grpc.Server // for all else that comes over the network
	local    *grpc.Server
	health   *health.Server
	pipe     *bufconn.Listener // on which the gateway reaches public
	gateway  *grpc.ClientConn
	inside   *bufconn.Listener // on which its own process reaches local
	http     *http.Server      // which reaches public too
	listener net.Listener      // of http; nil without Listen
	socket   *socket           // of local; nil without ListenSocket

	// stopping ends when Close begins.
	stopping context.Context //nolint:containedctx // it is the server's life, not a call's
	stop     context.CancelFunc
	closing  sync.Once
}

// New returns a server that listens to nothing yet.
func New(c Config) (*Server, error) {
	c.Pulse = cmp.Or(c.Pulse, usualPulse)
	s := &Server{
		log: c.Log, gate: c.Gate, provider: c.Provider, hosts: c.Hosts, proxies: c.Proxies, tls: c.TLS,
		health: health.NewServer(), pipe: bufconn.Listen(maxBody), inside: bufconn.Listen(maxBody),
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	replies, err := newReplies(c.Libraries)
	if err != nil {
		return nil, err
	}
	s.calls, s.public, s.local = s.newPublic(c, replies), s.newPublic(c, replies), s.newLocal(c, replies)
	rest, err := s.newGateway()
	if err != nil {
		return nil, fmt.Errorf("connect the gateway: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", rest)
	mux.Handle("/healthz", rest)
	mux.HandleFunc("GET /openapi.json", serveDescription)
	if c.Media != nil {
		mux.Handle("/play/", Players(c.Gate, Problems(c.Log), c.Media))
	}
	if c.Page != nil {
		mux.Handle("/", c.Page)
	}

	s.routeSessions(mux)
	web := http.NewServeMux()
	web.Handle("/", sameOrigin(mux))
	if c.Uploads != nil {
		s.routeUploads(web, c)
	}
	s.http = NewHTTP(Guard(c.Hosts, c.Proxies, s.either(web)), c.Log)
	return s, nil
}

// NewHTTP returns a server of HTTP/1.1 and HTTP/2, encrypted or not, with the
// limits of all of Cuepoint's.
func NewHTTP(handler http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// either hands gRPC calls to the public gRPC server and all else to web.
func (s *Server) either(web http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			s.public.ServeHTTP(w, r)
			return
		}
		web.ServeHTTP(w, r)
	})
}

// Listen takes an address, such as "127.0.0.1:8080", or port 0 for any.
func (s *Server) Listen(ctx context.Context, address string) error {
	if s.gate == nil {
		return errors.New("listen without a gate")
	}
	listener, err := NewListener(ctx, address, s.tls)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	s.listener = listener
	return nil
}

// Addr is the address that Listen took.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// ListenSocket takes commands on the socket in a data directory, whose lock the
// caller holds until after Close. PERMISSION_DENIED for a directory that anyone
// may write in, STORAGE_UNAVAILABLE for a file system without sockets.
func (s *Server) ListenSocket(ctx context.Context, dir string) (err error) {
	s.socket, err = listenSocket(ctx, dir)
	return err
}

// Dial returns a connection for the server's own process, which needs no key, as
// on the socket. Calls wait until Serve. The caller closes it.
func (s *Server) Dial() (*grpc.ClientConn, error) { return dialPipe(s.inside) }

// dialPipe returns a connection in memory.
func dialPipe(pipe *bufconn.Listener) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///cuepoint",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
	)
}

// Serve answers requests until Close, and then returns nil.
func (s *Server) Serve() error {
	serve := []func() error{
		func() error { return s.public.Serve(s.pipe) },
		func() error { return s.local.Serve(s.inside) },
	}
	switch l := s.listener.(type) {
	case nil:
	case *limitedListener:
		doors := openDoors(l)
		serve = append(serve, func() error { return s.calls.Serve(doors.calls) }, func() error { return s.http.Serve(doors.web) })
	default: // encrypted: browsers speak HTTP/2 there too
		serve = append(serve, func() error { return s.http.Serve(l) })
	}
	if s.socket != nil {
		serve = append(serve, func() error { return s.local.Serve(s.socket) })
	}
	ended := make(chan error, len(serve))
	for _, run := range serve {
		go func() { ended <- run() }()
	}
	var failure error
	for range serve {
		err := <-ended
		if err == nil || errors.Is(err, http.ErrServerClosed) || errors.Is(err, grpc.ErrServerStopped) ||
			s.stopping.Err() != nil && errors.Is(err, net.ErrClosed) {
			continue
		}
		failure = errors.Join(failure, err, s.http.Close())
		s.calls.Stop()
		s.public.Stop()
		s.local.Stop()
	}
	return failure
}

// Close takes no more requests, ends the streams, lets calls and downloads
// that are on their way finish until ctx ends, and cuts off the rest. When it
// returns no command is under way. Called again it does nothing.
func (s *Server) Close(ctx context.Context) (err error) {
	s.closing.Do(func() { err = s.close(ctx) })
	return err
}

func (s *Server) close(ctx context.Context) error {
	s.health.Shutdown()
	s.stop()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		var each sync.WaitGroup
		each.Go(s.calls.GracefulStop)
		each.Go(s.local.GracefulStop) // waits until every command has returned
		each.Wait()
	}()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were cut off: %w", err), s.http.Close())
	}
	select {
	case <-finished:
	case <-ctx.Done():
		s.calls.Stop()
		s.local.Stop() // makes the commands' contexts end, and finished come
		<-finished
		err = errors.Join(err, fmt.Errorf("commands were cut off: %w", ctx.Err()))
	}
	// What was not served yet is still open.
	if s.listener != nil {
		s.listener.Close()
	}
	if s.socket != nil {
		err = errors.Join(err, s.socket.Close())
	}
	err = errors.Join(err, s.gateway.Close())
	s.public.Stop()
	return err
}
