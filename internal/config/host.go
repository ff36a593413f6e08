package config

import (
	"net/netip"
	"strings"
)

// IsLoopback tells whether a host, by name or address and without a port, is this
// machine and can be reached from nowhere else.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}
