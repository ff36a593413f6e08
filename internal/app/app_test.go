package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(data string) app.Config {
	return app.Config{Data: data, Model: "base-q5_1", Log: slog.New(slog.DiscardHandler)}
}

func open(t *testing.T, data string) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), config(data), true)
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
	if _, err := app.Open(t.Context(), config(data), false); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("error %v, want NOT_FOUND", err)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("a directory was made: %v", err)
	}
}

func TestOneProcessChangesALibraryAtATime(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	one, two := open(t, data), open(t, data)
	if err := one.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := two.Lock(t.Context()); models.ErrorCode(err) != models.CodeDataInUse {
		t.Errorf("error %v, want DATA_IN_USE", err)
	}
	if _, err := two.Store.Videos(t.Context(), store.VideoQuery{}); err != nil {
		t.Errorf("reading beside it: %v", err)
	}
}

func TestServeAnswersAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	address := make(chan net.Addr, 1)
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, "127.0.0.1:0", nil, func(at net.Addr) { address <- at }) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+(<-address).String()+"/v1/videos", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page map[string]any
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s, %v", response.Status, err)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

func TestServeSaysWhichAddressIsTaken(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = a.Serve(t.Context(), taken.Addr().String(), nil, func(net.Addr) { t.Error("it listens") })
	if models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("error %v, want INVALID_ARGUMENT", err)
	}
}
