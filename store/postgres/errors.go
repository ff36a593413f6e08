package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// SQLSTATE codes and classes that mean something to us (PostgreSQL manual,
// appendix A).
const (
	uniqueViolation      = "23505"
	diskFull             = "53100"
	tooManyConnections   = "53300"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	idleInTransaction    = "25P03" // for longer than the server bears: this process stood still
	queryCanceled        = "57014" // by statement_timeout: who cancels has no more use for the answer
	noPrivilege          = "42501"
	noDatabase           = "3D000"
	connectionClass      = "08"
	authorizationClass   = "28"
	operatorClass        = "57" // shut down, crashed, starting
)

// Explain gives an error of who uses the database beside the store its code, as
// the store's own have them.
func (s *Store) Explain(ctx context.Context, err error) error { return coded(ctx, err) }

// coded gives the failures of a database that people can do something about a
// code. The end of ctx stays what it is.
func coded(ctx context.Context, err error) error {
	var e *pgconn.PgError
	switch {
	case err == nil, ctx.Err() != nil && !errors.As(err, new(*models.Error)):
		return err
	case errors.As(err, new(*models.Error)):
		return err // it has one
	case errors.As(err, &e):
		return codedState(e.Code, err)
	case unreachable(err):
		return unavailable(err)
	}
	return err
}

func codedState(state string, err error) error {
	switch state {
	case uniqueViolation:
		return sqldb.Exists(err)
	case diskFull:
		return models.StorageFull(err)
	case serializationFailure, deadlockDetected, lockNotAvailable, queryCanceled:
		return sqldb.Busy(err)
	case tooManyConnections, idleInTransaction:
		return unavailable(err)
	case noDatabase:
		return models.Errorf(models.CodeInvalidArgument, "there is no such database; create it, or check its name in the URL").Because(err)
	case noPrivilege:
		return models.Errorf(models.CodeInvalidArgument, "the database's user may not do what is needed; make it the owner").Because(err)
	}
	switch {
	case strings.HasPrefix(state, authorizationClass):
		return models.Errorf(models.CodeInvalidArgument, "the database refuses the user or password; check them in the URL").Because(err)
	case strings.HasPrefix(state, connectionClass), strings.HasPrefix(state, operatorClass):
		return unavailable(err)
	}
	return err
}

// unreachable tells whether a connection broke, or none could be made.
func unreachable(err error) bool {
	var network net.Error
	return errors.As(err, new(*pgconn.ConnectError)) || errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

func unavailable(err error) error {
	return models.Errorf(models.CodeDatabaseUnavailable,
		"the database cannot be reached; check that its server runs, then try again").Because(err)
}

// retryable tells whether the database asks for a transaction to be tried again.
func retryable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == serializationFailure || e.Code == deadlockDetected)
}
