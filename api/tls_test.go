package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestEncrypted(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	b := &browser{bundle: setup(t, func(c *api.Config, _ *access.Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })}
	b.add(t, "tides")
	b.URL = strings.Replace(b.URL, "http:", "https:", 1)
	for _, http2 := range []bool{false, true} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: http2}
		t.Cleanup(transport.CloseIdleConnections)
		b.client = &http.Client{Transport: transport}
		b.cookie = nil
		if a := b.signIn(t, b.Key, nil); a.Code != http.StatusOK || !b.cookie.Secure || !strings.HasPrefix(b.cookie.Name, "__Host-cuepoint-") {
			t.Errorf("HTTP/2 %t: %d, cookie %v", http2, a.Code, b.cookie)
		}
		if a := b.do(t, http.MethodGet, "/v1/videos/tides", "", nil); a.Code != http.StatusOK {
			t.Errorf("HTTP/2 %t: %d %s", http2, a.Code, a.Body)
		}
	}
	conn, err := grpc.NewClient(b.Server.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool})),
		grpc.WithPerRPCCredentials(shows{"x-api-key": b.Key}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := cuepointv1.NewVideoServiceClient(conn).GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"}); err != nil {
		t.Errorf("gRPC: %v", err)
	}
}
