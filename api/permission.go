package api

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// readOnly lets no command through. It stands before every service that is
// reached over the network, where nobody is asked who they are.
func readOnly(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if isCommand(info.FullMethod) {
		return nil, notHere()
	}
	return handler(access.With(ctx, visitor), req)
}

// readOnlyStream is readOnly for streams.
func readOnlyStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if isCommand(info.FullMethod) {
		return notHere()
	}
	return handler(srv, contextStream{ss, access.With(ss.Context(), visitor)})
}

// visitor is whoever comes over the network.
var visitor = access.Caller{Workspace: models.DefaultWorkspace, Scopes: []models.Scope{models.ScopeRead, models.ScopePlay}}

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
		return caller, models.Errorf(models.CodeInvalidArgument, "%q is no name for a workspace: want letters, digits and hyphens, at most 63", shorten(caller.Workspace))
	}
	return caller, nil
}

// WorkspaceHeader is the metadata by which who comes by the socket names a
// workspace other than the default one.
const WorkspaceHeader = "x-cuepoint-workspace"

func notHere() error {
	return models.Errorf(models.CodePermissionDenied,
		"the library is not changed over the network; give the command on the server's machine, with cuepoint and the same --data")
}

// isCommand tells whether a method may change something: every method does whose
// proto does not say that it has no side effects, so that a new one is a command
// until somebody thinks of it. gRPC's own services, health and reflection, only tell.
func isCommand(fullMethod string) bool {
	if strings.HasPrefix(fullMethod, "/grpc.") {
		return false
	}
	service, method, _ := strings.Cut(strings.TrimPrefix(fullMethod, "/"), "/")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + method))
	if err != nil {
		return true
	}
	options, ok := found.Options().(*descriptorpb.MethodOptions)
	return !ok || options.GetIdempotencyLevel() != descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
