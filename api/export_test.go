package api

import (
	"net"
	"time"
)

// LimitConnections is limitConnections.
func LimitConnections(l *net.TCPListener, most int) net.Listener { return limitConnections(l, most) }

// KeyIn is keyIn.
func KeyIn(authorization, apiKey []string) (string, error) { return keyIn(authorization, apiKey) }

// RememberedAs is what the name of a request is remembered as.
func RememberedAs(name string) (id string, err error) {
	id, _, err = keysOf(name)
	return id, err
}

// Cursor reads a cursor and writes it again.
func Cursor(text string) (again string, err error) {
	c, err := parseCursor(text)
	return c.String(), err
}

// PageToken reads the page token of a question, writes it again, and says which
// is the first on its page of what begins at these times.
func PageToken(question, token string, starts []time.Duration) (again string, index int, err error) {
	p, err := readPlace(question, token)
	return question + p.String(), p.index(starts), err
}

// NewPageToken is that of the page after the first one.
func NewPageToken(question string, page []time.Duration) string {
	return question + place{}.after(page).String()
}

// NewCursor writes a cursor.
func NewCursor(after int64, at time.Time) string { return cursor{after, at}.String() }
