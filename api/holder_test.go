package api_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/app"
)

// held is a server whose commands are carried out, by a process that works on no
// stage: what is queued stays so.
type held struct {
	*bundle
	Holder *app.Holder
	Videos cuepointv1.VideoServiceClient
}

// changing are libraries that the holder changes by a connection of its own, of
// which those who read do not know.
type changing struct {
	api.Libraries
	version atomic.Int64
}

func (c *changing) Version(context.Context) (string, error) {
	return strconv.FormatInt(c.version.Add(1), 10), nil
}

// setupHeld starts one over a library with one video, tides, that is done.
func setupHeld(t *testing.T) *held {
	t.Helper()
	h := &held{}
	h.bundle = setup(t, func(c *api.Config, _ *access.Config) {
		c.Libraries = &changing{Libraries: c.Libraries}
		c.Commands = func(workspace string) api.Commands { return h.Holder.Commands(workspace) }
	})
	opened, err := app.Open(t.Context(), app.Config{Data: h.Data, Log: slog.New(slog.DiscardHandler)}, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	if h.Holder, err = opened.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Holder.Close() })
	h.add(t, "tides")
	h.Videos = cuepointv1.NewVideoServiceClient(h.dial(t))
	return h
}
