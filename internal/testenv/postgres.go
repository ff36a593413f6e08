package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
)

// The one user of the server that tests start, for tests of what a wrong or a
// printed password does.
const (
	PostgresUser     = "cuepoint"
	PostgresPassword = "kept-to-itself"
)

// patience is how long programs of PostgreSQL may take: far more than they need.
const patience = 2 * time.Minute

// postgres is the server of this test binary. It is one for all of its tests
// because making one takes seconds.
var postgres postgresServer

// Runner runs all tests of a package: a *testing.M is one.
type Runner interface{ Run() int }

// WithPostgres lets the tests of a package use [Postgres]: its TestMain calls
// the Run of what is returned, which stops the server at the end. Settings of
// the server (name=value) replace ours.
func WithPostgres(m Runner, settings ...string) Runner { return postgresRunner{m, settings} }

type postgresRunner struct {
	tests    Runner
	settings []string
}

func (r postgresRunner) Run() int {
	postgres.settings = r.settings
	postgres.allowed.Store(true)
	status := r.tests.Run()
	if err := postgres.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		return max(status, 1)
	}
	return status
}

// Postgres returns the URL of a new, empty database on a server that the first
// call starts, and fails the test where PostgreSQL is not installed. It goes
// with the server, which keeps nothing through a crash unless it was set to.
func Postgres(t testing.TB) string {
	t.Helper()
	if !postgres.allowed.Load() {
		t.Fatal("the package needs a TestMain that runs testenv.WithPostgres(m)")
	}
	if err := postgres.start(); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", postgres.databases.Add(1))
	if err := postgres.run(t.Context(), "createdb", "-h", postgres.dir, "-U", PostgresUser, "-T", "template0", name); err != nil {
		t.Fatal(err)
	}
	return postgres.URL(name)
}

// postgresServer is a server in a directory of its own, reached by a socket there.
type postgresServer struct {
	settings  []string // besides those of every server of tests
	allowed   atomic.Bool
	databases atomic.Int64

	once  sync.Once
	err   error // of the start
	dir   string
	bin   string
	owner *user.User // who it runs as where we are root, which PostgreSQL refuses
	ended chan error // gets what the server ended with
}

// URL is that of a database. Its pool is small, because tests have many.
func (s *postgresServer) URL(database string) string {
	return fmt.Sprintf("postgres://%s:%s@/%s?host=%s&pool_max_conns=4", PostgresUser, PostgresPassword, database, s.dir)
}

func (s *postgresServer) start() error {
	s.once.Do(func() {
		if s.err = s.prepare(); s.err == nil {
			s.err = s.serve()
		}
	})
	return s.err
}

// prepare makes the directory and the empty cluster in it.
func (s *postgresServer) prepare() (err error) {
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return err
	}
	if len(installed) > 0 {
		s.bin = filepath.Dir(installed[len(installed)-1])
	} else if path, err := proc.Look("postgres"); err == nil {
		s.bin = filepath.Dir(path)
	} else {
		return fmt.Errorf("%w (make test installs PostgreSQL)", err)
	}
	if s.dir, err = os.MkdirTemp("", "cuepoint-postgres-"); err != nil {
		return err
	}
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(PostgresPassword), 0o600); err != nil {
		return err
	}
	if os.Getuid() == 0 {
		if s.owner, err = user.Lookup("postgres"); err != nil {
			return err
		}
		uid, err := strconv.Atoi(s.owner.Uid)
		if err != nil {
			return err
		}
		if err := errors.Join(os.Chown(s.dir, uid, -1), os.Chown(password, uid, -1)); err != nil {
			return err
		}
	}
	return s.run(context.Background(), "initdb", "-D", filepath.Join(s.dir, "data"), "-U", PostgresUser,
		"--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync")
}

// serve starts the server, or starts it again, and waits until it takes connections.
func (s *postgresServer) serve() error {
	s.ended = make(chan error, 1)
	log := &ready{text: "ready to accept connections", seen: make(chan struct{})}
	args := []string{"-D", filepath.Join(s.dir, "data"), "-k", s.dir, "-h", ""}
	for _, setting := range append([]string{
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "deadlock_timeout=100ms",
	}, s.settings...) {
		args = append(args, "-c", setting)
	}
	command := s.command("postgres", args...)
	command.Stderr = log
	go func() { s.ended <- proc.Run(context.Background(), command) }()
	select {
	case <-log.seen:
		return nil
	case err := <-s.ended:
		s.ended <- err // stop looks for it too
		return fmt.Errorf("PostgreSQL did not start: %w", err)
	}
}

// stop ends the server at once: nobody needs what it holds.
func (s *postgresServer) stop() error {
	if s.dir == "" {
		return nil
	}
	return errors.Join(s.halt("immediate"), os.RemoveAll(s.dir))
}

// halt ends the server in one of pg_ctl's ways, if it runs.
func (s *postgresServer) halt(mode string) error {
	if s.ended == nil {
		return nil
	}
	err := s.run(context.Background(), "pg_ctl", "stop", "-D", filepath.Join(s.dir, "data"), "-m", mode)
	var crash *proc.SignalError
	if errors.As(<-s.ended, &crash) {
		err = errors.Join(err, crash)
	}
	s.ended = nil
	return err
}

// PostgresServer is a server that a test has for itself, to stop it and start it
// again. It is for one goroutine.
type PostgresServer struct{ postgresServer }

// NewPostgres starts a server for a test, which it fails where PostgreSQL is
// not installed, and stops it when the test has ended.
func NewPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	s := new(PostgresServer)
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// URL is that of the server's one database.
func (s *PostgresServer) URL() string { return s.postgresServer.URL("postgres") }

// Stop ends all connections and the server. What was committed is kept.
func (s *PostgresServer) Stop() error { return s.halt("fast") }

// Start starts a server that was stopped.
func (s *PostgresServer) Start() error { return s.serve() }

// run runs one of PostgreSQL's programs to its end.
func (s *postgresServer) run(ctx context.Context, name string, args ...string) error {
	command := s.command(name, args...)
	command.Limits.Wall = patience
	command.Env = []string{"PGPASSWORD=" + PostgresPassword, "LC_ALL=C"}
	return proc.Run(ctx, command)
}

// command is a program of PostgreSQL as its owner, who also kills it when the
// tests die.
func (s *postgresServer) command(name string, args ...string) proc.Command {
	path := filepath.Join(s.bin, name)
	if s.owner == nil {
		return proc.Command{Path: path, Args: args, Dir: s.dir}
	}
	as := []string{"--reuid", s.owner.Uid, "--regid", s.owner.Gid, "--init-groups", "--pdeathsig", "KILL", "--", path}
	return proc.Command{Path: "setpriv", Args: append(as, args...), Dir: s.dir}
}

// ready closes seen once text was written to it.
type ready struct {
	text string
	seen chan struct{}

	buf  bytes.Buffer
	once sync.Once
}

func (r *ready) Write(p []byte) (int, error) {
	r.buf.Write(p)
	if bytes.Contains(r.buf.Bytes(), []byte(r.text)) {
		r.once.Do(func() { close(r.seen) })
		r.buf.Reset()
	}
	return len(p), nil
}
