package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// changed is the channel on which is said that events were recorded.
const changed = "cuepoint_events"

// tellAfter is how long what was recorded waits for more to be told with it.
const tellAfter = 10 * time.Millisecond

// tellSoon tells all who listen that events were recorded. It is no part of the
// transactions that did: the server lets those that notify commit one at a time
// only, and each would wait for the disk by itself. If it comes to nothing, who
// waits for events sees them when it asks by itself.
func (s *Store) tellSoon() {
	if s.telling.Swap(true) {
		return
	}
	time.AfterFunc(tellAfter, func() {
		s.telling.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		_, _ = s.pool.Exec(ctx, `SELECT pg_notify($1, '')`, changed)
	})
}

// Changes implements [store.Store]. It listens on a connection of its own, so
// that it takes none from the pool.
func (s *Store) Changes(ctx context.Context) <-chan struct{} {
	hints := make(chan struct{}, 1)
	go s.listen(ctx, hints)
	return hints
}

// Pauses between attempts to connect again.
const (
	firstPause = 100 * time.Millisecond
	longPause  = 5 * time.Second
)

// listen hints until ctx ends, whatever becomes of the connection.
func (s *Store) listen(ctx context.Context, hints chan<- struct{}) {
	pause := firstPause
	for ctx.Err() == nil {
		heard := func() {
			pause = firstPause
			sqldb.Hint(hints)
		}
		_ = s.hear(ctx, heard) // the next use of the pool tells what is wrong with the database
		select {
		case <-ctx.Done():
		case <-time.After(pause + rand.N(pause)): // not all at once when the server is back
		}
		pause = min(2*pause, longPause)
	}
}

// silence is how long a connection says nothing until it is asked whether it
// is still there.
const silence = time.Minute

// hear listens on one connection until it breaks or ctx ends. It calls heard at
// the beginning, for what was missed before, and for each notification.
func (s *Store) hear(ctx context.Context, heard func()) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, `LISTEN `+changed); err != nil {
		return err
	}
	heard()
	for {
		waiting, cancel := context.WithTimeout(ctx, silence)
		_, err := conn.WaitForNotification(waiting)
		quiet := waiting.Err() != nil
		cancel()
		switch {
		case err == nil:
			heard()
		case ctx.Err() != nil || !quiet:
			return err
		default:
			asking, cancel := context.WithTimeout(ctx, connectTimeout)
			err := conn.Ping(asking)
			cancel()
			if err != nil {
				return err
			}
		}
	}
}
