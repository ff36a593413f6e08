// Package client calls a Cuepoint server over gRPC, and sends it files over HTTP.
// It connects by the address that browsers use as well, shows a key, asks again
// where a server was away for a moment, and goes on with streams and uploads that
// broke off. The methods and messages are those of package cuepointv1. It needs neither cgo nor any program, and it
// holds nothing of the server.
package client

import (
	"math"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// MaxAnswer bounds an answer, in bytes: a transcript of hours with every word's
// times has some megabytes.
const MaxAnswer = 256 << 20

// Client has all services of a server. It may be used by many goroutines.
type Client struct {
	Videos      cuepointv1.VideoServiceClient
	Transcripts cuepointv1.TranscriptServiceClient
	Insights    cuepointv1.InsightServiceClient
	Edits       cuepointv1.EditServiceClient
	Uploads     cuepointv1.UploadServiceClient
	Searches    cuepointv1.SearchServiceClient
	Events      cuepointv1.EventServiceClient
	Keys        cuepointv1.KeyServiceClient
	Models      cuepointv1.ModelServiceClient
	System      cuepointv1.SystemServiceClient
	Operations  longrunningpb.OperationsClient
	Health      healthpb.HealthClient

	patience time.Duration
	conn     *grpc.ClientConn // nil where it is the caller's
	web      *web             // likewise
}

// Dial makes a client of the server at an address such as
// "https://videos.example.org" or "http://127.0.0.1:8080". Unencrypted ones have
// to be of this machine, unless [Unencrypted] is given. It does not connect yet:
// the first call does, and so does each that finds the connection gone. The
// caller closes the client.
func Dial(address string, opts ...Option) (*Client, error) {
	o := options{patience: math.MaxInt64}
	for _, option := range opts {
		option(&o)
	}
	at, err := parse(address, o.unencrypted)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(at.target, append(o.dial(at), o.grpc...)...)
	if err != nil {
		return nil, err
	}
	c := New(conn)
	c.conn, c.patience, c.web = conn, o.patience, newWeb(at, &o)
	return c, nil
}

// New makes a client over a connection that the caller has, and closes. Streams
// that break off stay so: what to do then is for who knows the connection. It
// sends no files.
func New(conn grpc.ClientConnInterface) *Client {
	return &Client{
		Videos:      cuepointv1.NewVideoServiceClient(conn),
		Transcripts: cuepointv1.NewTranscriptServiceClient(conn),
		Insights:    cuepointv1.NewInsightServiceClient(conn),
		Edits:       cuepointv1.NewEditServiceClient(conn),
		Uploads:     cuepointv1.NewUploadServiceClient(conn),
		Searches:    cuepointv1.NewSearchServiceClient(conn),
		Events:      cuepointv1.NewEventServiceClient(conn),
		Keys:        cuepointv1.NewKeyServiceClient(conn),
		Models:      cuepointv1.NewModelServiceClient(conn),
		System:      cuepointv1.NewSystemServiceClient(conn),
		Operations:  longrunningpb.NewOperationsClient(conn),
		Health:      healthpb.NewHealthClient(conn),
	}
}

// Close ends the connection that [Dial] made, and the calls that are under way.
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	c.web.http.CloseIdleConnections()
	return c.conn.Close()
}

// Option is a choice that [Dial] offers.
type Option func(*options)
