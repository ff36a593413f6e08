// Package postgres keeps Cuepoint's metadata in a PostgreSQL database, which
// several machines may share, with words in a tsvector. It does not start or
// tune a server.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a pool of connections to one database.
type Store struct {
	pool    *pgxpool.Pool
	close   func()
	telling atomic.Bool // that events were recorded
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Library   = (*library)(nil)
	_ store.TxLibrary = (*txLibrary)(nil)
)

// Limits of a connection, unless its URL has its own.
const (
	connectTimeout   = 10 * time.Second
	statementTimeout = "60s"
	idleTimeout      = "60s" // in a transaction, after which the server ends it
)

// migrationLock is the advisory lock of who changes the schema: any number that
// no other program of the database takes.
const migrationLock = 0x63756570 // "cuep"

// Open connects to the database at a URL (postgres://user:password@host/name,
// or what else libpq takes) and brings its schema up to date; of several that
// do so at once, one does it. Parameters of the URL choose the size of the
// pool (pool_max_conns), timeouts (statement_timeout) and encryption (sslmode).
// DATABASE_UNAVAILABLE where there is no server, INVALID_ARGUMENT where it
// refuses us. No error shows the URL, which may hold a password.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, config.ConnConfig); err != nil {
		return nil, coded(ctx, err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, coded(ctx, err)
	}
	return &Store{pool: pool, close: sync.OnceFunc(pool.Close)}, nil
}

func parse(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The error quotes the URL: it is no cause to hand on.
		return nil, models.Errorf(models.CodeInvalidArgument,
			"the database's URL cannot be read; write it as postgres://user:password@host:5432/name")
	}
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name":                    "cuepoint",
		"statement_timeout":                   statementTimeout,
		"idle_in_transaction_session_timeout": idleTimeout,
		// Each statement sees what others committed while it waited for them.
		"default_transaction_isolation": "read committed",
	} {
		if _, given := c.RuntimeParams[name]; !given {
			c.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// migrate brings the schema up to date over connections of its own, which may
// take as long as it needs.
func migrate(ctx context.Context, config *pgx.ConnConfig) (err error) {
	patient := config.Copy()
	patient.RuntimeParams["statement_timeout"] = "0"
	db := stdlib.OpenDB(*patient)
	defer func() { err = errors.Join(err, db.Close()) }()
	guard, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer guard.Close() // which gives up the lock
	var encoding string
	if err := guard.QueryRowContext(ctx, `SHOW server_encoding`).Scan(&encoding); err != nil {
		return fmt.Errorf("ask the database for its encoding: %w", err)
	}
	if encoding != "UTF8" {
		return models.Errorf(models.CodeInvalidArgument,
			"the database keeps text as %s; create one with ENCODING 'UTF8'", encoding)
	}
	if _, err := guard.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
		return fmt.Errorf("wait to change the schema: %w", err)
	}
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := sqldb.Migrate(ctx, goose.DialectPostgres, db, sub, `UPDATE videos SET title_folded = $1, source_folded = $2, language_folded = $3
		WHERE id = $4 AND title_folded IS NULL`); err != nil {
		return fmt.Errorf("bring the database up to date: %w", err)
	}
	return nil
}

// Version asks a server for its version, with the errors of [Open].
func Version(ctx context.Context, url string) (version string, err error) {
	config, err := parse(url)
	if err != nil {
		return "", err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return "", coded(ctx, err)
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, `SHOW server_version`).Scan(&version)
	return version, coded(ctx, err)
}

// Close implements [store.Store]. It waits for what is under way.
func (s *Store) Close() error {
	s.close()
	return nil
}

// Pool is the store's own pool, for who keeps something else in the database.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// SourceInUse implements [store.Store].
func (s *Store) SourceInUse(ctx context.Context, key string) (used bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM videos WHERE blob = $1)
		OR EXISTS (SELECT FROM videos WHERE captions_blob = $1 AND captions_blob <> '')
		OR EXISTS (SELECT FROM uploads WHERE key = $1 AND key <> '' AND `+sqldb.Unended+`)`, clean(key)).Scan(&used)
	return used, coded(ctx, err)
}
