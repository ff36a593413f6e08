package api

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// WorkspaceHeader is the metadata by which who comes by the socket names a
// workspace other than the default one.
const WorkspaceHeader = "x-cuepoint-workspace"

// admit lets a call through whose caller may call the method. It stands before
// every service that is reached over the network.
func (s *Server) admit(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if isOpen(info.FullMethod) {
		return handler(ctx, req)
	}
	caller, _, err := s.caller(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	return handler(access.With(ctx, caller), req)
}

// admitStream is admit for streams, of which a caller may have so many at a time.
func (s *Server) admitStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if isOpen(info.FullMethod) {
		return handler(srv, ss)
	}
	caller, shown, err := s.caller(ss.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	end, err := s.gate.Stream(caller, shown)
	if err != nil {
		return err
	}
	defer end()
	ctx, done := s.whileAdmitted(ss.Context(), shown)
	defer done()
	err = handler(srv, contextStream{ss, access.With(ctx, caller)})
	if cause := context.Cause(ctx); models.ErrorCode(cause) == models.CodeUnauthenticated {
		return cause
	}
	return err
}

// recheck is how often it is looked whether the caller of a stream is still let in.
const recheck = 2 * time.Second

// whileAdmitted returns a context that ends, with the reason as its cause, when
// what a caller showed is no longer good. The caller of whileAdmitted calls done.
func (s *Server) whileAdmitted(ctx context.Context, shown access.Shown) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(recheck)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if _, err := s.gate.Identify(ctx, shown); models.ErrorCode(err) == models.CodeUnauthenticated {
				cancel(err)
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// caller finds out who calls a method, and whether they may.
func (s *Server) caller(ctx context.Context, method string) (access.Caller, access.Shown, error) {
	shown, err := s.shownBy(ctx)
	if err != nil {
		return access.Caller{}, shown, err
	}
	caller, err := s.gate.Admit(ctx, shown)
	if err != nil {
		return access.Caller{}, shown, err
	}
	return caller, shown, permit(caller, scopeOf(method))
}

// permit returns PERMISSION_DENIED where a caller lacks a scope.
func permit(c access.Caller, needed models.Scope) error {
	if needed == "" {
		return models.Errorf(models.CodePermissionDenied, "this is not for the network; call it on the server's machine")
	}
	if !c.May(needed) {
		return models.Errorf(models.CodePermissionDenied, "this takes a key with the scope %s", needed)
	}
	return nil
}

// local lets who may open the socket do everything, in the workspace they name.
func local(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	caller, err := localCaller(ctx)
	if err != nil {
		return nil, err
	}
	return handler(access.With(ctx, caller), req)
}

// localStream is local for streams.
func localStream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	caller, err := localCaller(ss.Context())
	if err != nil {
		return err
	}
	return handler(srv, contextStream{ss, access.With(ss.Context(), caller)})
}

func localCaller(ctx context.Context) (access.Caller, error) {
	caller := access.Caller{Workspace: models.DefaultWorkspace, Local: true}
	if named := metadata.ValueFromIncomingContext(ctx, WorkspaceHeader); len(named) > 0 {
		caller.Workspace = named[0]
	}
	if !access.ValidWorkspace(caller.Workspace) {
		return caller, models.Errorf(models.CodeInvalidArgument,
			"%q is no name for a workspace: want small letters, digits and hyphens, at most 63", shorten(caller.Workspace))
	}
	return caller, nil
}

// isOpen tells whether a method is for everybody: gRPC's own services, health
// and reflection, tell nothing about anybody's videos.
func isOpen(method string) bool { return strings.HasPrefix(method, "/grpc.") }

// operations are the scopes of google.longrunning.Operations, whose proto is
// not ours to write them into.
var operations = map[string]models.Scope{
	"/google.longrunning.Operations/ListOperations":  models.ScopeRead,
	"/google.longrunning.Operations/GetOperation":    models.ScopeRead,
	"/google.longrunning.Operations/WaitOperation":   models.ScopeRead,
	"/google.longrunning.Operations/CancelOperation": models.ScopeWrite,
	"/google.longrunning.Operations/DeleteOperation": models.ScopeWrite,
}

// scopeOf returns what the proto says that a method's caller needs. A method of
// which it says nothing is for nobody who comes over the network, so that a new
// one is closed until somebody thinks of it.
func scopeOf(method string) models.Scope {
	if scope, ok := operations[method]; ok {
		return scope
	}
	scope, _ := proto.GetExtension(optionsOf(method), cuepointv1.E_Scope).(cuepointv1.Scope)
	return scopes[scope]
}

var scopes = map[cuepointv1.Scope]models.Scope{
	cuepointv1.Scope_SCOPE_READ:  models.ScopeRead,
	cuepointv1.Scope_SCOPE_WRITE: models.ScopeWrite,
	cuepointv1.Scope_SCOPE_PLAY:  models.ScopePlay,
	cuepointv1.Scope_SCOPE_ADMIN: models.ScopeAdmin,
}

// isCommand tells whether a method may change something: every method does whose
// proto does not say that it has no side effects.
func isCommand(method string) bool {
	if scope, ok := operations[method]; ok {
		return scope != models.ScopeRead
	}
	return !isOpen(method) && optionsOf(method).GetIdempotencyLevel() != descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// optionsOf returns what the proto says of a method, nil where there is none.
func optionsOf(method string) *descriptorpb.MethodOptions {
	described := methodOf(method)
	if described == nil {
		return nil
	}
	options, _ := described.Options().(*descriptorpb.MethodOptions)
	return options
}

// methodOf describes a method, nil where there is none.
func methodOf(method string) protoreflect.MethodDescriptor {
	name := strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", ".")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	described, _ := found.(protoreflect.MethodDescriptor)
	return described
}
