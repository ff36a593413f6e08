package riverq

import (
	"context"
	"database/sql"
	"sync"

	"github.com/riverqueue/river/riverdriver"
)

// local is a driver by which the workers of this process hear of new tasks from
// the process itself. By its own, River would ask the database for news twenty
// times a second.
type local struct {
	riverdriver.Driver[*sql.Tx]

	mu        sync.Mutex
	listeners map[*listener]bool
}

// GetListener implements [riverdriver.Driver].
func (d *local) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{driver: d, heard: make(chan riverdriver.Notification, 64)}
}

// ring tells all who listen, but for those who do not keep up.
func (d *local) ring(all []riverdriver.Notification) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for l := range d.listeners {
		for _, one := range all {
			select {
			case l.heard <- one:
			default:
			}
		}
	}
}

// listener implements [riverdriver.Listener]. It hears everything between
// Connect and Close.
type listener struct {
	driver *local
	heard  chan riverdriver.Notification
}

func (l *listener) Connect(context.Context) error {
	l.driver.mu.Lock()
	defer l.driver.mu.Unlock()
	l.driver.listeners[l] = true
	return nil
}

func (l *listener) Close(context.Context) error {
	l.driver.mu.Lock()
	defer l.driver.mu.Unlock()
	delete(l.driver.listeners, l)
	return nil
}

func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case one := <-l.heard:
		return &one, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Listen(context.Context, string) error   { return nil }
func (l *listener) Unlisten(context.Context, string) error { return nil }
func (l *listener) Ping(context.Context) error             { return nil }
func (l *listener) Schema() string                         { return "" }
func (l *listener) SetAfterConnectExec(string)             {}
