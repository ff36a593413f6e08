package api_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // which a server of ours does not take, unless a client of its process does this
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
)

// bytesCodec sends bytes as they are and looks at no answer.
type bytesCodec struct{}

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}
func (bytesCodec) Unmarshal(mem.BufferSlice, any) error { return nil }
func (bytesCodec) Name() string                         { return "proto" }

// send calls a method with bytes that need not be a message.
func (m method) send(ctx context.Context, conn *grpc.ClientConn, body []byte, options ...grpc.CallOption) *status.Status {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options = append(options, grpc.ForceCodecV2(bytesCodec{}))
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: m.IsStreamingServer()}, m.path(), options...)
	if err == nil {
		err = stream.SendMsg(body)
	}
	if err == nil {
		err = stream.CloseSend()
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = stream.RecvMsg(nil)
	}
	return status.Convert(err)
}

// messages are what no client of ours sends. Some cannot be read, the others may
// be taken or refused, but not fail.
func messages(m protoreflect.MessageDescriptor) (unreadable, strange map[string][]byte) {
	field := func(n protowire.Number, kind protowire.Type, value ...byte) []byte {
		return append(protowire.AppendTag(nil, n, kind), value...)
	}
	unreadable = map[string][]byte{
		"no message":          {0xff, 0xff, 0xff},
		"cut off":             field(1, protowire.BytesType, 0x50, 'a'),
		"groups 100,000 deep": bytes.Repeat(field(1000, protowire.StartGroupType), 100_000),
		"an endless number":   field(1000, protowire.VarintType, bytes.Repeat([]byte{0xff}, 100)...),
	}
	strange = map[string][]byte{
		"nothing":            {},
		"an unknown field":   field(1000, protowire.BytesType, 1, 'a'),
		"what none can read": field(protowire.MaxValidNumber, protowire.VarintType, 1),
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		name, n := string(f.Name()), f.Number()
		if f.Kind() == protoreflect.StringKind {
			unreadable[name+" in Latin-1"] = field(n, protowire.BytesType, 2, 0xe9, 0xff)
		}
		strange[name+" as the largest number"] = protowire.AppendVarint(field(n, protowire.VarintType), math.MaxUint64)
		strange[name+" as NaN"] = protowire.AppendFixed64(field(n, protowire.Fixed64Type), math.Float64bits(math.NaN()))
		strange[name+" as infinity"] = protowire.AppendFixed64(field(n, protowire.Fixed64Type), math.Float64bits(math.Inf(-1)))
		strange[name+" twice"] = append(field(n, protowire.BytesType, 1, 'a'), field(n, protowire.BytesType, 1, 'b')...)
		strange[name+" with control characters"] = field(n, protowire.BytesType, 3, 0, '\n', 0x7f)
		if f.Kind() == protoreflect.MessageKind { // a time or a duration: seconds and nanoseconds
			extreme := append(protowire.AppendVarint(field(1, protowire.VarintType), math.MaxInt64), protowire.AppendVarint(field(2, protowire.VarintType), math.MaxUint64)...)
			strange[name+" at the end of time"] = protowire.AppendBytes(field(n, protowire.BytesType), extreme)
		}
	}
	return unreadable, strange
}

func TestNoMessageIsAFaultOfTheServers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	conn, stranger := b.dial(t), b.dialWith(t, "")
	for _, m := range methods() {
		unreadable, strange := messages(m.Input())
		for name, body := range unreadable {
			if s := m.send(t.Context(), conn, body); s.Code() != codes.InvalidArgument || reasonOf(s) != "INVALID_ARGUMENT" || ours.MatchString(s.Message()) {
				t.Errorf("%s: %s: %v", m.path(), name, s)
			}
			if s := m.send(t.Context(), stranger, body); s.Code() != codes.Unauthenticated {
				t.Errorf("%s: %s of a stranger: %v", m.path(), name, s)
			}
		}
		for name, body := range strange {
			s := m.send(t.Context(), conn, body)
			fault := s.Code() == codes.Internal || s.Code() == codes.Unknown || s.Code() == codes.DeadlineExceeded
			if fault || s.Code() != codes.OK && reasonOf(s) == "" || ours.MatchString(s.Message()) {
				t.Errorf("%s: %s: %v", m.path(), name, s)
			}
		}
	}
	if log := b.Log.String(); strings.Contains(log, "call failed") {
		t.Errorf("log:\n%s", log)
	}
}

// However a connection comes, encrypted or not, what is too large is not read.
func TestMessagesHaveALimit(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	for name, encrypted := range map[string]bool{"plain": false, "encrypted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(c *api.Config, _ *access.Config) {
				if encrypted {
					c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
				}
			})
			b.add(t, "tides")
			conn := b.dial(t)
			if encrypted {
				var err error
				conn, err = grpc.NewClient(b.Server.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool})),
					grpc.WithPerRPCCredentials(shows{"x-api-key": b.Key}))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
			}
			for _, m := range methods() {
				if m.Name() != "GetVideo" && m.Name() != "WatchVideo" {
					continue
				}
				good := append([]byte("\x0a\x0cvideos/tides"), protowire.AppendTag(nil, 1000, protowire.BytesType)...)
				padded := func(size int) []byte { return protowire.AppendBytes(good, make([]byte, size)) }
				if s := m.send(t.Context(), conn, padded(4<<20-100)); s.Code() != codes.OK {
					t.Errorf("%s: the largest: %v", m.Name(), s)
				}
				if s := m.send(t.Context(), conn, padded(20<<20)); s.Code() != codes.ResourceExhausted {
					t.Errorf("%s: 20 MB: %v", m.Name(), s)
				}
				if s := m.send(t.Context(), conn, padded(60<<20), grpc.UseCompressor("gzip")); s.Code() != codes.ResourceExhausted {
					t.Errorf("%s: 60 MB in few bytes: %v", m.Name(), s)
				}
				if s := m.send(t.Context(), conn, []byte{0xff}); s.Code() != codes.InvalidArgument {
					t.Errorf("%s: no message: %v", m.Name(), s)
				}
			}
		})
	}
}

// A frame of gRPC whose length is a lie, and one that says it is compressed.
func TestFramesThatLie(t *testing.T) {
	t.Parallel()
	b := setup(t)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	for name, tt := range map[string]struct{ frame, status string }{
		"four gigabytes":       {"\x00\xff\xff\xff\xff" + strings.Repeat("x", 100), "8"},
		"more than there is":   {"\x00\x00\x00\x00\x50a", "13"}, // the connection broke, for all that gRPC knows
		"compressed by nobody": {"\x01\x00\x00\x00\x01a", "13"},
		"no frame":             {"\x00", "13"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+"/cuepoint.v1.VideoService/GetVideo", strings.NewReader(tt.frame))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/grpc")
		r.Header.Set("Te", "trailers")
		r.Header.Set("Authorization", "Bearer "+b.Key)
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if s := resp.Header.Get("Grpc-Status") + resp.Trailer.Get("Grpc-Status"); err != nil || s != tt.status {
			t.Errorf("%s: status %s %q, error %v", name, s, resp.Trailer.Get("Grpc-Message")+resp.Header.Get("Grpc-Message"), err)
		}
	}
}

// A listener leaves those who are too many waiting, and takes them when others
// have gone.
func TestConnectionsHaveALimit(t *testing.T) {
	t.Parallel()
	tcp, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := api.LimitConnections(tcp.(*net.TCPListener), 2)
	accepted := make(chan net.Conn)
	ended := make(chan error, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				ended <- err
				return
			}
			accepted <- conn
		}
	}()
	for range 3 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("one too many was taken")
	case <-time.After(100 * time.Millisecond): // it would have been by now
	}
	first.Close()
	first.Close() // which counts once
	third := <-accepted
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("ended with %v", err)
	}
	second.Close()
	third.Close()
}
