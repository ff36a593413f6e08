package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/signin"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming/origin"
	"github.com/cuepoint/cuepoint/streaming/player"
)

// drain is how long requests that are on their way may take when the server ends.
const drain = 5 * time.Second

// ServeConfig says what of Cuepoint a process is.
type ServeConfig struct {
	Listen string   // address of gRPC, REST, players and the page; empty for none
	Hosts  []string // other names the server is reached by
	Admin  string   // address of metrics, health and profiles; empty for none

	// Open lets whoever reaches the address read and play; else it takes a key.
	Open    bool
	Rate    access.Rate    // of each key and each browser
	Proxies []netip.Prefix // whose word is taken on whom they ask for
	TLS     *tls.Config    // nil for no encryption
	// Provider is where browsers may sign in besides with keys; nil for nowhere.
	Provider *signin.Provider

	Uploads  ingest.Limits // but for the size, which is the library's
	Importer *fetch.Client // nil where nothing is downloaded

	Watch WatchConfig // in which files are found

	// Slots are how many stages of each class are worked on at once; without any
	// the process does not work on stages.
	Slots map[analyzer.Class]int
	Grace time.Duration // that running stages get to end when the process is to end
	// EndStuck has Serve return the error when the database takes nothing any
	// more, because its disk is full, say. Without it that is waited out.
	EndStuck bool

	// Ready is called once, when the process can be reached.
	Ready func(Started)
}

// Started is what there is to tell of a process that was started.
type Started struct {
	Address net.Addr      // that was taken for Listen; nil without
	Key     config.Secret // the first key of all, made now; empty where there are some
	Login   config.Secret // to sign in with once, in a browser; empty for none
}

// Serve takes commands on the data directory's socket, and is what cfg says
// besides, until ctx ends. INVALID_ARGUMENT where an address cannot be had.
func (h *Holder) Serve(ctx context.Context, cfg ServeConfig) error {
	uploads, err := h.openUploads(cfg)
	if err != nil {
		return err
	}
	defer h.dropUploads(uploads)
	watches, err := h.openWatches(ctx, cfg.Watch, uploads)
	if err != nil {
		return err
	}
	defer watches.close()
	c := api.Config{
		Libraries: h.db, Feed: h.feed, System: newSystem(h.App, uploads), Commands: h.Commands, Uploads: uploads, MaxUpload: uploads.Limits.MaxSize,
		Hosts: cfg.Hosts, Proxies: cfg.Proxies, TLS: cfg.TLS, Log: h.log,
	}
	if cfg.Listen != "" {
		c.Gate, c.Provider, c.Media, c.Page = h.gate(cfg), cfg.Provider, h.media(), player.Handler(api.Problems(h.log))
	}
	admin, err := take(ctx, cfg.Admin, "--admin")
	if err != nil {
		return err
	}
	defer release(admin)
	server, err := api.New(c)
	if err != nil {
		return err
	}
	if err := h.listen(ctx, server, cfg.Listen); err != nil {
		return errors.Join(err, closeWithin(ctx, server.Close))
	}
	started, err := h.welcome(ctx, cfg, c.Gate, server.Addr())
	if err != nil {
		return errors.Join(err, closeWithin(ctx, server.Close))
	}
	h.Metrics.WatchQueue(h.watchQueue(cfg.Slots))
	parts := []part{func(ctx context.Context) error { return h.serveUntil(ctx, server.Serve, server.Close) }}
	if len(cfg.Slots) > 0 {
		parts = append(parts, func(ctx context.Context) error { return h.work(ctx, cfg) })
	} else {
		parts = append(parts, func(ctx context.Context) error { h.feed.Run(ctx); return nil })
	}
	parts = append(parts, func(ctx context.Context) error {
		defer uploads.Close()
		return uploads.Run(ctx)
	})
	for _, w := range watches.all {
		parts = append(parts, w.Run)
	}
	return h.run(ctx, cfg, admin, started, parts...)
}

// listen takes the socket of the data directory and, unless it is empty, an
// address.
func (h *Holder) listen(ctx context.Context, server *api.Server, address string) error {
	if address != "" {
		if err := server.Listen(ctx, address); err != nil {
			return taken(address, "--listen", err)
		}
	}
	if err := server.ListenSocket(ctx, h.cfg.Data); err != nil {
		// Who has commands meanwhile waits until this process ends.
		h.log.Warn("no commands are taken from other processes", "error", err)
	}
	return nil
}

// ServeOrigin lets players read what is published, and nothing else, until ctx
// ends. It changes nothing, and needs no data directory of its own.
// INVALID_ARGUMENT where an address cannot be had.
func (a *App) ServeOrigin(ctx context.Context, cfg ServeConfig) error {
	mux := http.NewServeMux()
	mux.Handle(origin.Prefix, api.Players(a.gate(cfg), api.Problems(a.log), a.media()))
	server := api.NewHTTP(api.Guard(cfg.Hosts, cfg.Proxies, mux), a.log)
	admin, err := take(ctx, cfg.Admin, "--admin")
	if err != nil {
		return err
	}
	defer release(admin)
	listener, err := api.NewListener(ctx, cfg.Listen, cfg.TLS)
	if err != nil {
		return taken(cfg.Listen, "--listen", err)
	}
	defer release(listener)
	return a.run(ctx, cfg, admin, Started{Address: listener.Addr()}, func(ctx context.Context) error { return a.serveHTTP(ctx, server, listener) })
}

// media is what players read.
func (a *App) media() http.Handler {
	return &origin.Handler{Catalogue: catalogue{a.db}, Files: files{a.Blobs}, Fail: api.Problems(a.log), Log: a.log}
}

// part is something a process does until ctx ends.
type part func(ctx context.Context) error

// run does all parts until ctx ends or one of them does, and shows operators
// how they are until the last has ended.
func (a *App) run(ctx context.Context, cfg ServeConfig, admin net.Listener, started Started, parts ...part) error {
	health := a.health()
	if admin != nil {
		server := obs.NewServer(obs.Handler(a.Metrics, health), a.log)
		show := func(ctx context.Context) error { return a.serveHTTP(ctx, server, admin) }
		parts = append([]part{show}, parts...)
	}
	if cfg.Ready != nil {
		cfg.Ready(started)
	}
	return together(ctx, health.Draining, parts)
}

// together does all parts until ctx ends or one of them does. Then it calls
// ending, and they are ended one after the other, the last first: who serves
// still answers while what is being worked on comes to its end.
func together(ctx context.Context, ending func(), parts []part) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var ends []func() error
	for _, do := range parts {
		part, stop := context.WithCancel(context.WithoutCancel(ctx))
		ended := make(chan error, 1)
		go func() {
			defer end()
			ended <- do(part)
		}()
		ends = append(ends, func() error { stop(); return <-ended })
	}
	<-ctx.Done()
	ending()
	var errs []error
	for _, end := range slices.Backward(ends) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// health names what the process depends on.
func (a *App) health() *obs.Health {
	health := new(obs.Health)
	health.Add("database", func(ctx context.Context) error {
		_, err := a.db.LastEvent(ctx)
		return err
	})
	health.Add("blobs", func(ctx context.Context) error {
		_, err := a.Blobs.Stat(ctx, "readiness")
		if models.ErrorCode(err) == models.CodeNotFound {
			return nil
		}
		return err
	})
	return health
}

func (a *App) serveHTTP(ctx context.Context, server *http.Server, listener net.Listener) error {
	return a.serveUntil(ctx, func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, server.Shutdown)
}

// serveUntil serves until ctx ends, and then lets what is on its way finish, for
// a while.
func (a *App) serveUntil(ctx context.Context, serve func() error, shut func(context.Context) error) error {
	served := make(chan error, 1)
	go func() { served <- serve() }()
	select {
	case err := <-served:
		return errors.Join(err, closeWithin(ctx, shut))
	case <-ctx.Done():
		if err := closeWithin(ctx, shut); err != nil {
			a.log.Warn("some did not get their answer", "error", err)
		}
		return <-served
	}
}

func closeWithin(ctx context.Context, shut func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return shut(ctx)
}

// take listens on an address; the listener is nil where that is empty.
func take(ctx context.Context, address, flag string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, taken(address, flag, err)
	}
	return listener, nil
}

// release gives an address up, which may have been done by now.
func release(listener net.Listener) {
	if listener != nil {
		listener.Close()
	}
}

func taken(address, flag string, err error) error {
	return models.Errorf(models.CodeInvalidArgument,
		"%s cannot be listened on; it may be in use or not be this machine's: choose another with %s", address, flag).Because(err)
}
