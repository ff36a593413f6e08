package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is one, as far as a client can tell. Its methods do what its fields say.
type server struct {
	cuepointv1.UnimplementedVideoServiceServer
	cuepointv1.UnimplementedSearchServiceServer
	cuepointv1.UnimplementedEventServiceServer
	cuepointv1.UnimplementedTranscriptServiceServer
	calls   atomic.Int32
	keys    []string // the authorization of each call
	fail    int32    // the first calls fail, so many
	code    codes.Code
	watches func(cursor string, send func(string) error) error
}

// serve starts a server, and returns its address.
func (s *server) serve(t testing.TB, address string) (at string, stop func()) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	cuepointv1.RegisterVideoServiceServer(g, s)
	cuepointv1.RegisterSearchServiceServer(g, s)
	cuepointv1.RegisterEventServiceServer(g, s)
	cuepointv1.RegisterTranscriptServiceServer(g, s)
	var serving sync.WaitGroup
	serving.Go(func() { _ = g.Serve(listener) })
	stop = func() { g.Stop(); serving.Wait() }
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

func (s *server) answer(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	s.keys = append(s.keys, strings.Join(md.Get("authorization"), ","))
	if s.calls.Add(1) <= s.fail {
		return status.Error(s.code, "not now")
	}
	return nil
}

func (s *server) ListVideos(ctx context.Context, _ *cuepointv1.ListVideosRequest) (*cuepointv1.ListVideosResponse, error) {
	return &cuepointv1.ListVideosResponse{Videos: []*cuepointv1.Video{{Name: "videos/v1", Title: "Tides"}}}, s.answer(ctx)
}

func (s *server) CancelVideo(ctx context.Context, _ *cuepointv1.CancelVideoRequest) (*cuepointv1.Video, error) {
	return &cuepointv1.Video{}, s.answer(ctx)
}

func (s *server) WatchVideo(req *cuepointv1.WatchVideoRequest, stream grpc.ServerStreamingServer[cuepointv1.WatchVideoResponse]) error {
	return s.watches(req.GetCursor(), func(cursor string) error { return stream.Send(&cuepointv1.WatchVideoResponse{Cursor: cursor}) })
}

func (s *server) StreamEvents(req *cuepointv1.StreamEventsRequest, stream grpc.ServerStreamingServer[cuepointv1.StreamEventsResponse]) error {
	return s.watches(req.GetCursor(), func(cursor string) error { return stream.Send(&cuepointv1.StreamEventsResponse{Cursor: cursor}) })
}

func (s *server) StreamTranscript(req *cuepointv1.StreamTranscriptRequest, stream grpc.ServerStreamingServer[cuepointv1.StreamTranscriptResponse]) error {
	return s.watches(req.GetCursor(), func(cursor string) error {
		return stream.Send(&cuepointv1.StreamTranscriptResponse{Cursor: cursor})
	})
}

func dial(t testing.TB, at string, options ...client.Option) *client.Client {
	t.Helper()
	c, err := client.Dial("http://"+at, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestAKeyIsShownWithEveryCallAndPrintedByNothing(t *testing.T) {
	t.Parallel()
	s := &server{}
	at, _ := s.serve(t, "127.0.0.1:0")
	c := dial(t, at, client.WithKey("ck_secret"))
	for range 2 {
		if _, err := c.Videos.ListVideos(t.Context(), &cuepointv1.ListVideosRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"Bearer ck_secret", "Bearer ck_secret"}; !slices.Equal(s.keys, want) {
		t.Errorf("shown: %q", s.keys)
	}
	if printed := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(printed, "ck_secret") {
		t.Error("printing the client prints the key")
	}
}

func TestWhatChangesNothingIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail  int32
		code  codes.Code
		calls int32
		want  codes.Code
	}{
		"twice away":     {2, codes.Unavailable, 3, codes.OK},
		"another answer": {1, codes.NotFound, 1, codes.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{fail: test.fail, code: test.code}
			at, _ := s.serve(t, "127.0.0.1:0")
			_, err := dial(t, at).Videos.ListVideos(t.Context(), &cuepointv1.ListVideosRequest{})
			if status.Code(err) != test.want || s.calls.Load() != test.calls {
				t.Errorf("%v after %d calls", err, s.calls.Load())
			}
		})
	}
	s := &server{fail: 1, code: codes.Unavailable}
	at, _ := s.serve(t, "127.0.0.1:0")
	if _, err := dial(t, at).Videos.CancelVideo(t.Context(), &cuepointv1.CancelVideoRequest{}); status.Code(err) != codes.Unavailable || s.calls.Load() != 1 {
		t.Errorf("a command: %v after %d calls, want one", err, s.calls.Load())
	}
}

// counting sends the numbers after a cursor up to the last, and breaks off after
// each few of them.
func counting(last, few int, broke error) func(string, func(string) error) error {
	return func(cursor string, send func(string) error) error {
		from, _ := strconv.Atoi(cursor)
		for n := from + 1; n <= last; n++ {
			if n > from+few {
				return broke
			}
			if err := send(strconv.Itoa(n)); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestAStreamThatBreaksOffIsGoneOnWith(t *testing.T) {
	t.Parallel()
	s := &server{watches: counting(10, 3, status.Error(codes.Unavailable, "the server ends"))}
	at, _ := s.serve(t, "127.0.0.1:0")
	c := dial(t, at)
	var got, want []string
	for n := 3; n <= 10; n++ {
		want = append(want, strconv.Itoa(n))
	}
	for m, err := range c.WatchVideo(t.Context(), &cuepointv1.WatchVideoRequest{Name: "videos/v1", Cursor: "2"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.GetCursor())
	}
	if !slices.Equal(got, want) {
		t.Errorf("watched %v, want %v", got, want)
	}
	got = nil
	for m, err := range c.StreamTranscript(t.Context(), &cuepointv1.StreamTranscriptRequest{Cursor: "2"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.GetCursor())
	}
	if !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	got = nil
	for m, err := range c.StreamEvents(t.Context(), &cuepointv1.StreamEventsRequest{Cursor: "2"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.GetCursor())
		if len(got) == 5 {
			break
		}
	}
	if !slices.Equal(got, want[:5]) {
		t.Errorf("events %v, want %v", got, want[:5])
	}
}

func TestAStreamOutlastsItsServer(t *testing.T) {
	t.Parallel()
	first := &server{}
	hold := make(chan struct{})
	first.watches = func(_ string, send func(string) error) error {
		defer close(hold)
		return errors.Join(send("1"), send("2"), send("3"), status.Error(codes.Unavailable, "the server ends"))
	}
	at, stop := first.serve(t, "127.0.0.1:0")
	next := &server{watches: counting(6, 6, nil)}
	var got []string
	for m, err := range dial(t, at).WatchVideo(t.Context(), &cuepointv1.WatchVideoRequest{Name: "videos/v1"}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, m.GetCursor()); m.GetCursor() == "3" {
			<-hold
			stop()
			next.serve(t, at)
		}
	}
	if want := []string{"1", "2", "3", "4", "5", "6"}; !slices.Equal(got, want) {
		t.Errorf("watched %v, want %v", got, want)
	}
}

func TestAStreamEndsWithAnErrorThatDoesNotPass(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	for name, test := range map[string]struct {
		ctx      context.Context //nolint:containedctx // one case's
		broke    error
		patience time.Duration
		want     codes.Code
	}{
		"another error":       {t.Context(), status.Error(codes.NotFound, "no such video"), time.Hour, codes.NotFound},
		"the end of patience": {t.Context(), status.Error(codes.Unavailable, "away"), 0, codes.Unavailable},
		"the caller's end":    {canceled, status.Error(codes.Unavailable, "away"), time.Hour, codes.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{watches: counting(2, 1, test.broke)}
			if test.ctx == canceled {
				s.watches = func(string, func(string) error) error { cancel(); return test.broke }
			}
			at, _ := s.serve(t, "127.0.0.1:0")
			var last error
			answers := 0
			for m, err := range dial(t, at, client.WithPatience(test.patience)).WatchVideo(test.ctx, &cuepointv1.WatchVideoRequest{}) {
				if last = err; m != nil {
					answers++
				}
			}
			if status.Code(last) != test.want {
				t.Errorf("it ended with %v after %d answers", last, answers)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost": true, "http://[::1]:80/": true, "https://videos.example.org": true, "https://10.0.0.7:8443": true,
		"http://videos.example.org": false, "http://10.0.0.7:8080": false, "http://localhost.example.org": false,
		"127.0.0.1:8080": false, "localhost": false, "": false, "ftp://localhost": false, "https://": false, "http://[::1": false,
		"https://ck_key@localhost": false, "https://localhost/v1": false, "https://localhost?key=ck_key": false, "https://localhost#x": false,
	} {
		c, err := client.Dial(address)
		if (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil {
			c.Close()
		} else if strings.Contains(err.Error(), "ck_key") {
			t.Errorf("%q: the error shows what may be a key: %v", address, err)
		}
	}
	c, err := client.Dial("http://videos.example.org", client.Unencrypted())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestAClientHasEveryService(t *testing.T) {
	t.Parallel()
	c := reflect.ValueOf(client.New(nil)).Elem()
	has := map[string]bool{}
	for i := range c.NumField() {
		has[c.Type().Field(i).Type.Name()] = !c.Field(i).IsZero()
	}
	protoregistry.GlobalFiles.RangeFilesByPackage(cuepointv1.File_cuepoint_v1_video_proto.Package(), func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			if name := f.Services().Get(i).Name(); !has[string(name)+"Client"] {
				t.Errorf("it has no client of %s", name)
			}
		}
		return true
	})
}
