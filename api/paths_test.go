package api_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// frame is a message as gRPC sends it.
func frame(t *testing.T, m proto.Message) []byte {
	t.Helper()
	body, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
}

func TestNoPathLeadsPastTheGate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	send := func(t *testing.T, via http.RoundTripper, path, contentType, key string) (code int, grpcStatus string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL,
			bytes.NewReader(frame(t, &cuepointv1.CancelVideoRequest{Name: "videos/tides"})))
		if err != nil {
			t.Fatal(err)
		}
		r.URL = &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: path}
		if raw, err := url.PathUnescape(path); err == nil && raw != path {
			r.URL.Path, r.URL.RawPath = raw, path
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Te", "trailers")
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		// What the gateway says to the gRPC server, which only it may say.
		r.Header.Set("X-Cuepoint-Shown-Key", b.Key)
		r.Header.Set("Grpc-Metadata-X-Cuepoint-Shown-Key", b.Key)
		r.Header.Set("Grpc-Metadata-Authorization", "Bearer "+b.Key)
		r.Header.Set("X-Cuepoint-Shown-Address", "127.0.0.1")
		resp, err := via.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("Grpc-Status") + resp.Trailer.Get("Grpc-Status")
	}
	// The requests are such that they would be understood.
	if code, s := send(t, transport, "/cuepoint.v1.VideoService/CancelVideo", "application/grpc", b.Key); code != 200 || s != "0" {
		t.Errorf("with a key: %d, status %q", code, s)
	}
	if code, s := send(t, transport, "/cuepoint.v1.VideoService/CancelVideo", "application/grpc+proto", ""); code != 200 || s != "16" {
		t.Errorf("without one: %d, status %q", code, s)
	}
	b.Commands.Given()
	for _, path := range []string{
		"/cuepoint.v1.VideoService/CancelVideo", "//cuepoint.v1.VideoService/CancelVideo", "/cuepoint.v1.VideoService//CancelVideo",
		"/cuepoint.v1.VideoService/CancelVideo/", "/cuepoint.v1.VideoService/./CancelVideo", "/cuepoint.v1.VideoService/GetVideo/../CancelVideo",
		"/grpc.health.v1.Health/../cuepoint.v1.VideoService/CancelVideo", "/grpc./cuepoint.v1.VideoService/CancelVideo",
		"/cuepoint.v1.VideoService%2fCancelVideo", "/%63uepoint.v1.VideoService/CancelVideo", "/cuepoint.v1.VideoService/CancelVideo%00",
		"/CUEPOINT.v1.VideoService/CancelVideo", "/VideoService/CancelVideo", "/v1/cuepoint.v1.VideoService/CancelVideo",
		"/v1/../cuepoint.v1.VideoService/CancelVideo", "/play/../cuepoint.v1.VideoService/CancelVideo", "/v1/videos/tides:cancel",
	} {
		for _, contentType := range []string{
			"application/grpc", "application/grpc+proto", "application/grpc+json", "application/grpc-web", "application/grpc-web+proto",
			"application/grpc-web-text", "application/proto", "application/connect+proto", "application/json",
		} {
			for name, via := range map[string]http.RoundTripper{"HTTP/2": transport, "HTTP/1": b.client.Transport} {
				if _, s := send(t, via, path, contentType, ""); s == "0" {
					t.Errorf("%s as %s over %s succeeded", path, contentType, name)
				}
			}
		}
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("given %q", given)
	}
}
