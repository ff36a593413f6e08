package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
)

// connector makes connections that keep their statements compiled, because
// compiling one takes longer than most of ours do.
type connector struct{ driver.Connector }

// Connect implements [driver.Connector].
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{bare: raw.(bare), kept: map[string]*statement{}}, nil
}

// bare is what the driver's connections can do, but for what would lead past
// PrepareContext.
type bare interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn keeps statements when they are closed, and hands them out again.
type conn struct {
	bare
	kept map[string]*statement // by their text; none that is in use
}

// Bounds of what one connection keeps. Our own statements and River's are about
// a hundred; the others are those with lists of values, which are hardly ever as
// long again.
const (
	maxKept   = 256
	maxLength = 4 << 10
)

// PrepareContext implements [driver.ConnPrepareContext].
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if s, ok := c.kept[query]; ok {
		delete(c.kept, query)
		return s, nil
	}
	raw, err := c.bare.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &statement{compiled: raw.(compiled), conn: c, query: query}, nil
}

// Close implements [driver.Conn].
func (c *conn) Close() error { return errors.Join(c.forget(), c.bare.Close()) }

// forget gives up all that is kept.
func (c *conn) forget() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.compiled.Close())
	}
	clear(c.kept)
	return errors.Join(errs...)
}

// compiled is what the driver's statements can do.
type compiled interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// statement goes back to its connection when it is closed.
type statement struct {
	compiled
	conn  *conn
	query string
}

// Close implements [driver.Stmt].
func (s *statement) Close() error {
	if _, twice := s.conn.kept[s.query]; twice || len(s.query) > maxLength {
		return s.compiled.Close()
	}
	var err error
	if len(s.conn.kept) == maxKept {
		err = s.conn.forget()
	}
	s.conn.kept[s.query] = s
	return err
}
