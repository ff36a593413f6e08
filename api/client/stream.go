package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// silence is after what time without a word a connection counts as gone: servers
// say every 15 seconds that there is nothing new.
const silence = 45 * time.Second

// WatchVideo tells how a video gets on, as VideoService.WatchVideo does. Where
// the stream breaks off it is gone on with from the last answer, so that no
// transition is left out and none told twice; see [WithPatience]. It ends when
// the server has told all. The error of one that cannot go on, ctx's too, comes
// last, without an answer.
func (c *Client) WatchVideo(ctx context.Context, req *cuepointv1.WatchVideoRequest, opts ...grpc.CallOption) iter.Seq2[*cuepointv1.WatchVideoResponse, error] {
	return follow(ctx, c.patience, req.GetCursor(), func(ctx context.Context, cursor string) (grpc.ServerStreamingClient[cuepointv1.WatchVideoResponse], error) {
		req := proto.CloneOf(req)
		req.Cursor = cursor
		return c.Videos.WatchVideo(ctx, req, opts...)
	})
}

// StreamEvents tells what happens to all videos, as EventService.StreamEvents
// does, and goes on where the stream breaks off as [Client.WatchVideo] does. It
// ends with ctx, or with an error.
func (c *Client) StreamEvents(ctx context.Context, req *cuepointv1.StreamEventsRequest, opts ...grpc.CallOption) iter.Seq2[*cuepointv1.StreamEventsResponse, error] {
	return follow(ctx, c.patience, req.GetCursor(), func(ctx context.Context, cursor string) (grpc.ServerStreamingClient[cuepointv1.StreamEventsResponse], error) {
		req := proto.CloneOf(req)
		req.Cursor = cursor
		return c.Events.StreamEvents(ctx, req, opts...)
	})
}

// StreamTranscript tells what is said as it is heard, as
// TranscriptService.StreamTranscript does, and goes on where the stream breaks off
// as [Client.WatchVideo] does.
func (c *Client) StreamTranscript(ctx context.Context, req *cuepointv1.StreamTranscriptRequest, opts ...grpc.CallOption) iter.Seq2[*cuepointv1.StreamTranscriptResponse, error] {
	return follow(ctx, c.patience, req.GetCursor(), func(ctx context.Context, cursor string) (grpc.ServerStreamingClient[cuepointv1.StreamTranscriptResponse], error) {
		req := proto.CloneOf(req)
		req.Cursor = cursor
		return c.Transcripts.StreamTranscript(ctx, req, opts...)
	})
}

// answer is a message of a stream that can be gone on with.
type answer[M any] interface {
	*M
	GetCursor() string
}

// opener begins a stream after a cursor.
type opener[M any] func(ctx context.Context, cursor string) (grpc.ServerStreamingClient[M], error)

// follow yields the answers of a stream, and of those that go on with it.
func follow[M any, A answer[M]](ctx context.Context, patience time.Duration, cursor string, open opener[M]) iter.Seq2[A, error] {
	return func(yield func(A, error) bool) {
		again := newAttempts(patience)
		for {
			err := receive(ctx, cursor, open, func(m *M) bool {
				cursor = A(m).GetCursor()
				again.gotOn()
				return yield(m, nil)
			})
			if errors.Is(err, errEnough) || errors.Is(err, io.EOF) {
				return
			}
			if status.Code(err) == codes.Unavailable {
				err = again.pause(ctx, err)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// errEnough is the error of a stream that nobody wants to hear more of.
var errEnough = errors.New("enough")

// receive hands on the answers of one stream until take wants no more of them,
// and returns why it ended.
func receive[M any](ctx context.Context, cursor string, open opener[M], take func(*M) bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	gone := status.Errorf(codes.Unavailable, "the server has said nothing for %v", silence)
	watchdog := time.AfterFunc(silence, func() { cancel(gone) })
	defer watchdog.Stop()
	stream, err := open(ctx, cursor)
	for err == nil {
		var m *M
		if m, err = stream.Recv(); err == nil {
			watchdog.Stop() // whoever takes it may take its time
			if !take(m) {
				return errEnough
			}
			watchdog.Reset(silence)
		}
	}
	if cause := context.Cause(ctx); errors.Is(cause, gone) {
		return gone
	}
	return err
}
