package api_test

import (
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func TestEveryRuleCanBeChecked(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		if _, err := protovalidate.New(protovalidate.WithDisableLazy(), protovalidate.WithMessages(dynamicpb.NewMessage(m.Input()))); err != nil {
			t.Errorf("%s: %v", m.path(), err)
		}
	}
}

func TestEveryFieldThatBreaksARuleIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := cuepointv1.NewInsightServiceClient(b.dial(t)).ListCues(t.Context(), &cuepointv1.ListCuesRequest{
		Parent: "tides", Kinds: []string{"shot", "Shot"}, StartOffset: durationpb.New(-1), PageSize: -1,
	})
	s := status.Convert(err)
	if s.Code() != codes.InvalidArgument || reasonOf(s) != "INVALID_ARGUMENT" {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for _, d := range s.Details() {
		if request, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range request.GetFieldViolations() {
				fields[v.GetField()] = v.GetDescription()
			}
		}
	}
	for _, field := range []string{"parent", "kinds[1]", "start_offset", "page_size"} {
		if fields[field] == "" {
			t.Errorf("%s is not complained of", field)
		}
	}
	if len(fields) != 4 {
		t.Errorf("complaints: %q", fields)
	}

	stream, err := cuepointv1.NewVideoServiceClient(b.dial(t)).WatchVideo(t.Context(), &cuepointv1.WatchVideoRequest{Name: "tides"})
	if err == nil {
		_, err = stream.Recv()
	}
	if s := status.Convert(err); s.Code() != codes.InvalidArgument || reasonOf(s) != "INVALID_ARGUMENT" {
		t.Errorf("a stream: %v", err)
	}
}

// What a rule complains of may be as long as a request: the names of labels are
// in the names of fields, and clients of gRPC read some kilobytes of an error.
func TestComplaintsAreShort(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := cuepointv1.NewVideoServiceClient(b.dial(t)).UpdateVideo(t.Context(), &cuepointv1.UpdateVideoRequest{
		Video: &cuepointv1.Video{Name: "videos/tides", Labels: map[string]string{strings.Repeat("é", 100_000): "x"}},
	})
	s := status.Convert(err)
	if s.Code() != codes.InvalidArgument || !strings.Contains(s.Message(), "video.labels") || proto.Size(s.Proto()) > 2000 {
		t.Errorf("%d bytes: %.200v", proto.Size(s.Proto()), err)
	}
}
