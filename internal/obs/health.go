package obs

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/cuepoint/cuepoint/models"
)

// Health knows whether a process is alive, which it is unless told otherwise,
// and whether it is ready: all it depends on answers, and it is not stopping.
// Its zero value is ready to use, by many goroutines.
type Health struct {
	dead, draining atomic.Bool

	mu     sync.Mutex
	checks map[string]*reading[struct{}]
}

// Add names something the process depends on. check returns nil while it is
// well; of an error people see the code and the message. It is asked at most
// once a second, and has failed where it takes more than two. A second check of
// one name replaces the first.
func (h *Health) Add(name string, check func(ctx context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = map[string]*reading[struct{}]{}
	}
	h.checks[name] = &reading[struct{}]{ask: func(ctx context.Context) (struct{}, error) {
		return struct{}{}, check(ctx)
	}}
}

// Draining makes the process not ready for good, at once. It is called before
// anything stops, so that no new work is sent here.
func (h *Health) Draining() { h.draining.Store(true) }

// Dead tells that the process cannot go on and should be started anew.
func (h *Health) Dead() { h.dead.Store(true) }

// readiness is what /readyz answers.
type readiness struct {
	Ready    bool              `json:"ready"`
	Draining bool              `json:"draining,omitempty"`
	Checks   map[string]result `json:"checks"`
}

// result is what is known of one dependency.
type result struct {
	OK      bool        `json:"ok"`
	Code    models.Code `json:"code,omitempty"`
	Message string      `json:"message,omitempty"`
}

// readiness asks all checks at once. While draining it asks none.
func (h *Health) readiness() readiness {
	if h.draining.Load() {
		return readiness{Draining: true, Checks: map[string]result{}}
	}
	h.mu.Lock()
	checks := maps.Clone(h.checks)
	h.mu.Unlock()
	var mu sync.Mutex
	var asking sync.WaitGroup
	all := readiness{Ready: true, Checks: map[string]result{}}
	for name, check := range checks {
		asking.Go(func() {
			_, err := check.get()
			mu.Lock()
			defer mu.Unlock()
			all.Checks[name] = resultOf(err)
			all.Ready = all.Ready && err == nil
		})
	}
	asking.Wait()
	if h.draining.Load() {
		all.Ready, all.Draining = false, true
	}
	return all
}

func resultOf(err error) result {
	if e := models.AsError(err); e != nil {
		return result{Code: e.Code, Message: e.Message}
	}
	return result{OK: true}
}

// serveReady answers /readyz.
func (h *Health) serveReady(w http.ResponseWriter, _ *http.Request) {
	all := h.readiness()
	answer(w, all.Ready, all)
}

// serveAlive answers /healthz.
func (h *Health) serveAlive(w http.ResponseWriter, _ *http.Request) {
	alive := !h.dead.Load()
	answer(w, alive, map[string]bool{"alive": alive})
}

// answer writes JSON, as 200 or as 503.
func answer(w http.ResponseWriter, well bool, body any) {
	text, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !well {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// Whoever asked may have gone.
	_, _ = w.Write(append(text, '\n'))
}
