package api_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

const requestID = "123e4567-e89b-42d3-a456-426614174000"

func TestEveryCommandOfVideosTakesARequestID(t *testing.T) {
	t.Parallel()
	for _, m := range methods() {
		if !proto.HasExtension(m.options, cuepointv1.E_Scope) || m.Parent().Name() != "VideoService" {
			continue
		}
		has := m.Input().Fields().ByName("request_id") != nil
		if commands := m.options.GetIdempotencyLevel().Number() != protoreflect.EnumNumber(1); has != commands {
			t.Errorf("%s changes something: %t, takes a request_id: %t", m.path(), commands, has)
		}
	}
}

// title sets a title under a request id.
func title(id, text string) *cuepointv1.UpdateVideoRequest {
	return &cuepointv1.UpdateVideoRequest{Video: &cuepointv1.Video{Name: "videos/tides", Title: text}, RequestId: id}
}

func TestARequestIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	first, err := h.Videos.UpdateVideo(t.Context(), title(requestID, "Ebb"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Videos.UpdateVideo(t.Context(), title("", "Flow")); err != nil {
		t.Fatal(err)
	}
	again, err := h.Videos.UpdateVideo(t.Context(), title("123E4567-E89B-42D3-A456-426614174000", "Ebb"))
	if diff := cmp.Diff(first, again, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v (-first +again):\n%s", err, diff)
	}
	if v, err := h.Videos.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"}); err != nil || v.GetTitle() != "Flow" {
		t.Errorf("the title is %q, %v", v.GetTitle(), err)
	}
	for name, call := range map[string]func() error{
		"another request": func() error { _, err := h.Videos.UpdateVideo(t.Context(), title(requestID, "Neap")); return err },
		"no UUID":         func() error { _, err := h.Videos.UpdateVideo(t.Context(), title("1", "Ebb")); return err },
	} {
		if s := status.Convert(call()); s.Code() != codes.InvalidArgument {
			t.Errorf("%s: %v", name, s)
		}
	}
	// Names are a method's own, and a workspace's.
	analyze := &cuepointv1.AnalyzeVideoRequest{Name: "videos/tides", RequestId: requestID}
	o, err := h.Videos.AnalyzeVideo(t.Context(), analyze)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := h.Videos.AnalyzeVideo(t.Context(), analyze); err != nil || same.GetName() != o.GetName() {
		t.Errorf("%v, %v, want %s", same, err, o.GetName())
	}
	other := cuepointv1.NewVideoServiceClient(h.dialWith(t, h.key(t, "other", models.ScopeAdmin)))
	if v, err := other.UpdateVideo(t.Context(), title(requestID, "Ebb")); status.Code(err) != codes.NotFound {
		t.Errorf("another workspace: %v, %v", v, err)
	}
	remove := &cuepointv1.DeleteVideoRequest{Name: "videos/tides", Purge: true, RequestId: requestID}
	for range 2 { // the second is told that it is done, as the first was
		if _, err := h.Videos.DeleteVideo(t.Context(), remove); err != nil {
			t.Error(err)
		}
	}
	again, err = h.Videos.UpdateVideo(t.Context(), title(requestID, "Ebb"))
	if diff := cmp.Diff(first, again, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("without its video, %v (-first +again):\n%s", err, diff)
	}
}

func TestWhatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	req := &cuepointv1.CancelVideoRequest{Name: "videos/tides", RequestId: requestID}
	if _, err := h.Videos.CancelVideo(t.Context(), req); status.Code(err) != codes.FailedPrecondition {
		t.Fatal(err)
	}
	h.analyzing(t)
	for range 2 {
		if v, err := h.Videos.CancelVideo(t.Context(), req); err != nil || v.GetState() != cuepointv1.Video_STATE_CANCELED {
			t.Errorf("%v, %v", v, err)
		}
	}
}

func TestManyAskTheSameAtOnce(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	names := make([]string, 8)
	var all sync.WaitGroup
	for i := range names {
		all.Go(func() {
			o, err := h.Videos.AnalyzeVideo(t.Context(), &cuepointv1.AnalyzeVideoRequest{Name: "videos/tides", Force: true, RequestId: requestID})
			if err != nil {
				t.Error(err)
			}
			names[i] = o.GetName()
		})
	}
	all.Wait()
	page, err := h.Store.In(models.DefaultWorkspace).Operations(t.Context(), store.OperationQuery{})
	if err != nil || len(page.Operations) != 1 {
		t.Fatalf("%v, %v", page.Operations, err)
	}
	for _, name := range names {
		if name != "operations/"+page.Operations[0].ID {
			t.Errorf("one was answered %s", name)
		}
	}
}

// A change whose answer cannot be remembered does not happen.
func TestNothingHappensWithoutItsAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	as, err := api.RememberedAs(requestID)
	if err != nil {
		t.Fatal(err)
	}
	b.Commands.before(func(ctx context.Context) error {
		return b.Store.Tx(ctx, func(tx store.Tx) error {
			return tx.In(models.DefaultWorkspace).Remember(ctx, models.Request{Method: cuepointv1.VideoService_CancelVideo_FullMethodName, ID: as, Digest: "another", Created: time.Now()})
		})
	})
	req := &cuepointv1.CancelVideoRequest{Name: "videos/tides", RequestId: requestID}
	if _, err := cuepointv1.NewVideoServiceClient(b.dial(t)).CancelVideo(t.Context(), req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("while another asked something else under the name: %v", err)
	}
}

func TestAnswersOutliveTheServer(t *testing.T) {
	t.Parallel()
	var config *api.Config
	b := setup(t, func(c *api.Config, _ *access.Config) { config = c })
	b.add(t, "tides")
	req := &cuepointv1.AnalyzeVideoRequest{Name: "videos/tides", RequestId: requestID}
	first, err := cuepointv1.NewVideoServiceClient(b.dial(t)).AnalyzeVideo(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Server.Close(ctx); err != nil {
		t.Fatal(err)
	}
	next, err := api.New(*config)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- next.Serve() }()
	defer func() {
		if err := errors.Join(next.Close(ctx), <-served); err != nil {
			t.Error(err)
		}
	}()
	before := b.Server
	b.Server = next
	again, err := cuepointv1.NewVideoServiceClient(b.dial(t)).AnalyzeVideo(t.Context(), req)
	b.Server = before
	if diff := cmp.Diff(first, again, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v (-first +again):\n%s", err, diff)
	}
	if given := b.Commands.Given(); len(given) != 1 {
		t.Errorf("given %q", given)
	}
}
