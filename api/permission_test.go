package api_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// methods are the API's own, as gRPC calls them.
func methods() map[string]*descriptorpb.MethodOptions {
	all := map[string]*descriptorpb.MethodOptions{}
	protoregistry.GlobalFiles.RangeFilesByPackage("cuepoint.v1", func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			service := f.Services().Get(i)
			for j := range service.Methods().Len() {
				m := service.Methods().Get(j)
				options, _ := m.Options().(*descriptorpb.MethodOptions)
				all["/"+string(service.FullName())+"/"+string(m.Name())] = options
			}
		}
		return true
	})
	return all
}

func TestMethodsAreQuestionsOrCommands(t *testing.T) {
	t.Parallel()
	for name, options := range methods() {
		_, method, _ := strings.Cut(name[1:], "/")
		asks := slices.ContainsFunc([]string{"Get", "List", "Search", "Stream", "Export", "Watch"}, func(verb string) bool { return strings.HasPrefix(method, verb) })
		if says := options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS; says != asks {
			t.Errorf("%s says of itself that it has no side effects: %t", name, says)
		}
		if has := proto.HasExtension(options, annotations.E_Http); has != asks {
			t.Errorf("%s has a REST form: %t", name, has)
		}
	}
}

func TestTheNetworkTakesNoCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	var mu sync.Mutex
	var called []string
	conn, err := grpc.NewClient(b.Server.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, c *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			mu.Lock()
			defer mu.Unlock()
			called = append(called, method)
			return call(ctx, method, req, reply, c, opts...)
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, c := range everyCommand {
		s := status.Convert(c.call(t.Context(), cuepointv1.NewVideoServiceClient(conn)))
		if s.Code() != codes.PermissionDenied || reasonOf(s) != "PERMISSION_DENIED" || !strings.Contains(s.Message(), "on the server's machine") {
			t.Errorf("%s: %v", c.name, s)
		}
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("given %q", given)
	}
	var want []string
	for name, options := range methods() {
		if options.GetIdempotencyLevel() != descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	slices.Sort(called)
	if diff := cmp.Diff(want, slices.Compact(called)); diff != "" {
		t.Errorf("commands that were tried (-want +got):\n%s", diff)
	}
}

// frame is a message as gRPC sends it.
func frame(t *testing.T, m proto.Message) []byte {
	t.Helper()
	body, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
}

func TestNoPathLeadsToACommand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	send := func(t *testing.T, via http.RoundTripper, path, contentType string) (code int, grpcStatus string) {
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
	if code, s := send(t, transport, "/cuepoint.v1.VideoService/GetVideo", "application/grpc"); code != 200 || s != "0" {
		t.Errorf("a question: %d, status %q", code, s)
	}
	if code, s := send(t, transport, "/cuepoint.v1.VideoService/CancelVideo", "application/grpc+proto"); code != 200 || s != "7" {
		t.Errorf("a command: %d, status %q", code, s)
	}
	for _, path := range []string{
		"/cuepoint.v1.VideoService/CancelVideo", "//cuepoint.v1.VideoService/CancelVideo", "/cuepoint.v1.VideoService//CancelVideo",
		"/cuepoint.v1.VideoService/CancelVideo/", "/cuepoint.v1.VideoService/./CancelVideo", "/cuepoint.v1.VideoService/GetVideo/../CancelVideo",
		"/grpc.health.v1.Health/../cuepoint.v1.VideoService/CancelVideo", "/grpc./cuepoint.v1.VideoService/CancelVideo",
		"/cuepoint.v1.VideoService%2fCancelVideo", "/%63uepoint.v1.VideoService/CancelVideo", "/cuepoint.v1.VideoService/CancelVideo%00",
		"/CUEPOINT.v1.VideoService/CancelVideo", "/VideoService/CancelVideo", "/v1/cuepoint.v1.VideoService/CancelVideo",
		"/v1/../cuepoint.v1.VideoService/CancelVideo", "/play/../cuepoint.v1.VideoService/CancelVideo",
	} {
		for _, contentType := range []string{
			"application/grpc", "application/grpc+proto", "application/grpc+json", "application/grpc-web", "application/grpc-web+proto",
			"application/grpc-web-text", "application/proto", "application/connect+proto", "application/json",
		} {
			if _, s := send(t, transport, path, contentType); s == "0" {
				t.Errorf("%s as %s over HTTP/2 succeeded", path, contentType)
			}
			if _, s := send(t, b.client.Transport, path, contentType); s == "0" {
				t.Errorf("%s as %s over HTTP/1 succeeded", path, contentType)
			}
		}
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("given %q", given)
	}
}

func TestTheGatewayHasNoCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	const body = `{"name":"videos/tides","purge":true,"force":true,"path":"L3YvYS5tcDQ="}`
	for _, path := range []string{
		"/v1/videos", "/v1/videos:create", "/v1/videos/tides", "/v1/videos/tides:cancel", "/v1/videos/tides:analyze", "/v1/videos/tides:delete",
		"/v1/videos/tides?purge=true&name=videos/tides", "/v1/cuepoint.v1.VideoService/CancelVideo", "/v1/", "/healthz",
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, "CANCEL"} {
			a := b.ask(t, method, path, strings.NewReader(body), func(r *http.Request) {
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Grpc-Metadata-Path", "/cuepoint.v1.VideoService/CancelVideo")
			})
			if a.Code < 400 {
				t.Errorf("%s %s: %d %s", method, path, a.Code, a.Body)
			}
		}
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("given %q", given)
	}
}
