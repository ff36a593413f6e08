package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

type secureKey struct{}

// isSecure tells whether a request came encrypted, to us or to a proxy of ours.
func isSecure(r *http.Request) bool {
	secure, _ := r.Context().Value(secureKey{}).(bool)
	return secure
}

// forwarded takes requests that proxies of ours pass on for what they were
// before: from where, by which name, and whether encrypted. What anybody else
// says of that is dropped.
func forwarded(proxies []netip.Prefix, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure := r.TLS != nil
		if isProxy(proxies, hostOf(r.RemoteAddr)) {
			if client := clientOf(r.Header.Values("X-Forwarded-For"), proxies); client != "" {
				r.RemoteAddr = net.JoinHostPort(client, "0")
			}
			if host := r.Header.Get("X-Forwarded-Host"); host != "" {
				r.Host = host
			}
			if proto := r.Header.Get("X-Forwarded-Proto"); proto != "" {
				secure = strings.EqualFold(proto, "https")
			}
		}
		for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"} {
			r.Header.Del(name)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), secureKey{}, secure)))
	})
}

// clientOf returns the last address of those that a request was passed on for
// that is no proxy of ours: those before it are what a client may have made up.
func clientOf(values []string, proxies []netip.Prefix) (client string) {
	addresses := strings.Split(strings.Join(values, ","), ",")
	for _, address := range slices.Backward(addresses) {
		ip, err := netip.ParseAddr(strings.TrimSpace(address))
		if err != nil {
			break
		}
		client = ip.String()
		if !isProxy(proxies, client) {
			break
		}
	}
	return client
}

func isProxy(proxies []netip.Prefix, address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(ip.Unmap().WithZone("")) })
}
