package fetch

import (
	"fmt"
	"net/netip"

	"github.com/cuepoint/cuepoint/models"
)

// Of IPv6 only what is for the public (RFC 4291 §2.4) is let through at all.
// That leaves out, among others, the unspecified and the loopback address,
// IPv4-mapped and IPv4-compatible ones, NAT64 (64:ff9b::/96, 64:ff9b:1::/48),
// discard-only, segment routing, unique local, link-local, site-local and
// multicast addresses, and all with a zone.
var public6 = netip.MustParsePrefix("2000::/3")

// special are the blocks that are not for the public: those of IANA's
// special-purpose address registries (RFC 6890, as kept at
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry) that are not
// globally reachable, and a few that no file is downloaded from.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),         // this network
	netip.MustParsePrefix("10.0.0.0/8"),        // private
	netip.MustParsePrefix("100.64.0.0/10"),     // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),       // loopback
	netip.MustParsePrefix("168.63.129.16/32"),  // where Azure speaks with its machines
	netip.MustParsePrefix("169.254.0.0/16"),    // link-local, where clouds keep their metadata
	netip.MustParsePrefix("172.16.0.0/12"),     // private
	netip.MustParsePrefix("192.0.0.0/24"),      // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),      // documentation
	netip.MustParsePrefix("192.31.196.0/24"),   // AS112
	netip.MustParsePrefix("192.52.193.0/24"),   // multicast tunnels
	netip.MustParsePrefix("192.88.99.0/24"),    // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),    // private
	netip.MustParsePrefix("192.175.48.0/24"),   // AS112
	netip.MustParsePrefix("198.18.0.0/15"),     // benchmarking
	netip.MustParsePrefix("198.51.100.0/24"),   // documentation
	netip.MustParsePrefix("203.0.113.0/24"),    // documentation
	netip.MustParsePrefix("224.0.0.0/4"),       // multicast
	netip.MustParsePrefix("240.0.0.0/4"),       // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),         // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),     // documentation
	netip.MustParsePrefix("2002::/16"),         // 6to4, which holds IPv4 addresses
	netip.MustParsePrefix("2620:4f:8000::/48"), // AS112
	netip.MustParsePrefix("3fff::/20"),         // documentation
}

// Check says whether an address may be connected to: a public one, or one that
// is allowed. SOURCE_BLOCKED.
func (g Guard) Check(addr netip.Addr) error {
	if contains(g.Allow, addr) {
		return nil
	}
	if addr.Is4() || public6.Contains(addr) {
		if !contains(special, addr) {
			return nil
		}
	}
	return models.Errorf(models.CodeSourceBlocked, "this server does not connect to private and special networks; "+
		"name a public address, or ask who runs it to allow the network").Because(fmt.Errorf("%s is not public", addr))
}

// contains does not know addresses with a zone.
func contains(blocks []netip.Prefix, addr netip.Addr) bool {
	for _, block := range blocks {
		if block.Contains(addr) {
			return true
		}
	}
	return false
}
