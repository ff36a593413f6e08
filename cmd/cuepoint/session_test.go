package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

func open(t *testing.T, data string) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: data, Log: slog.New(slog.DiscardHandler)}, true)
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

// noticed is a log that does something on its first line.
type noticed func()

func (n noticed) Write(line []byte) (int, error) {
	n()
	return len(line), nil
}

func TestASessionTakesOverOnceAndGivesItsCommandsAgain(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	other := open(t, data)
	if err := other.Dir.Lock(); err != nil {
		t.Fatal(err)
	}
	h := hold(t, data)
	const many = 8
	entered := make(chan struct{}, many)
	h.wait = func(ctx context.Context) error {
		entered <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	// The other process gives the directory up some time after it has stopped to
	// take commands.
	release := sync.OnceFunc(func() { _ = other.Dir.Close() })
	ctx, stop := context.WithCancel(t.Context())
	e := &env{ctx: ctx, log: slog.New(slog.NewTextHandler(noticed(release), nil)), cli: &cli{Data: data}}
	s, err := e.session(false)
	if err != nil {
		t.Fatal(err)
	}
	answers, worked := make(chan error, many), make(chan error, 1)
	for range many {
		go func() {
			answers <- s.do(ctx, func(to *library) error {
				_, err := to.Videos.CancelVideo(ctx, &cuepointv1.CancelVideoRequest{Name: "videos/none"})
				return err
			})
		}()
	}
	go func() { worked <- s.work(ctx) }()
	for range many {
		<-entered
	}
	ended, end := context.WithCancel(t.Context())
	end()
	_ = h.server.Close(ended) // it says that commands were cut off
	for range many {
		if err := <-answers; models.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("a command that was under way: %v, want the new holder's answer", err)
		}
	}
	if now := s.current(); now.holder == nil {
		t.Errorf("the session has %v", now)
	}
	stop()
	if err := <-worked; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("it worked until %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestASessionEndsWhereItCannotTakeOver(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	other := open(t, data)
	if err := other.Dir.Lock(); err != nil {
		t.Fatal(err)
	}
	h := hold(t, data)
	e := &env{ctx: t.Context(), log: slog.New(slog.NewTextHandler(io.Discard, nil)), cli: &cli{Data: data}}
	s, err := e.session(false)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Dir.Close(), s.app.Blobs.Close(), h.server.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := s.work(t.Context()); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
