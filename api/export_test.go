package api

import "net"

// LimitConnections is limitConnections.
func LimitConnections(l *net.TCPListener, most int) net.Listener { return limitConnections(l, most) }
