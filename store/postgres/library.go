package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// library is one workspace of a database, inside a transaction or outside of any.
type library struct {
	store     *Store
	tx        *transaction // nil outside
	workspace string
}

// In implements [store.Store].
func (s *Store) In(workspace string) store.Library {
	return &library{store: s, workspace: clean(workspace)}
}

// transaction implements [store.Tx].
type transaction struct {
	store     *Store
	tx        pgx.Tx
	err       error // of the first change that failed, after which the server takes no more
	recorded  bool  // that something happened
	committed []func()
}

func (t *transaction) In(workspace string) store.TxLibrary {
	return &txLibrary{library{store: t.store, tx: t, workspace: clean(workspace)}}
}

func (t *transaction) Handle() any { return t.tx }

func (t *transaction) Committed(f func()) { t.committed = append(t.committed, f) }

// Tx implements [store.Store].
func (s *Store) Tx(ctx context.Context, f func(store.Tx) error) error {
	var t *transaction
	err := s.transact(ctx, func(tx pgx.Tx) error {
		t = &transaction{store: s, tx: tx}
		if err := f(t); err != nil {
			return err
		}
		return t.err
	})
	if err != nil {
		return err
	}
	if t.recorded {
		s.tellSoon()
	}
	for _, f := range t.committed {
		f()
	}
	return nil
}

// Version implements [store.Store]. A snapshot tells which transactions of all
// that there ever were can be seen.
func (s *Store) Version(ctx context.Context) (version string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT pg_current_snapshot()::text`).Scan(&version)
	return version, coded(ctx, err)
}

// attempts is how often a transaction is tried that others get in the way of.
const attempts = 5

// transact runs f in one transaction, again when the database asks for that.
func (s *Store) transact(ctx context.Context, f func(pgx.Tx) error) error {
	pause := 10 * time.Millisecond
	for attempt := 1; ; attempt++ {
		err := pgx.BeginFunc(ctx, s.pool, f)
		if attempt == attempts || !retryable(err) {
			return coded(ctx, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause + rand.N(pause)): // apart from who stood in the way
		}
		pause *= 2
	}
}

// write runs f in the transaction under way, or in one of its own.
func (l *library) write(ctx context.Context, f func(pgx.Tx) error) error {
	if l.tx == nil {
		return l.store.transact(ctx, f)
	}
	return l.tx.noted(coded(ctx, f(l.tx.tx)))
}

// exec runs one statement in the transaction under way, or by itself.
func (l *library) exec(ctx context.Context, statement string, args ...any) (pgconn.CommandTag, error) {
	if l.tx == nil {
		tag, err := l.store.pool.Exec(ctx, statement, args...)
		return tag, coded(ctx, err)
	}
	tag, err := l.tx.tx.Exec(ctx, statement, args...)
	return tag, l.tx.noted(coded(ctx, err))
}

// noted keeps the error of the first change that failed.
func (t *transaction) noted(err error) error {
	if err != nil && t.err == nil && models.ErrorCode(err) != models.CodeNotFound {
		t.err = err
	}
	return err
}

// reader is what reads.
type reader interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

func (l *library) read() reader {
	if l.tx != nil {
		return l.tx.tx
	}
	return l.store.pool
}

// query reads all rows of an answer.
func query[T any](ctx context.Context, r reader, scan pgx.RowToFunc[T], statement string, args ...any) ([]T, error) {
	rows, err := r.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scan)
	if len(all) == 0 {
		all = nil
	}
	return all, err
}
