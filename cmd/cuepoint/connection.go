package main

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

// library is a connection to a library: its API, as this process answers it, or
// another that holds its directory, or a server. Whatever a command does, it
// does by one of these, and so the same wherever the library is.
type library struct {
	*client.Client

	// place is where people find what has an address relative to the API's, such
	// as a playlist: a file's path or a URL. Empty for nothing.
	place func(ctx context.Context, uri string) string

	// explain makes an error of a call one for people, if it is none yet.
	explain func(error) error

	close func() error
}

// do calls use with the library and makes its error one for people.
func (l *library) do(use func(*library) error) error { return l.explain(use(l)) }

// Close gives the connection up.
func (l *library) Close() error { return l.close() }

// ask calls use with the library that the command line names, to ask what is
// known and to manage keys: this process opens it, unless it is a server's.
// create says whether it may not be there yet.
func (e *env) ask(create bool, use func(*library) error) error {
	if e.cli.Server != "" {
		server, err := e.dialServer()
		if err != nil {
			return err
		}
		defer server.Close()
		return server.do(use)
	}
	a, err := e.open(create)
	if err != nil {
		return err
	}
	defer a.Close()
	conn, err := a.Connect()
	if err != nil {
		return err
	}
	l := openLibrary(a, conn)
	defer l.Close()
	return l.do(use)
}

// openLibrary is a connection to a library that this process has open.
func openLibrary(a *app.App, conn *app.Connection) *library {
	return &library{Client: client.New(conn), place: a.Place, explain: explain, close: conn.Close}
}

// dialServer makes a connection to the server that the command line names. It
// need not be there: the first call finds out.
func (e *env) dialServer(more ...client.Option) (*library, error) {
	address := strings.TrimSuffix(e.cli.Server, "/")
	options := []client.Option{client.WithKey(e.cli.Key.Reveal()), client.WithPatience(outage)}
	if e.cli.Insecure {
		options = append(options, client.Unencrypted())
	}
	c, err := client.Dial(address, append(options, more...)...)
	if err != nil {
		return nil, usageError{err}
	}
	return &library{
		Client: c,
		place: func(_ context.Context, uri string) string {
			if uri == "" {
				return ""
			}
			return address + uri
		},
		explain: func(err error) error { return explainServer(address, err) },
		close:   c.Close,
	}, nil
}

// explain is the error that a call was answered with.
func explain(err error) error {
	var answered *models.Error
	if e := api.ErrorOf(err); errors.As(e, &answered) {
		return answered
	}
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.Canceled:
		return context.Canceled
	case codes.DeadlineExceeded:
		return context.DeadlineExceeded
	default:
		return err
	}
}

// explainServer is the error that a call was answered with over the network, or
// what came instead of an answer.
func explainServer(address string, err error) error {
	err = explain(err)
	var answered *models.Error
	if errors.As(err, &answered) {
		if answered.Code == models.CodeUnauthenticated {
			return models.Errorf(answered.Code, "%s: %s; give a good key with --key or CUEPOINT_KEY", address, answered.Message)
		}
		return answered
	}
	s, ok := status.FromError(err)
	switch {
	case !ok:
		return err
	case s.Code() == codes.Unavailable:
		return models.Errorf(models.CodeServerUnavailable,
			"no Cuepoint can be reached at %s (%s); look whether the address is right and `cuepoint serve` runs there", address, lastWords(s)).Because(err)
	case s.Code() == codes.Unimplemented, s.Code() == codes.Unknown:
		return models.Errorf(models.CodeUnimplemented,
			"what answers at %s is no Cuepoint, one of another version, or goes by another name (%s)", address, lastWords(s)).Because(err)
	}
	return err
}

// lastWords are what went wrong at the bottom of an error of gRPC's own, without
// what each of its layers says before it.
func lastWords(s *status.Status) string {
	words := s.Message()
	if i := strings.LastIndex(words, "desc = "); i >= 0 {
		words = words[i+len("desc = "):]
	}
	words = strings.Trim(words, `"`)
	if _, rest, ok := strings.Cut(words, "transport: "); ok {
		words = rest
	}
	return strings.TrimPrefix(words, "Error while dialing: ")
}
