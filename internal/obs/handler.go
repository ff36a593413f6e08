package obs

import (
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapes is how many may be under way at once.
const scrapes = 4

// Handler serves /metrics, /healthz, /readyz, and profiles below /debug/pprof/.
// It is for an address that operators alone reach: profiles tell much of a
// process. The command line, which may hold a password, is not among them.
func Handler(metrics *Metrics, health *Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics.registry, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError,
		Registry:            metrics.registry,
		MaxRequestsInFlight: scrapes,
	}))
	mux.HandleFunc("GET /healthz", health.serveAlive)
	mux.HandleFunc("GET /readyz", health.serveReady)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// The limits of a request. A profile adds the time it was asked for.
const (
	readTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 2 * time.Minute
	maxHeader    = 64 << 10
)

// NewServer returns a server for handler with limits for each request. Its
// caller listens, serves and shuts it down.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:        handler,
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
