package api

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
)

const (
	pingAfter  = time.Minute      // without a sign of life of a client
	pingsApart = 10 * time.Second // of a client, at least
)

// newPublic returns the gRPC server for whoever comes over the network.
func (s *Server) newPublic(c Config, r *replies) *grpc.Server {
	return s.newGRPC(c, grpc.ChainUnaryInterceptor(s.unary, s.admit, r.keep, validate, once{c.Libraries}.answer), grpc.ChainStreamInterceptor(s.stream, s.admitStream, validateStream))
}

// newLocal returns the gRPC server for who may open the socket.
func (s *Server) newLocal(c Config, r *replies) *grpc.Server {
	return s.newGRPC(c, grpc.ChainUnaryInterceptor(s.unary, local, r.keep, validate, once{c.Libraries}.answer), grpc.ChainStreamInterceptor(s.stream, localStream, validateStream))
}

// newGRPC returns a gRPC server with all services on it.
func (s *Server) newGRPC(c Config, options ...grpc.ServerOption) *grpc.Server {
	g := grpc.NewServer(append(options, grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxHeaderListSize(maxHeader), grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(headerTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTimeout, Time: pingAfter}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingsApart, PermitWithoutStream: true}),
	)...)
	videos := &videoService{libraries: c.Libraries, commands: c.Commands, feed: c.Feed, pulse: c.Pulse}
	cuepointv1.RegisterVideoServiceServer(g, videos)
	cuepointv1.RegisterTranscriptServiceServer(g, &transcriptService{libraries: c.Libraries, commands: c.Commands, feed: c.Feed, pulse: c.Pulse})
	cuepointv1.RegisterInsightServiceServer(g, &insightService{videos: videos})
	cuepointv1.RegisterEditServiceServer(g, &editService{libraries: c.Libraries, commands: c.Commands})
	cuepointv1.RegisterKeyServiceServer(g, &keyService{libraries: c.Libraries})
	cuepointv1.RegisterUploadServiceServer(g, &uploadService{libraries: c.Libraries, uploads: c.Uploads})
	cuepointv1.RegisterSearchServiceServer(g, &searchService{libraries: c.Libraries})
	cuepointv1.RegisterEventServiceServer(g, &eventService{feed: c.Feed, pulse: c.Pulse})
	cuepointv1.RegisterSystemServiceServer(g, &systemService{system: c.System})
	cuepointv1.RegisterModelServiceServer(g, &modelService{system: c.System})
	longrunningpb.RegisterOperationsServer(g, &operationService{libraries: c.Libraries, commands: c.Commands, feed: c.Feed, stopping: s.stopping})
	for name := range g.GetServiceInfo() {
		s.health.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
	healthpb.RegisterHealthServer(g, s.health)
	reflection.Register(g)
	return g
}

// unary bounds a call in time and translates its error. A command may take as
// long as its caller waits: copying a source does.
func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	if !isCommand(info.FullMethod) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		err = s.translate(ctx, info.FullMethod, err)
	}()
	return handler(ctx, req)
}

// stream ends a stream when the server stops, with an error that says so, and
// translates its error.
func (s *Server) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	ctx, cancel := context.WithCancel(ss.Context())
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		switch {
		case err == nil:
		case ss.Context().Err() != nil: // whatever failed, it failed because of that
			err = ss.Context().Err()
		case s.stopping.Err() != nil && errors.Is(err, context.Canceled):
			err = events.ErrStopped
		}
		err = s.translate(ctx, info.FullMethod, err)
	}()
	return handler(srv, contextStream{ss, ctx})
}

// contextStream is a stream with a context of its own.
type contextStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // what grpc.ServerStream asks for
}

func (s contextStream) Context() context.Context { return s.ctx }

func panicked(p any) error { return fmt.Errorf("panic: %v\n%s", p, debug.Stack()) }

// translate makes an error what may leave the system, and logs what may not.
// Errors of gRPC's own services, health and reflection, are statuses already;
// ours return none, so a status in theirs is another server's and stays inside.
func (s *Server) translate(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok && isOpen(method) {
		return err
	}
	if visible(err).Code == models.CodeInternal {
		s.log.ErrorContext(ctx, "call failed", "method", method, "error", err)
	}
	return statusOf(err).Err()
}
