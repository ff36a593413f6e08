package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

// session gives commands to whoever works in the data directory: this process,
// if no other does, else that one. When that one ends, another may take its
// place at any time, or this process.
type session struct {
	app *app.App
	log *slog.Logger
	dir string

	joining sync.Mutex // held by who looks for the next holder

	mu     sync.Mutex
	holder *app.Holder // this process's hold; nil while another has it
	remote *remote     // the way to the other; nil while this one has it
}

// session opens one over an open library.
func (e *env) session(a *app.App) (*session, error) {
	s := &session{app: a, dir: e.cli.Data, log: e.log}
	return s, s.join(e.ctx)
}

// join takes the hold, or finds the process that has it. Between one's end and
// the other's beginning both may fail for a moment.
func (s *session) join(ctx context.Context) error {
	holder, err := s.app.Hold(ctx)
	var other *remote
	if models.ErrorCode(err) == models.CodeDataInUse {
		if other, err = dial(ctx, s.dir); models.ErrorCode(err) == models.CodeDataInUse {
			if taken, held := s.app.Hold(ctx); held == nil {
				holder, err = taken, nil
			}
		}
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holder, s.remote = holder, other
	return nil
}

// parties are who can be given commands now.
func (s *session) parties() (*app.Holder, *remote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holder, s.remote
}

// do gives a command, again to the next where one ended before it answered.
func (s *session) do(ctx context.Context, command func(api.Commands) error) error {
	for {
		holder, other := s.parties()
		if holder != nil {
			return command(holder.Commands(models.DefaultWorkspace))
		}
		err := command(other)
		// One that ends, or whose connection is closed, may cancel what we have not.
		if gone := errors.Is(err, errHolderGone) || models.ErrorCode(err) == models.CodeCanceled; !gone || ctx.Err() != nil {
			return err
		}
		if err := s.replace(ctx, other); err != nil {
			return err
		}
	}
}

// replace finds the next to give commands to, unless somebody has. It waits
// while there is one that takes none, because it is ending for instance.
func (s *session) replace(ctx context.Context, gone *remote) error {
	s.joining.Lock()
	defer s.joining.Unlock()
	if _, other := s.parties(); other != gone {
		return nil
	}
	for told := false; ; told = true {
		err := s.app.Outlast(ctx, func() error { return s.join(ctx) })
		if err == nil {
			return gone.Close()
		}
		if models.ErrorCode(err) != models.CodeDataInUse {
			return err
		}
		if !told {
			s.log.Warn("waiting for the library", "error", err)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// work sees to it, until ctx ends, that somebody works on the library: this
// process, whenever no other does.
func (s *session) work(ctx context.Context) error {
	for {
		holder, other := s.parties()
		if holder != nil {
			return holder.Serve(ctx, app.ServeConfig{Slots: app.Slots(), EndStuck: true})
		}
		if err := other.Ended(ctx); err != nil {
			return err
		}
		if err := s.replace(ctx, other); err != nil {
			return err
		}
	}
}

// Close gives the hold, or the connection, up.
func (s *session) Close() error {
	holder, other := s.parties()
	if holder != nil {
		return holder.Close()
	}
	return other.Close()
}
