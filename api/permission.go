package api

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/cuepoint/cuepoint/models"
)

// readOnly lets no command through. It stands before every service that is
// reached over the network, where nobody is asked who they are.
func readOnly(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if isCommand(info.FullMethod) {
		return nil, notHere()
	}
	return handler(ctx, req)
}

// readOnlyStream is readOnly for streams.
func readOnlyStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if isCommand(info.FullMethod) {
		return notHere()
	}
	return handler(srv, ss)
}

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
