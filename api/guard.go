package api

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cuepoint/cuepoint/models"
)

// Guard keeps other web sites out, which the browsers of those who signed in
// here visit too: it answers no name but its own, and lets no other origin read
// or embed what it says. Of proxies that it trusts it learns for whom they ask.
func Guard(hosts []string, proxies []netip.Prefix, next http.Handler) http.Handler {
	return forwarded(proxies, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		if !ownName(r.Host, hosts) {
			writeProblem(w, notOurName(r.Host))
			return
		}
		next.ServeHTTP(w, r)
	}))
}

func notOurName(host string) error {
	return models.Errorf(models.CodeHostNotAllowed,
		"this server does not go by the name %q: use its address, or start it with --host=NAME", shorten(host))
}

// ownName tells whether a Host header can only come from who meant this
// server. An address cannot be rebound; of names, localhost and the configured.
func ownName(host string, hosts []string) bool {
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		name = h
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	name = strings.TrimSuffix(name, ".")
	return strings.EqualFold(name, "localhost") ||
		slices.ContainsFunc(hosts, func(own string) bool { return strings.EqualFold(name, own) })
}
