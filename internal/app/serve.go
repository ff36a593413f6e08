package app

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming/origin"
	"github.com/cuepoint/cuepoint/streaming/player"
)

// drain is how long requests that are on their way may take when the server ends.
const drain = 5 * time.Second

// Serve answers gRPC, REST and players at address until ctx ends. ready is
// called once with the address that was taken. INVALID_ARGUMENT where it cannot
// be had.
func (a *App) Serve(ctx context.Context, address string, hosts []string, ready func(net.Addr)) error {
	server, err := api.New(api.Config{
		Library:  a.Store,
		Searcher: a.Search,
		Media:    &origin.Handler{Catalogue: catalogue{a.Store}, Files: files{a.Blobs}, Fail: api.Problems(a.log), Log: a.log},
		Page:     player.Handler(),
		Hosts:    hosts,
		Log:      a.log,
	})
	if err != nil {
		return err
	}
	closeServer := func() error {
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return server.Close(draining)
	}
	if err := server.Listen(ctx, address); err != nil {
		return models.Errorf(models.CodeInvalidArgument,
			"%s cannot be listened on; it may be in use or not be this machine's: choose another with --listen", address).
			Because(errors.Join(err, closeServer()))
	}
	ready(server.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	return errors.Join(err, closeServer())
}
