package api

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// http2Preface is how a connection of HTTP/2 without encryption begins
// (RFC 9113, section 3.4), and no request of HTTP/1 does.
const http2Preface = "PRI"

// doors accepts connections and leads each to one of two listeners by how it
// begins: HTTP/2 to calls, all else to web. On connections without encryption,
// clients of gRPC alone speak HTTP/2, and browsers never do.
type doors struct {
	calls, web door
	ending     context.Context //nolint:containedctx // ends when they are closed
}

// openDoors accepts connections of l until one of the doors is closed, which
// closes l.
func openDoors(l *limitedListener) *doors {
	ending, end := context.WithCancel(context.Background())
	closing := sync.OnceValue(func() error {
		end()
		return l.Close()
	})
	newDoor := func() door { return door{make(chan net.Conn), ending.Done(), closing, l.Addr()} }
	d := &doors{calls: newDoor(), web: newDoor(), ending: ending}
	go d.accept(l)
	return d
}

func (d *doors) accept(l *limitedListener) {
	for wait := time.Millisecond; ; {
		conn, err := l.Accept()
		switch {
		case err == nil:
			wait = time.Millisecond
			go d.lead(conn.(*limitedConn))
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		select { // too many files are open, say, which passes
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		case <-d.ending.Done():
			return
		}
	}
}

// lead waits for the first bytes of a connection, but not for ever.
func (d *doors) lead(conn *limitedConn) {
	waited := context.AfterFunc(d.ending, func() { conn.Close() })
	to, err := d.choose(conn)
	if !waited() || err != nil {
		conn.Close()
		return
	}
	select {
	case to.accepted <- conn:
	case <-to.closed:
		conn.Close()
	}
}

// choose returns the door for a connection, which can be read from its beginning
// then.
func (d *doors) choose(conn *limitedConn) (door, error) {
	if err := conn.SetReadDeadline(time.Now().Add(headerTimeout)); err != nil {
		return door{}, err
	}
	begun := make([]byte, len(http2Preface))
	n := 0
	for n < len(begun) && string(begun[:n]) == http2Preface[:n] {
		read, err := conn.TCPConn.Read(begun[n:])
		n += read
		if err != nil {
			return door{}, err
		}
	}
	conn.begun = begun[:n]
	if string(conn.begun) == http2Preface {
		return d.calls, conn.SetReadDeadline(time.Time{})
	}
	return d.web, conn.SetReadDeadline(time.Time{})
}

// door is a listener that connections are led to.
type door struct {
	accepted chan net.Conn
	closed   <-chan struct{}
	close    func() error // of all doors
	addr     net.Addr
}

// Accept implements [net.Listener].
func (d door) Accept() (net.Conn, error) {
	select {
	case conn := <-d.accepted:
		return conn, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (d door) Close() error { return d.close() }

// Addr implements [net.Listener].
func (d door) Addr() net.Addr { return d.addr }
