package api

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// eventStream is the media type of Server-Sent Events, as WHATWG's HTML standard
// defines them.
const eventStream = "text/event-stream"

// streamed makes the gateway's streams what people expect of them: an error
// before the first answer is answered as other errors are, and a browser's
// EventSource goes on where it was when its connection broke, and stops when the
// stream has ended.
func streamed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &streamWriter{ResponseWriter: w}
		events := acceptsEvents(r.Header)
		if events {
			r = r.Clone(r.Context())
			r.Header.Set("Accept", eventStream)
			if last := r.Header.Get("Last-Event-ID"); last != "" {
				query := r.URL.Query()
				query.Set("cursor", last)
				r.URL.RawQuery = query.Encode()
			}
			w.Header().Set("X-Accel-Buffering", "no") // proxies of nginx's kind hold answers back otherwise
		}
		next.ServeHTTP(s, r.WithContext(context.WithValue(r.Context(), streamKey{}, s)))
		switch {
		case !events:
		case !s.written:
			w.WriteHeader(http.StatusNoContent) // makes an EventSource stop asking
		case !s.failed && w.Header().Get("Content-Type") == eventStream:
			fmt.Fprint(w, "event: end\ndata: {}\n\n")
		}
	})
}

func acceptsEvents(h http.Header) bool {
	for accepted := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		if kind, _, err := mime.ParseMediaType(accepted); err == nil && kind == eventStream {
			return true
		}
	}
	return false
}

type streamKey struct{}

// streamWriter is the answer to a request, which may be a stream.
type streamWriter struct {
	http.ResponseWriter
	written bool
	failed  bool           // the stream ended with an error
	instead *status.Status // what is written in place of the error that the gateway writes
}

// streamFailed is told of the error that a stream ends with, before the gateway
// writes it.
func streamFailed(ctx context.Context, err error) *status.Status {
	st := withReason(status.Convert(err))
	if s, ok := ctx.Value(streamKey{}).(*streamWriter); ok {
		s.failed = true
		if !s.written {
			s.instead = st
		}
	}
	return st
}

func (s *streamWriter) WriteHeader(code int) {
	s.written = true
	if s.instead != nil {
		writeStatus(s.ResponseWriter, s.instead)
		return
	}
	s.ResponseWriter.WriteHeader(code)
}

// Write implements [http.ResponseWriter]. That a client is gone is no error: the
// request's context has ended then, and ends the stream.
func (s *streamWriter) Write(b []byte) (int, error) {
	s.written = true
	if s.instead == nil {
		s.ResponseWriter.Write(b) //nolint:errcheck // see above
	}
	return len(b), nil
}

// FlushError is what [http.ResponseController] calls.
func (s *streamWriter) FlushError() error {
	http.NewResponseController(s.ResponseWriter).Flush()
	return nil
}

// Unwrap is for [http.ResponseController] too.
func (s *streamWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// eventMarshaler writes the answers of streams as Server-Sent Events, and all
// others as JSON.
type eventMarshaler struct{ runtime.Marshaler }

// StreamContentType implements [runtime.StreamContentType].
func (eventMarshaler) StreamContentType(any) string { return eventStream }

// Delimiter implements [runtime.Delimited]: events end with an empty line, which
// is theirs.
func (eventMarshaler) Delimiter() []byte { return nil }

// Marshal implements [runtime.Marshaler].
func (m eventMarshaler) Marshal(v any) ([]byte, error) {
	switch v := v.(type) {
	case map[string]any: // an answer of a stream
		answer, ok := v["result"].(proto.Message)
		if !ok {
			return nil, fmt.Errorf("no answer in %T", v)
		}
		return m.event(answer)
	case map[string]proto.Message: // what it ended with
		return m.write("event: error\n", v["error"])
	default:
		return m.Marshaler.Marshal(v)
	}
}

// event writes an answer of a stream. A sign of life is a comment and an id,
// which browsers note and tell nobody of.
func (m eventMarshaler) event(answer proto.Message) ([]byte, error) {
	switch answer := answer.(type) {
	case *cuepointv1.StreamEventsResponse:
		if answer.GetEvent() == nil {
			return fmt.Appendf(nil, ": nothing happened\nid: %s\n\n", answer.GetCursor()), nil
		}
		return m.write(fmt.Sprintf("id: %s\nevent: event\n", answer.GetCursor()), answer.GetEvent())
	case *cuepointv1.WatchVideoResponse:
		head := fmt.Sprintf("id: %s\nevent: ", answer.GetCursor())
		switch update := answer.GetUpdate().(type) {
		case *cuepointv1.WatchVideoResponse_Video:
			return m.write(head+"video\n", update.Video)
		case *cuepointv1.WatchVideoResponse_Event:
			return m.write(head+"event\n", update.Event)
		case *cuepointv1.WatchVideoResponse_Progress:
			return m.write(head+"progress\n", update.Progress)
		default:
			return fmt.Appendf(nil, ": nothing new\nid: %s\n\n", answer.GetCursor()), nil
		}
	case *cuepointv1.StreamTranscriptResponse:
		head := fmt.Sprintf("id: %s\nevent: ", answer.GetCursor())
		switch update := answer.GetUpdate().(type) {
		case *cuepointv1.StreamTranscriptResponse_Segment:
			return m.write(head+"segment\n", update.Segment)
		case *cuepointv1.StreamTranscriptResponse_Restart_:
			return m.write(head+"restart\n", update.Restart)
		case *cuepointv1.StreamTranscriptResponse_Transcript:
			return m.write(head+"transcript\n", update.Transcript)
		default:
			return fmt.Appendf(nil, ": nothing new\nid: %s\n\n", answer.GetCursor()), nil
		}
	default:
		return m.write("", answer)
	}
}

// write writes an event of which the head is known, its message as one line of
// JSON.
func (m eventMarshaler) write(head string, message proto.Message) ([]byte, error) {
	body, err := m.Marshaler.Marshal(message)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%sdata: %s\n\n", head, bytes.ReplaceAll(body, []byte("\n"), nil)), nil
}
