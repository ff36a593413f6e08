package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// analyzing begins an operation on tides, which does not end by itself.
func (h *held) analyzing(t *testing.T) (*longrunningpb.Operation, longrunningpb.OperationsClient) {
	t.Helper()
	o, err := h.Videos.AnalyzeVideo(t.Context(), &cuepointv1.AnalyzeVideoRequest{Name: "videos/tides"})
	if err != nil || o.GetDone() || !strings.HasPrefix(o.GetName(), "operations/") {
		t.Fatalf("%v, %v", o, err)
	}
	return o, longrunningpb.NewOperationsClient(h.dial(t))
}

func TestAnOperationTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	o, client := h.analyzing(t)
	got, err := client.GetOperation(t.Context(), &longrunningpb.GetOperationRequest{Name: o.GetName()})
	metadata := new(cuepointv1.AnalyzeVideoMetadata)
	if err != nil || got.GetDone() || got.GetResult() != nil || got.GetMetadata().UnmarshalTo(metadata) != nil {
		t.Fatalf("%v, %v", got, err)
	}
	if metadata.GetVideo() != "videos/tides" || metadata.GetCreateTime() == nil || metadata.GetEndTime() != nil || metadata.GetProgress() != 0 || len(metadata.GetStages()) < 6 {
		t.Errorf("metadata %v", metadata)
	}
	run := models.StageRun{Stage: metadata.GetStages()[0].GetStage(), Status: models.StageRunning, Progress: 0.5}
	if err := h.Library.SetRun(t.Context(), "tides", run); err != nil {
		t.Fatal(err)
	}
	rest := h.get(t, "/v1/"+o.GetName()).JSON(t)
	if want := 0.5 / float64(len(metadata.GetStages())); rest["metadata"].(map[string]any)["progress"] != want || rest["done"] != false {
		t.Errorf("after a half of one stage: %v, want %v", rest, want)
	}
}

func TestAnOperationEndsWithItsWork(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	o, client := h.analyzing(t)
	waiting := make(chan *longrunningpb.Operation, 1)
	go func() {
		done, err := client.WaitOperation(t.Context(), &longrunningpb.WaitOperationRequest{Name: o.GetName()})
		if err != nil {
			t.Error(err)
		}
		waiting <- done
	}()
	if now, err := client.WaitOperation(t.Context(), &longrunningpb.WaitOperationRequest{Name: o.GetName(), Timeout: durationpb.New(time.Millisecond)}); err != nil || now.GetDone() {
		t.Errorf("after a millisecond: %v, %v", now, err)
	}
	for range 2 { // canceled again, all is well
		if _, err := client.CancelOperation(t.Context(), &longrunningpb.CancelOperationRequest{Name: o.GetName()}); err != nil {
			t.Fatal(err)
		}
	}
	done := <-waiting
	if !done.GetDone() || done.GetError().GetCode() != int32(codes.Canceled) || len(done.GetError().GetDetails()) != 1 {
		t.Errorf("%v", done)
	}
	v, err := h.Videos.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
	if err != nil || v.GetState() != cuepointv1.Video_STATE_CANCELED {
		t.Errorf("%v, %v", v, err)
	}
}

func TestAnOperationWithNothingToDoIsDone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	a := b.ask(t, http.MethodPost, "/v1/videos/tides:analyze", strings.NewReader("{}"), nil)
	o := a.JSON(t)
	if video := o["response"].(map[string]any); o["done"] != true || video["name"] != "videos/tides" || video["@type"] != "type.googleapis.com/cuepoint.v1.Video" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	again := b.ask(t, http.MethodPost, "/v1/"+o["name"].(string)+":wait", strings.NewReader(`{"timeout": "3600s"}`), nil)
	if diff := cmp.Diff(o, again.JSON(t)); diff != "" {
		t.Errorf("waited for (-begun +got):\n%s", diff)
	}
}

func TestOperationsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	var want, got []string
	for range 3 {
		o, _ := h.analyzing(t)
		want = append([]string{o.GetName()}, want...)
	}
	for token, pages := "", 0; pages == 0 || token != ""; pages++ {
		page := h.get(t, "/v1/operations?page_size=2&page_token="+token).JSON(t)
		for _, o := range page["operations"].([]any) {
			got = append(got, o.(map[string]any)["name"].(string))
		}
		token, _ = page["nextPageToken"].(string)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for path, field := range map[string]string{
		"/v1/operations?filter=done":           "filter",
		"/v1/operations?page_size=-1":          "page_size",
		"/v1/operations?page_token=x":          "page_token",
		"/v1/operations/a/b":                   "name",
		"/v1/operations/" + want[0][11:] + "x": "",
	} {
		a := h.get(t, path)
		if _, about := details(t, a); about != field || a.Code != 400 && a.Code != 404 {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}

func TestOperationsKnowTheirCallers(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	o, _ := h.analyzing(t)
	name := o.GetName()
	calls := map[string]func(context.Context, longrunningpb.OperationsClient) error{
		"GET /v1/" + name: func(ctx context.Context, c longrunningpb.OperationsClient) error {
			_, err := c.GetOperation(ctx, &longrunningpb.GetOperationRequest{Name: name})
			return err
		},
		"POST /v1/" + name + ":wait": func(ctx context.Context, c longrunningpb.OperationsClient) error {
			_, err := c.WaitOperation(ctx, &longrunningpb.WaitOperationRequest{Name: name})
			return err
		},
		"POST /v1/" + name + ":cancel": func(ctx context.Context, c longrunningpb.OperationsClient) error {
			_, err := c.CancelOperation(ctx, &longrunningpb.CancelOperationRequest{Name: name})
			return err
		},
		"DELETE /v1/" + name: func(ctx context.Context, c longrunningpb.OperationsClient) error {
			_, err := c.DeleteOperation(ctx, &longrunningpb.DeleteOperationRequest{Name: name})
			return err
		},
		"GET /v1/operations": func(ctx context.Context, c longrunningpb.OperationsClient) error {
			_, err := c.ListOperations(ctx, &longrunningpb.ListOperationsRequest{Name: "operations"})
			return err
		},
	}
	foreign := h.key(t, "other", models.ScopeAdmin)
	for call, over := range calls {
		lacking := models.ScopeWrite
		if strings.HasPrefix(call, "DELETE") || strings.HasSuffix(call, ":cancel") {
			lacking = models.ScopeRead
		}
		for _, tt := range []struct {
			who, key string
			want     codes.Code
		}{
			{"nobody", "", codes.Unauthenticated},
			{"who lacks the scope", h.key(t, models.DefaultWorkspace, lacking, models.ScopePlay), codes.PermissionDenied},
			{"another workspace's admin", foreign, codes.NotFound},
		} {
			if tt.want == codes.NotFound && call == "GET /v1/operations" {
				tt.want = codes.OK
			}
			if tt.want == codes.NotFound && strings.HasPrefix(call, "DELETE") {
				tt.want = codes.Unimplemented
			}
			s := status.Convert(over(t.Context(), longrunningpb.NewOperationsClient(h.dialWith(t, tt.key))))
			verb, path, _ := strings.Cut(call, " ")
			a := h.ask(t, verb, path, strings.NewReader("{}"), func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+tt.key) })
			want := map[codes.Code]int{codes.OK: 200, codes.Unauthenticated: 401, codes.PermissionDenied: 403, codes.NotFound: 404, codes.Unimplemented: 405}
			if s.Code() != tt.want || tt.want != codes.OK && len(s.Details()) == 0 || a.Code != want[tt.want] {
				t.Errorf("%s by %s: %v, and %d %s; want %v", call, tt.who, s, a.Code, a.Body, tt.want)
			}
		}
	}
	if page := h.ask(t, "GET", "/v1/operations", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+foreign) }); strings.Contains(page.Body, name) {
		t.Errorf("another workspace sees %s", page.Body)
	}
}

func TestWhoWaitsIsToldThatTheServerEnds(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	o, client := h.analyzing(t)
	ended := make(chan error, 1)
	go func() {
		_, err := client.WaitOperation(t.Context(), &longrunningpb.WaitOperationRequest{Name: o.GetName()})
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(100 * time.Millisecond): // more than a wrong answer needs
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := h.Server.Close(ctx); err != nil {
		t.Error(err)
	}
	if s := status.Convert(<-ended); s.Code() != codes.Unavailable {
		t.Errorf("%v", s)
	}
}
