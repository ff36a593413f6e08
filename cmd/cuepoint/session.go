package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

// session gives commands to whoever works on a library: a server that was named,
// or whoever works in the data directory, which is this process, if no other
// does, else that one. When that one ends, another may take its place at any
// time, or this process.
type session struct {
	app *app.App // nil where a server was named
	log *slog.Logger
	dir string

	joining sync.Mutex // held by who looks for the next holder

	mu    sync.Mutex
	party party
}

// party is who can be given commands.
type party struct {
	*library
	holder *app.Holder // where it is this process
}

// session opens one. create says whether the library may not be there yet, and
// options how a server is called.
func (e *env) session(create bool, options ...client.Option) (_ *session, err error) {
	s := &session{dir: e.cli.Data, log: e.log}
	if e.cli.Server != "" {
		s.party.library, err = e.dialServer(options...)
		return s, err
	}
	if s.app, err = e.open(create); err != nil {
		return nil, err
	}
	if err := s.join(e.ctx); err != nil {
		return nil, errors.Join(err, s.app.Close())
	}
	return s, nil
}

// join takes the hold, or finds the process that has it. Between one's end and
// the other's beginning both may fail for a moment.
func (s *session) join(ctx context.Context) error {
	next, err := s.take(ctx)
	if models.ErrorCode(err) == models.CodeDataInUse {
		var other *library
		if other, err = dialHolder(ctx, s.dir, s.app.Place); err == nil {
			next = party{library: other}
		} else if models.ErrorCode(err) == models.CodeDataInUse {
			if taken, held := s.take(ctx); held == nil {
				next, err = taken, nil
			}
		}
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.party = next
	return nil
}

// take makes this process the one that works in the data directory. DATA_IN_USE
// where another is at work.
func (s *session) take(ctx context.Context) (party, error) {
	holder, err := s.app.Hold(ctx)
	if err != nil {
		return party{}, err
	}
	conn, err := holder.Connect()
	if err != nil {
		return party{}, errors.Join(err, holder.Close())
	}
	return party{openLibrary(s.app, conn), holder}, nil
}

// current is who can be given commands now.
func (s *session) current() party {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.party
}

// do gives a command, again to the next where one ended before it answered.
func (s *session) do(ctx context.Context, command func(*library) error) error {
	for {
		now := s.current()
		err := now.do(command)
		if s.app == nil || now.holder != nil {
			return err
		}
		// One that ends, or whose connection is closed, may cancel what we have not.
		if gone := errors.Is(err, errHolderGone) || models.ErrorCode(err) == models.CodeCanceled; !gone || ctx.Err() != nil {
			return err
		}
		if err := s.replace(ctx, now); err != nil {
			return err
		}
	}
}

// patiently is do for who waits for servers that are away.
func (s *session) patiently(ctx context.Context, command func(*library) error) error {
	return outlast(ctx, s.log, func() error { return s.do(ctx, command) })
}

// replace finds the next to give commands to, unless somebody has. It waits
// while there is one that takes none, because it is ending for instance.
func (s *session) replace(ctx context.Context, gone party) error {
	s.joining.Lock()
	defer s.joining.Unlock()
	if s.current() != gone {
		return nil
	}
	for told := false; ; told = true {
		err := outlast(ctx, s.log, func() error { return s.join(ctx) })
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
// process, whenever no other does. On a server's somebody does.
func (s *session) work(ctx context.Context) error {
	if s.app == nil {
		<-ctx.Done()
		return nil
	}
	for {
		now := s.current()
		if now.holder != nil {
			return now.holder.Serve(ctx, app.ServeConfig{Slots: app.Slots(), EndStuck: true})
		}
		if err := now.ended(ctx); err != nil {
			return err
		}
		if err := s.replace(ctx, now); err != nil {
			return err
		}
	}
}

// beside calls do while it sees to it that somebody works on the library.
func (s *session) beside(ctx context.Context, do func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		stop(s.work(ctx))
	}()
	defer func() { stop(nil); <-worked }()
	return do(ctx)
}

// Close gives the hold, or the connection, up.
func (s *session) Close() error {
	now := s.current()
	err := now.Close()
	if now.holder != nil {
		err = errors.Join(err, now.holder.Close())
	}
	if s.app != nil {
		err = errors.Join(err, s.app.Close())
	}
	return err
}
