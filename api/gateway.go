package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/api/gen/google/longrunning"
	"github.com/cuepoint/cuepoint/models"
)

// maxAnswer bounds an answer on its way through memory, to the gateway for
// instance: a transcript of hours with every word's times has some megabytes.
const maxAnswer = 256 << 20

// newGateway returns the REST API. It calls the public gRPC server over a connection
// in memory, so that every interceptor sees REST calls too.
func (s *Server) newGateway() (http.Handler, error) {
	described, err := readRoutes(description)
	if err != nil {
		return nil, err
	}
	if s.gateway, err = dialPipe(s.pipe); err != nil {
		return nil, err
	}
	readParameters()
	none := func(string) (string, bool) { return "", false }
	mux := runtime.NewServeMux(
		runtime.WithIncomingHeaderMatcher(none), // no header is a parameter
		runtime.WithOutgoingHeaderMatcher(func(key string) (string, bool) {
			return "Content-Disposition", key == dispositionHeader
		}),
		runtime.WithMetadata(shownMetadata),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithMarshalerOption(runtime.MIMEWildcard, marshaler()),
		runtime.WithMarshalerOption(eventStream, eventMarshaler{marshaler()}),
		runtime.WithStreamErrorHandler(streamFailed),
		runtime.WithHealthzEndpoint(healthpb.NewHealthClient(s.gateway)),
		runtime.WithErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
			if body, ok := r.Body.(*boundedBody); ok && body.exceeded {
				err = tooLarge()
			}
			writeStatus(w, withReason(status.Convert(err)))
		}),
		runtime.WithRoutingErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
			if code == http.StatusMethodNotAllowed {
				w.Header().Set("Allow", described.verbs(r.URL.Path))
			}
			writeStatus(w, statusOf(noRoute(r, code)))
		}),
	)
	register := []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		cuepointv1.RegisterVideoServiceHandler,
		cuepointv1.RegisterTranscriptServiceHandler,
		cuepointv1.RegisterInsightServiceHandler,
		cuepointv1.RegisterEditServiceHandler,
		cuepointv1.RegisterUploadServiceHandler,
		cuepointv1.RegisterSearchServiceHandler,
		cuepointv1.RegisterEventServiceHandler,
		cuepointv1.RegisterSystemServiceHandler,
		cuepointv1.RegisterModelServiceHandler,
		cuepointv1.RegisterKeyServiceHandler,
		longrunningpb.RegisterOperationsHandler,
	}
	for _, r := range register {
		if err := r(context.Background(), mux, s.gateway); err != nil {
			return nil, err
		}
	}
	return checkRequest(streamed(mux)), nil
}

// marshaler writes answers as JSON, fields that are not set too.
func marshaler() runtime.Marshaler {
	return &runtime.HTTPBodyMarshaler{Marshaler: &runtime.JSONPb{
		MarshalOptions: protojson.MarshalOptions{EmitUnpopulated: true},
	}}
}

// checkRequest refuses what the gateway would fail on or read without end, and
// notes what the request shows of its caller.
func checkRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := url.QueryUnescape(r.URL.RawQuery)
		shown, refused := shownByRequest(r)
		switch {
		case r.ContentLength > maxBody:
			writeStatus(w, status.Convert(tooLarge()))
		case err != nil || !utf8.ValidString(query) || !utf8.ValidString(r.URL.Path):
			writeStatus(w, statusOf(models.Errorf(models.CodeInvalidArgument, "the address is not valid UTF-8, percent-encoded")))
		case refused != nil:
			writeStatus(w, statusOf(refused))
		default:
			r.Header.Del("Content-Type") // bodies are JSON, whatever they are called, and the gateway logs what it cannot read there
			r.Body = &boundedBody{ReadCloser: http.MaxBytesReader(w, r.Body, maxBody)}
			w.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), shownKey{}, shown)))
		}
	})
}

// boundedBody is a body that notes whether it was longer than a request may be:
// the gateway keeps the words of that error alone.
type boundedBody struct {
	io.ReadCloser
	exceeded bool
}

// Read implements [io.Reader].
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var exceeded *http.MaxBytesError
	b.exceeded = b.exceeded || errors.As(err, &exceeded)
	return n, err
}

func tooLarge() error {
	return statusOf(models.Errorf(models.CodeRequestTooLarge, "the request has more than %d bytes", maxBody)).Err()
}

// noRoute is the error of an address or method that the API does not have.
func noRoute(r *http.Request, code int) error {
	switch code {
	case http.StatusNotFound:
		return models.Errorf(models.CodeNotFound, "the API has no %s", r.URL.Path)
	case http.StatusMethodNotAllowed:
		return models.Errorf(models.CodeUnimplemented, "%s does not take %s", r.URL.Path, r.Method)
	}
	return models.Errorf(models.CodeInvalidArgument, "the request cannot be read")
}

// withReason adds an ErrorInfo to an error that the gateway or gRPC itself made
// of a request, and hides what neither meant for people.
func withReason(s *status.Status) *status.Status {
	if reason(s) != "" {
		return s
	}
	switch s.Code() {
	case codes.InvalidArgument:
		if m := unreadField.FindStringSubmatch(s.Message()); m != nil {
			return statusOf(invalid(m[1], "the value cannot be read as one of this field"))
		}
		if m := unknownField.FindStringSubmatch(s.Message()); m != nil {
			return statusOf(invalid(m[1], "there is no such field"))
		}
		problem := strings.TrimLeft(strings.TrimPrefix(s.Message(), "proto:"), " \u00a0")
		return statusOf(models.Errorf(models.CodeInvalidArgument, "the request cannot be read: %s", problem))
	case codes.NotFound:
		return statusOf(models.Errorf(models.CodeNotFound, "%s", s.Message()))
	case codes.Canceled:
		return statusOf(context.Canceled)
	case codes.DeadlineExceeded:
		return statusOf(context.DeadlineExceeded)
	case codes.Unavailable: // the health endpoint's answer, and that of a server that stops
		return s
	default:
		return statusOf(s.Err())
	}
}

// unreadField matches what the gateway says of a parameter that it cannot read.
var unreadField = regexp.MustCompile(`^parsing field "([a-z0-9_.]+)"`)

// unknownField matches what is said of a field or parameter that a request has not.
var unknownField = regexp.MustCompile(`unknown field "([A-Za-z0-9_.\[\]-]{1,64})"`)

// reason is the code in a status' ErrorInfo, or "".
func reason(s *status.Status) models.Code {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return models.Code(info.GetReason())
		}
	}
	return ""
}

// writeStatus answers with an error as Google's APIs write it.
func writeStatus(w http.ResponseWriter, s *status.Status) {
	writeHints(w, reason(s), retryAfter(s))
	code := runtime.HTTPStatusFromCode(s.Code())
	if a, ok := answers[reason(s)]; ok {
		code = a.http
	}
	body, err := protojson.Marshal(s.Proto())
	if err != nil {
		body, code = []byte(`{"code":13,"message":"internal error"}`), http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	w.Write(body) //nolint:errcheck // the client has gone
}
