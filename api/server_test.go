package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func indent(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestOneAddressServesEverything(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	video, err := cuepointv1.NewVideoServiceClient(b.dial(t)).GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
	if err != nil || video.GetTitle() != "Tides" || len(video.GetShots()) != 2 {
		t.Errorf("gRPC: %v, error %v", video, err)
	}
	for path, want := range map[string]string{
		"/":                                    "the page at /",
		"/watch/tides":                         "the page at /watch/tides",
		"/play/tides/package@run1/master.m3u8": "#EXTM3U\n",
		"/healthz":                             `{"status":"SERVING"}`,
		"/v1/videos?page_size=0":               `"name":"videos/tides"`,
	} {
		a := b.get(t, path)
		if a.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
		contains(t, a.Body, want)
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" ||
			a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: headers %v", path, a.Header)
		}
	}
}

func TestOtherNamesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tests := []struct {
		host string
		ok   bool
	}{
		{"localhost", true}, {"LocalHost:8080", true}, {"localhost.", true}, {"127.0.0.1", true}, {"127.9.9.9:1", true}, {"[::1]", true},
		{"[::1]:8080", true}, {"192.168.1.7:8080", true}, {"videos.example", true}, {"videos.example:443", true},
		{"evil.example", false}, {"evil.example:8080", false}, {"localhost.evil.example", false}, {"evil.videos.example", false},
		{"127.0.0.1.evil.example", false}, {"localhost@evil.example", false},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/", "/v1/videos", "/play/tides/package@run1/master.m3u8", "/healthz"} {
				a := b.ask(t, http.MethodGet, path, nil, func(r *http.Request) { r.Host = tt.host })
				if ok := a.Code == http.StatusOK; ok != tt.ok {
					t.Errorf("%s: %d %s", path, a.Code, a.Body)
				}
				if !tt.ok {
					contains(t, a.Body, `"reason":"HOST_NOT_ALLOWED"`)
				}
			}
		})
	}
}

// services are those that speak for the product.
var services = []string{
	"cuepoint.v1.EditService", "cuepoint.v1.EventService", "cuepoint.v1.InsightService", "cuepoint.v1.KeyService", "cuepoint.v1.ModelService",
	"cuepoint.v1.SearchService", "cuepoint.v1.SystemService", "cuepoint.v1.TranscriptService", "cuepoint.v1.UploadService",
	"cuepoint.v1.VideoService",
}

func TestHealth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := healthpb.NewHealthClient(b.dial(t))
	for _, service := range append([]string{""}, services...) {
		resp, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil || resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("service %q: %v, error %v", service, resp, err)
		}
	}
	_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "cuepoint.v1.Nothing"})
	if status.Code(err) != codes.NotFound {
		t.Errorf("a service there is not: %v", err)
	}
}

func TestReflection(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stream, err := reflectionpb.NewServerReflectionClient(b.dial(t)).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{},
	}); err != nil {
		t.Fatal(err)
	}
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range resp.GetListServicesResponse().GetService() {
		got = append(got, s.GetName())
	}
	sort.Strings(got)
	want := append(append([]string{}, services...), "google.longrunning.Operations", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
}

func TestCloseLetsCallsFinishAndEndsStreams(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	conn := b.dial(t)
	watch, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := watch.Recv(); err != nil || first.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("first status %v, error %v", first, err)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	b.Library.before("tides", func(context.Context) error {
		close(entered)
		<-release
		return nil
	})
	answered := make(chan error, 1)
	go func() {
		_, err := cuepointv1.NewVideoServiceClient(conn).GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
		answered <- err
	}()
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- b.Server.Close(t.Context()) }()

	// The stream ends first, while the call still waits.
	for err == nil {
		_, err = watch.Recv()
	}
	if c := status.Code(err); c != codes.Canceled && c != codes.Unavailable {
		t.Errorf("the stream ended with %v", err)
	}
	close(release)
	if err := <-answered; err != nil {
		t.Errorf("the call on its way: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	entered := make(chan struct{})
	b.Library.before("tides", func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	})
	answered := make(chan error, 1)
	conn := b.dial(t)
	go func() {
		_, err := cuepointv1.NewVideoServiceClient(conn).GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
		answered <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := b.Server.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v, want that requests were cut off", err)
	}
	if err := <-answered; err == nil {
		t.Error("the call was answered")
	}
}

func TestTheAddressIsTaken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := setup(t)
	if err := other.Server.Listen(t.Context(), b.Server.Addr().String()); err == nil {
		t.Error("two servers listen to one address")
	}
}
