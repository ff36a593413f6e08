package app

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/streaming/origin"
)

// Connection is the API of an open library, for this process alone.
type Connection struct {
	*grpc.ClientConn
	server *api.Server
	served chan error
}

// Connect opens the API of the library to this process, as who may open its
// socket has it, but that it takes no commands about videos. The caller closes
// it before the library.
func (a *App) Connect() (*Connection, error) {
	return connect(api.Config{Libraries: a.db, Feed: events.New(a.db, a.log), System: newSystem(a, nil), Log: a.log})
}

// Connect opens the API of the library to this process, as who may open its
// socket has it. The caller closes it before the hold. Videos can be watched
// while Serve runs.
func (h *Holder) Connect() (*Connection, error) {
	return connect(api.Config{Libraries: h.db, Feed: h.feed, System: newSystem(h.App, nil), Commands: h.Commands, Log: h.log})
}

func connect(cfg api.Config) (*Connection, error) {
	server, err := api.New(cfg)
	if err != nil {
		return nil, err
	}
	conn, err := server.Dial()
	if err != nil {
		return nil, errors.Join(err, server.Close(context.Background()))
	}
	c := &Connection{conn, server, make(chan error, 1)}
	go func() { c.served <- server.Serve() }()
	return c, nil
}

// Close closes the connection. Calls that are under way are cut off.
func (c *Connection) Close() error {
	err := c.ClientConn.Close() // ends its calls, so that there is nothing to wait for
	return errors.Join(err, c.server.Close(context.Background()), <-c.served)
}

// Place is where people find a published file by the address that the API gives
// for it: the path of the file, or the s3:// URL of its object. Empty where there
// is no such file any more.
func (a *App) Place(ctx context.Context, address string) string {
	key, ok := strings.CutPrefix(address, origin.Prefix)
	if !ok {
		return ""
	}
	return a.place(ctx, "videos/"+key)
}
