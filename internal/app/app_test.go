package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func libraryIn(data string) app.Config {
	return app.Config{Data: data, Model: "base-q5_1", Log: slog.New(slog.DiscardHandler)}
}

func open(t *testing.T, data string) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), libraryIn(data), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestReadingMakesNoLibrary(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "none")
	if _, err := app.Open(t.Context(), libraryIn(data), false); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("error %v, want NOT_FOUND", err)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("a directory was made: %v", err)
	}
}

func hold(t *testing.T, a *app.App) *app.Holder {
	t.Helper()
	h, err := a.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func TestOneProcessHoldsADataDirectoryAtATime(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	one, two := open(t, data), open(t, data)
	half := filepath.Join(data, "blobs", ".unfinished", "half")
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	hold(t, one)
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("what a killed process had begun to write is there still: %v", err)
	}
	if _, err := two.Hold(t.Context()); models.ErrorCode(err) != models.CodeDataInUse {
		t.Errorf("error %v, want DATA_IN_USE", err)
	}
	if _, err := two.Store.Videos(t.Context(), store.VideoQuery{}); err != nil {
		t.Errorf("reading beside it: %v", err)
	}
}

func TestACheckHasTheDataDirectoryToItself(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	hold(t, open(t, data))
	_, err := open(t, data).Fsck(t.Context(), app.FsckConfig{})
	if reason := models.AsError(err); models.ErrorCode(err) != models.CodeDataInUse || !strings.Contains(reason.Message, "stop it") || strings.Contains(reason.Message, "--data") {
		t.Errorf("error %v, want DATA_IN_USE that says what to do", err)
	}
}

func TestAHoldThatFailsIsNone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	a := open(t, data)
	name := filepath.Join(data, "worker") // where a file with the worker's name belongs
	if err := os.MkdirAll(filepath.Join(name, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Hold(t.Context()); err == nil || models.ErrorCode(err) == models.CodeDataInUse {
		t.Errorf("error %v, want that it cannot name the worker", err)
	}
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
	hold(t, open(t, data))
}

// serving is a process that serves.
type serving struct {
	app.Started
	stop  context.CancelFunc
	ended chan error
}

// start has something serve until the test ends.
func start(t *testing.T, serve func(context.Context, app.ServeConfig) error, cfg app.ServeConfig) *serving {
	t.Helper()
	s := &serving{ended: make(chan error, 1)}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	ready := make(chan app.Started, 1)
	cfg.Ready = func(started app.Started) { ready <- started }
	go func() { s.ended <- serve(ctx, cfg) }()
	select {
	case s.Started = <-ready:
	case err := <-s.ended:
		t.Fatalf("it ended with %v", err)
	}
	t.Cleanup(s.stop)
	return s
}

// get returns the status and body that an address answers with.
func get(t *testing.T, url string, key ...string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range key {
		request.Header.Set("X-Api-Key", k)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// free returns an address that nobody listens on now.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestServeAnswersAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	admin := free(t)
	holder := hold(t, open(t, t.TempDir()))
	s := start(t, holder.Serve, app.ServeConfig{Listen: "127.0.0.1:0", Admin: admin, Slots: app.Slots()})
	if status, body := get(t, "http://"+s.Address.String()+"/v1/videos"); status != http.StatusUnauthorized {
		t.Errorf("without a key: %d %s", status, body)
	}
	if status, body := get(t, "http://"+s.Address.String()+"/v1/videos", s.Key.Reveal()); status != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("%d %s", status, body)
	}
	status, body := get(t, "http://"+admin+"/readyz")
	var readiness struct {
		Ready  bool
		Checks map[string]struct{ OK bool }
	}
	if err := json.Unmarshal([]byte(body), &readiness); err != nil || status != http.StatusOK || !readiness.Ready ||
		!readiness.Checks["database"].OK || !readiness.Checks["blobs"].OK {
		t.Errorf("readiness: %d %s", status, body)
	}
	if status, _ := get(t, "http://"+admin+"/healthz"); status != http.StatusOK {
		t.Errorf("health: %d", status)
	}
	_, metrics := get(t, "http://"+admin+"/metrics")
	for _, want := range []string{`cuepoint_stage_running{stage="package"} 0`, `cuepoint_queue_slots{class="light"} 4`, "process_resident_memory_bytes"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

func TestTheFirstKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	serve := func(cfg app.ServeConfig) *serving {
		cfg.Listen = "127.0.0.1:0"
		holder := hold(t, open(t, data))
		s := start(t, holder.Serve, cfg)
		s.stop()
		if err := errors.Join(<-s.ended, holder.Close(), holder.App.Close()); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := serve(app.ServeConfig{Open: true}); s.Key.Reveal() != "" || s.Login.Reveal() != "" {
		t.Error("whoever needs no key was given one")
	}
	first := serve(app.ServeConfig{})
	if !strings.HasPrefix(first.Key.Reveal(), "ck_") || !strings.HasPrefix(first.Login.Reveal(), "cl_") {
		t.Error("the first start gives no key, or no link")
	}
	if s := serve(app.ServeConfig{}); s.Key.Reveal() != "" || s.Login.Reveal() == "" || s.Login == first.Login {
		t.Error("the second start gives a key, or no link of its own")
	}
}

func TestAnOriginAsksForAKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	hold(t, open(t, data))
	s := start(t, open(t, data).ServeOrigin, app.ServeConfig{Listen: "127.0.0.1:0"})
	if status, body := get(t, "http://"+s.Address.String()+"/play/none/package@none/master.m3u8"); status != http.StatusUnauthorized {
		t.Errorf("%d %s", status, body)
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestAnOriginServesFilesAndNothingElse(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	hold(t, open(t, data)) // it needs no hold of its own
	s := start(t, open(t, data).ServeOrigin, app.ServeConfig{Listen: "127.0.0.1:0", Open: true})
	for _, path := range []string{"/v1/videos", "/", "/play/none/package@none/master.m3u8"} {
		if status, body := get(t, "http://"+s.Address.String()+path); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestServeSaysWhichAddressIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for flag, cfg := range map[string]app.ServeConfig{
		"--listen": {Listen: taken.Addr().String()},
		"--admin":  {Listen: "127.0.0.1:0", Admin: taken.Addr().String(), Slots: app.Slots()},
	} {
		cfg.Ready = func(app.Started) { t.Error("it listens") }
		err := hold(t, open(t, t.TempDir())).Serve(t.Context(), cfg)
		if models.ErrorCode(err) != models.CodeInvalidArgument || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: error %v, want INVALID_ARGUMENT", flag, err)
		}
	}
}
