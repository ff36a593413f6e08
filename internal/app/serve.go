package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api"
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

	// Slots are how many stages of each class are worked on at once; without any
	// the process does not work on stages.
	Slots map[analyzer.Class]int
	Grace time.Duration // that running stages get to end when the process is to end
	// EndStuck has Serve return the error when the database takes nothing any
	// more, because its disk is full, say. Without it that is waited out.
	EndStuck bool

	// Ready is called once, with the address that was taken for Listen, nil
	// without.
	Ready func(listen net.Addr)
}

// Serve takes commands on the data directory's socket, and is what cfg says
// besides, until ctx ends. INVALID_ARGUMENT where an address cannot be had.
func (h *Holder) Serve(ctx context.Context, cfg ServeConfig) error {
	c := api.Config{Library: h.Store, Searcher: h.Search, Commands: h, Hosts: cfg.Hosts, Log: h.log}
	if cfg.Listen != "" {
		c.Media, c.Page = h.media(), player.Handler()
	}
	server, err := api.New(c)
	if err != nil {
		return err
	}
	if err := h.listen(ctx, server, cfg.Listen); err != nil {
		return errors.Join(err, closeWithin(ctx, server.Close))
	}
	parts := []part{func(ctx context.Context) error { return serveUntil(ctx, server.Serve, server.Close) }}
	if len(cfg.Slots) > 0 {
		parts = append(parts, func(ctx context.Context) error { return h.work(ctx, cfg) })
	}
	return h.run(ctx, cfg, server.Addr(), h.watchQueue(cfg.Slots), parts...)
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
	mux.Handle(origin.Prefix, a.media())
	server := api.NewHTTP(api.Guard(cfg.Hosts, mux), a.log)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return taken(cfg.Listen, "--listen", err)
	}
	return a.run(ctx, cfg, listener.Addr(), nil, func(ctx context.Context) error { return serveHTTP(ctx, server, listener) })
}

// media is what players read.
func (a *App) media() http.Handler {
	return &origin.Handler{Catalogue: catalogue{a.Store}, Files: files{a.Blobs}, Fail: api.Problems(a.log), Log: a.log}
}

// part is something a process does until ctx ends.
type part func(ctx context.Context) error

// run does all parts until ctx ends or one of them does, and shows operators
// how they are until the last has ended.
func (a *App) run(ctx context.Context, cfg ServeConfig, at net.Addr, queue queueReader, parts ...part) error {
	health := a.health()
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(ctx, health.Draining)()
	shown, hide := context.WithCancel(context.WithoutCancel(ctx))
	defer hide()
	admin := make(chan error, 1)
	if cfg.Admin == "" {
		admin <- nil
	} else {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Admin)
		if err != nil {
			end()
			return errors.Join(taken(cfg.Admin, "--admin", err), together(ctx, end, parts))
		}
		if queue != nil {
			a.Metrics.WatchQueue(queue)
		}
		server := obs.NewServer(obs.Handler(a.Metrics, health), a.log)
		go func() { admin <- serveHTTP(shown, server, listener) }()
	}
	if cfg.Ready != nil {
		cfg.Ready(at)
	}
	err := together(ctx, end, parts)
	hide()
	return errors.Join(err, <-admin)
}

// together does all parts. The first to end ends the others.
func together(ctx context.Context, end func(), parts []part) error {
	ended := make(chan error, len(parts))
	for _, do := range parts {
		go func() { ended <- do(ctx) }()
	}
	var errs []error
	for range parts {
		errs = append(errs, <-ended)
		end()
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

func serveHTTP(ctx context.Context, server *http.Server, listener net.Listener) error {
	return serveUntil(ctx, func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, server.Shutdown)
}

// serveUntil serves until ctx ends, and then lets what is on its way finish.
func serveUntil(ctx context.Context, serve func() error, shut func(context.Context) error) error {
	served := make(chan error, 1)
	go func() { served <- serve() }()
	select {
	case err := <-served:
		return errors.Join(err, closeWithin(ctx, shut))
	case <-ctx.Done():
		err := closeWithin(ctx, shut)
		return errors.Join(err, <-served)
	}
}

func closeWithin(ctx context.Context, shut func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return shut(ctx)
}

func taken(address, flag string, err error) error {
	return models.Errorf(models.CodeInvalidArgument,
		"%s cannot be listened on; it may be in use or not be this machine's: choose another with %s", address, flag).Because(err)
}
