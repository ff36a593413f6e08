package api

import (
	"context"

	"github.com/maypok86/otter/v2"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

// maxReplies bounds the replies that are kept, in bytes as they are sent.
const maxReplies = 64 << 20

// kept are the methods whose replies are kept: those that players and searching
// people ask over and over, and that depend on the library alone, the caller's
// workspace and the request.
var kept = map[string]bool{
	cuepointv1.VideoService_GetVideo_FullMethodName:           true,
	cuepointv1.TranscriptService_GetTranscript_FullMethodName: true,
	cuepointv1.InsightService_GetDocument_FullMethodName:      true,
	cuepointv1.SearchService_Search_FullMethodName:            true,
}

// replies gives a reply again while nothing was committed to the database.
type replies struct {
	libraries Libraries
	given     *otter.Cache[question, reply]
}

// question is what was asked.
type question struct{ workspace, method, request string }

// reply is what was answered, and the version that it was read from or one
// before.
type reply struct {
	version string
	message proto.Message // nobody changes it
}

func newReplies(all Libraries) (*replies, error) {
	given, err := otter.New(&otter.Options[question, reply]{
		MaximumWeight: maxReplies,
		Weigher:       func(q question, r reply) uint32 { return uint32(len(q.request) + proto.Size(r.message)) },
	})
	return &replies{libraries: all, given: given}, err
}

// keep stands before the services, and behind who finds out who asks.
func (r *replies) keep(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if !kept[info.FullMethod] {
		return handler(ctx, req)
	}
	version, err := r.libraries.Version(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := proto.MarshalOptions{Deterministic: true}.Marshal(req.(proto.Message))
	if err != nil {
		return nil, err
	}
	q := question{access.From(ctx).Workspace, info.FullMethod, string(asked)}
	if given, ok := r.given.GetIfPresent(q); ok && given.version == version {
		return given.message, nil
	}
	resp, err := handler(ctx, req)
	if err != nil {
		return nil, err
	}
	r.given.Set(q, reply{version, resp.(proto.Message)})
	return resp, nil
}
