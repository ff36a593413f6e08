package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

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
