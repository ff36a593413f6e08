package api

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// NewListener takes an address for a server of [NewHTTP], with the limit of all
// of Cuepoint's on connections. config is nil for no encryption.
func NewListener(ctx context.Context, address string, config *tls.Config) (net.Listener, error) {
	tcp, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	listener := limitConnections(tcp.(*net.TCPListener), maxConnections)
	if config == nil {
		return listener, nil
	}
	config = config.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	return tls.NewListener(listener, config), nil
}

// limitedListener accepts so many connections at a time; further ones wait.
type limitedListener struct {
	*net.TCPListener
	slots  chan struct{}
	closed chan struct{}
	close  func() error
}

func limitConnections(l *net.TCPListener, most int) *limitedListener {
	closed := make(chan struct{})
	return &limitedListener{l, make(chan struct{}, most), closed, sync.OnceValue(func() error {
		close(closed)
		return l.Close()
	})}
}

// Accept implements [net.Listener].
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	release := sync.OnceFunc(func() { <-l.slots })
	conn, err := l.AcceptTCP()
	if err != nil {
		release()
		return nil, err
	}
	return &limitedConn{TCPConn: conn, release: release}, nil
}

// Close implements [net.Listener].
func (l *limitedListener) Close() error { return l.close() }

// limitedConn is a connection that is counted, with all that net/http looks for in
// one: to close one half of it, and to send files without copying them.
type limitedConn struct {
	*net.TCPConn
	begun   []byte // was read already, and comes first
	release func()
}

// Read implements [net.Conn].
func (c *limitedConn) Read(p []byte) (int, error) {
	if len(c.begun) > 0 {
		n := copy(p, c.begun)
		c.begun = c.begun[n:]
		return n, nil
	}
	return c.TCPConn.Read(p)
}

// Close implements [net.Conn].
func (c *limitedConn) Close() error {
	defer c.release()
	return c.TCPConn.Close()
}
