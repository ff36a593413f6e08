package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob/disk"
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
		Media:    &origin.Handler{Catalogue: catalogue{a.Store, a.Files}, Fail: api.Problems(a.log)},
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

// catalogue finds published directories by what the database says.
type catalogue struct {
	store store.Library
	files *disk.Store
}

// Open implements [origin.Catalogue].
func (c catalogue) Open(ctx context.Context, video, stage string) (*os.Root, string, error) {
	artifacts, err := c.store.Artifacts(ctx, video)
	if err != nil {
		return nil, "", err
	}
	i := slices.IndexFunc(artifacts, func(a models.Artifact) bool { return a.Stage == stage })
	if i < 0 {
		return nil, "", models.Errorf(models.CodeNotFound, "video %s has no files of stage %s", video, stage)
	}
	run := artifacts[i].Run
	dir, err := os.OpenRoot(c.files.Published(video, stage, run))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", models.Errorf(models.CodeNotFound, "the files of stage %s of video %s are gone; analyze it again", stage, video).Because(err)
	}
	if err != nil {
		return nil, "", fmt.Errorf("open stage %s of video %s: %w", stage, video, err)
	}
	return dir, run, nil
}
