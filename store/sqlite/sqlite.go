// Package sqlite keeps Cuepoint's metadata in one SQLite file, with words in
// FTS5. It needs no server; several processes of one machine may share the
// file, not several machines.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database file.
type Store struct {
	path  string
	write *sql.DB // one connection: SQLite has one writer, so who writes waits here
	read  *sql.DB

	changes      sqldb.Hints
	begun, ended atomic.Int64 // commits
	unsettled    atomic.Int64 // versions asked for between the two
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Library   = (*library)(nil)
	_ store.TxLibrary = (*txLibrary)(nil)
)

// Open opens the file at path, creating it where there is none, and brings its
// schema up to date. DATA_CORRUPT where the file is damaged or something else,
// INVALID_ARGUMENT where it cannot be written, STORAGE_FULL, DATA_IN_USE.
func Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path}
	var err error
	if s.write, err = connect(path, "immediate", 1); err != nil {
		return nil, err
	}
	if s.read, err = connect(path, "deferred", max(4, runtime.NumCPU())); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := alone(ctx, filepath.Dir(path), s.migrate); err != nil {
		return nil, errors.Join(unusable(path, err), s.Close())
	}
	return s, nil
}

func connect(path, txlock string, connections int) (*sql.DB, error) {
	q := url.Values{
		"_txlock": {txlock},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(ON)"},
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	bare, err := sqlitedriver.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(connector{bare})
	db.SetMaxOpenConns(connections)
	return db, nil
}

// alone does something that processes which open a new file at once must do one
// after the other.
func alone(ctx context.Context, dir string, do func(context.Context) error) error {
	lock, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	for ctx.Err() == nil {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return errors.Join(do(ctx), lock.Sync()) // the latter for the names of new files
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("lock %s: %w", dir, err)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (s *Store) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return sqldb.Migrate(ctx, goose.DialectSQLite3, s.write, sub,
		`UPDATE videos SET title_folded = ?, source_folded = ?, language_folded = ? WHERE id = ?`)
}

// Close closes the file. It may be called twice.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Writer is the store's pool of its one writing connection, for who keeps
// something else in the file. Who has a transaction or rows of it open and asks
// it for more waits for ever.
func (s *Store) Writer() *sql.DB { return s.write }

// Explain gives an error of who uses the database beside the store its code, as
// the store's own have them.
func (s *Store) Explain(_ context.Context, err error) error { return coded(err) }

// coded gives the failures of SQLite that people can do something about a code.
func coded(err error) error {
	var e *sqlitedriver.Error
	if !errors.As(err, &e) || errors.As(err, new(*models.Error)) { // or it has one
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE: // the latter where the file beside the log cannot grow
		return models.StorageFull(err)
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return sqldb.Exists(err)
	case sqlite3.SQLITE_BUSY:
		return sqldb.Busy(err)
	}
	return err
}

// unusable says why a file cannot be opened as a library.
func unusable(path string, err error) error {
	err = fmt.Errorf("bring %s up to date: %w", path, err)
	var e *sqlitedriver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // the primary code: the rest tells where it happened
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return models.Errorf(models.CodeDataCorrupt, "%s is damaged; put a copy of it back, "+
			"or move it away and analyze the videos again", path).Because(err)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return models.Errorf(models.CodeInvalidArgument,
			"%s cannot be written; check its permissions, or choose another directory with --data", path).Because(err)
	}
	return coded(err)
}
