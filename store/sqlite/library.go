package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// library is one workspace of a file, inside a transaction or outside of any.
type library struct {
	store     *Store
	tx        *transaction // nil outside
	workspace string
}

// In implements [store.Store].
func (s *Store) In(workspace string) store.Library {
	return &library{store: s, workspace: workspace}
}

// transaction implements [store.Tx].
type transaction struct {
	store     *Store
	tx        *sql.Tx
	err       error // of the first change that failed and may be half done
	recorded  bool  // that something happened
	settle    bool  // what was done must outlive a crash of the machine
	committed []func()
}

func (t *transaction) In(workspace string) store.TxLibrary {
	return &txLibrary{library{store: t.store, tx: t, workspace: workspace}}
}

func (t *transaction) Handle() any { return t.tx }

func (t *transaction) Committed(f func()) { t.committed = append(t.committed, f) }

// Tx implements [store.Store].
func (s *Store) Tx(ctx context.Context, f func(store.Tx) error) error {
	t := &transaction{store: s}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		t.tx = tx
		if err := f(t); err != nil {
			return err
		}
		return t.err
	})
	if err != nil {
		return err
	}
	if t.recorded {
		s.changes.Send()
	}
	for _, f := range t.committed {
		f()
	}
	if t.settle {
		return s.settle()
	}
	return nil
}

// Version implements [store.Store]. One process alone has the file open. While a
// commit is under way nobody can tell whether it is seen yet: then each asker gets
// a version of its own.
func (s *Store) Version(context.Context) (string, error) {
	ended := s.ended.Load() // first: what is begun after it is noticed
	if s.begun.Load() == ended {
		return strconv.FormatInt(ended, 10), nil
	}
	return fmt.Sprintf("%d.%d", ended, s.unsettled.Add(1)), nil
}

// transact runs f in one writing transaction.
func (s *Store) transact(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return coded(err)
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := f(tx); err != nil {
		return coded(err)
	}
	s.begun.Add(1)
	defer s.ended.Add(1) // also where it is not known whether it was committed
	return coded(tx.Commit())
}

// settle returns when what was committed outlives a crash of the machine. A commit
// does not wait for the disk itself (synchronous=NORMAL): it has written to the
// log, if that is there, which SQLite empties only into a file that is safe.
func (s *Store) settle() error {
	log, err := os.Open(s.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(log.Sync(), log.Close())
	}
	if err != nil {
		return fmt.Errorf("write the database's log to disk: %w", err)
	}
	return nil
}

// write runs f in the transaction under way, or in one of its own.
func (l *library) write(ctx context.Context, f func(*sql.Tx) error) error {
	if l.tx == nil {
		return l.store.transact(ctx, f)
	}
	err := coded(f(l.tx.tx))
	if err != nil && l.tx.err == nil && models.ErrorCode(err) != models.CodeNotFound {
		l.tx.err = err
	}
	return err
}

// reader is what reads.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (l *library) read() reader {
	if l.tx != nil {
		return l.tx.tx
	}
	return l.store.read
}

// SourceInUse implements [store.Store].
func (s *Store) SourceInUse(ctx context.Context, key string) (used bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM videos WHERE blob = ?1)
		OR EXISTS (SELECT 1 FROM videos WHERE captions_blob = ?1 AND captions_blob <> '')
		OR EXISTS (SELECT 1 FROM uploads WHERE key = ?1 AND key <> '' AND `+sqldb.Unended+`)`, key).Scan(&used)
	return used, coded(err)
}
