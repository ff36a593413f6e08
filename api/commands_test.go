package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// commands remembers what it was told to do and answers from the library.
type commands struct {
	library   *library
	store     store.Store
	workspace string
	mu        sync.Mutex
	given     []string
	first     func(context.Context) error // what each command does first, where not nil
}

func (c *commands) do(ctx context.Context, id, format string, args ...any) error {
	c.mu.Lock()
	c.given = append(c.given, fmt.Sprintf(format, args...))
	first := c.first
	c.mu.Unlock()
	if first != nil {
		if err := first(ctx); err != nil {
			return err
		}
	}
	if _, err := c.library.Video(ctx, id); err != nil {
		return err
	}
	return c.store.Tx(ctx, func(tx store.Tx) error { return analyzer.MakeAnswer(ctx, tx.In(c.workspace), id) })
}

func (c *commands) Create(ctx context.Context, r api.CreateRequest) error {
	return c.do(ctx, "tides", "create %q", r)
}

func (c *commands) Analyze(ctx context.Context, id string, stages []string, force bool) error {
	return c.do(ctx, id, "analyze %s %q %t", id, stages, force)
}

func (c *commands) Update(ctx context.Context, id string, d analyzer.Details) error {
	title := ""
	if d.Title != nil {
		title = *d.Title
	}
	return c.do(ctx, id, "update %s %q", id, title)
}

func (c *commands) Cancel(ctx context.Context, id string) error {
	return c.do(ctx, id, "cancel %s", id)
}

func (c *commands) Import(ctx context.Context, id string, _ analyzer.Captions, _ *int64) error {
	return c.do(ctx, id, "import for %s", id)
}

func (c *commands) Edit(ctx context.Context, id string, kind models.CueKind, _ analyzer.Editor, _ edits.Plan) error {
	return c.do(ctx, id, "edit %s of %s", kind, id)
}

func (c *commands) RevertEdit(ctx context.Context, id, edit string, _ analyzer.Editor) error {
	return c.do(ctx, id, "revert %s of %s", edit, id)
}

func (c *commands) Delete(ctx context.Context, id string, d analyzer.Deletion) error {
	return c.do(ctx, id, "delete %s %t", id, d.Purge)
}

func (c *commands) Undelete(ctx context.Context, id string) error {
	return c.do(ctx, id, "undelete %s", id)
}

func (c *commands) before(first func(context.Context) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = first
}

// Given are the commands since the last call.
func (c *commands) Given() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	given := c.given
	c.given = nil
	return given
}

// command is a call of a command and what it comes to.
type command struct {
	name  string
	call  func(context.Context, cuepointv1.VideoServiceClient) error
	given string
}

func create(req *cuepointv1.CreateVideoRequest) func(context.Context, cuepointv1.VideoServiceClient) error {
	return func(ctx context.Context, c cuepointv1.VideoServiceClient) error {
		v, err := c.CreateVideo(ctx, req)
		return isTides(v, err)
	}
}

func analyze(req *cuepointv1.AnalyzeVideoRequest) func(context.Context, cuepointv1.VideoServiceClient) error {
	return func(ctx context.Context, c cuepointv1.VideoServiceClient) error {
		o, err := c.AnalyzeVideo(ctx, req)
		if err == nil && (!o.GetDone() || !strings.HasPrefix(o.GetName(), "operations/")) {
			return fmt.Errorf("operation %v", o)
		}
		return err
	}
}

func update(req *cuepointv1.UpdateVideoRequest) func(context.Context, cuepointv1.VideoServiceClient) error {
	return func(ctx context.Context, c cuepointv1.VideoServiceClient) error {
		v, err := c.UpdateVideo(ctx, req)
		return isTides(v, err)
	}
}

func cancel(req *cuepointv1.CancelVideoRequest) func(context.Context, cuepointv1.VideoServiceClient) error {
	return func(ctx context.Context, c cuepointv1.VideoServiceClient) error {
		v, err := c.CancelVideo(ctx, req)
		return isTides(v, err)
	}
}

func remove(req *cuepointv1.DeleteVideoRequest) func(context.Context, cuepointv1.VideoServiceClient) error {
	return func(ctx context.Context, c cuepointv1.VideoServiceClient) error {
		v, err := c.DeleteVideo(ctx, req)
		return isTides(v, err)
	}
}

func undelete(req *cuepointv1.UndeleteVideoRequest) func(context.Context, cuepointv1.VideoServiceClient) error {
	return func(ctx context.Context, c cuepointv1.VideoServiceClient) error {
		v, err := c.UndeleteVideo(ctx, req)
		return isTides(v, err)
	}
}

func isTides(v *cuepointv1.Video, err error) error {
	if err == nil && (v.GetName() != "videos/tides" || v.GetTitle() != "Tides" || v.GetPlayback() == nil) {
		return fmt.Errorf("video %v", v)
	}
	return err
}

func path(p string) *cuepointv1.CreateVideoRequest_Path {
	return &cuepointv1.CreateVideoRequest_Path{Path: []byte(p)}
}

var everyCommand = []command{
	{"create", create(&cuepointv1.CreateVideoRequest{Source: path("/v/caf\xe9.mp4")}), `create {"/v/caf\xe9.mp4" "" {"" "" "" map[] ""}}`},
	{"create with all", create(&cuepointv1.CreateVideoRequest{
		Source: path("/v/a.mp4"), CaptionsPath: []byte("/v/\xff.vtt"), Video: &cuepointv1.Video{Title: "T", LanguageCode: "pt-BR", Labels: map[string]string{"a": "b"}, ExternalId: "x1"},
	}), `create {"/v/a.mp4" "" {"T" "pt-BR" "/v/\xff.vtt" map["a":"b"] "x1"}}`},
	{"create from a blob", create(&cuepointv1.CreateVideoRequest{Source: &cuepointv1.CreateVideoRequest_Blob{Blob: "imports/default/a.mp4"}}),
		`create {"" "imports/default/a.mp4" {"" "" "" map[] ""}}`},
	{"analyze", analyze(&cuepointv1.AnalyzeVideoRequest{Name: "videos/tides"}), `analyze tides [] false`},
	{"analyze stages", analyze(&cuepointv1.AnalyzeVideoRequest{Name: "videos/tides", Stages: []string{"speech", "shots"}, Force: true}),
		`analyze tides ["speech" "shots"] true`},
	{"update", update(&cuepointv1.UpdateVideoRequest{Video: &cuepointv1.Video{Name: "videos/tides", Title: "Ebb"}}), `update tides "Ebb"`},
	{"cancel", cancel(&cuepointv1.CancelVideoRequest{Name: "videos/tides"}), `cancel tides`},
	{"delete", remove(&cuepointv1.DeleteVideoRequest{Name: "videos/tides"}), `delete tides false`},
	{"purge", remove(&cuepointv1.DeleteVideoRequest{Name: "videos/tides", Purge: true}), `delete tides true`},
	{"undelete", undelete(&cuepointv1.UndeleteVideoRequest{Name: "videos/tides"}), `undelete tides`},
}

func TestCommandsOnTheSocket(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	client := cuepointv1.NewVideoServiceClient(b.dialSocket(t))
	for _, tt := range everyCommand {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(t.Context(), client); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{tt.given}, b.Commands.Given()); diff != "" {
				t.Errorf("given (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := client.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"}); err != nil {
		t.Errorf("reading on the socket: %v", err)
	}
}

func TestMalformedCommands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewVideoServiceClient(b.dialSocket(t))
	for _, tt := range []struct {
		field string
		call  func(context.Context, cuepointv1.VideoServiceClient) error
	}{
		{"path", create(&cuepointv1.CreateVideoRequest{})},
		{"path", create(&cuepointv1.CreateVideoRequest{Source: path("")})},
		{"path", create(&cuepointv1.CreateVideoRequest{Source: path("a.mp4")})},
		{"path", create(&cuepointv1.CreateVideoRequest{Source: path("../a.mp4")})},
		{"path", create(&cuepointv1.CreateVideoRequest{Source: path("file:///a.mp4")})},
		{"path", create(&cuepointv1.CreateVideoRequest{Source: path("/a\x00.mp4")})},
		{"captions_path", create(&cuepointv1.CreateVideoRequest{Source: path("/a.mp4"), CaptionsPath: []byte("a.vtt")})},
		{"video.language_code", create(&cuepointv1.CreateVideoRequest{Source: path("/a.mp4"), Video: &cuepointv1.Video{LanguageCode: "deutsch"}})},
		{"name", analyze(&cuepointv1.AnalyzeVideoRequest{})},
		{"stages[1]", analyze(&cuepointv1.AnalyzeVideoRequest{Name: "videos/a", Stages: []string{"speech", "../x"}})},
		{"stages", analyze(&cuepointv1.AnalyzeVideoRequest{Name: "videos/a", Stages: slices.Repeat([]string{"speech"}, 65)})},
		{"video", update(&cuepointv1.UpdateVideoRequest{})},
		{"video.name", update(&cuepointv1.UpdateVideoRequest{Video: &cuepointv1.Video{Title: "Ebb"}})},
		{"name", cancel(&cuepointv1.CancelVideoRequest{Name: "videos/-"})},
		{"name", remove(&cuepointv1.DeleteVideoRequest{Name: "tides", Purge: true})},
		{"etag", remove(&cuepointv1.DeleteVideoRequest{Name: "videos/tides", Etag: "1"})},
		{"name", undelete(&cuepointv1.UndeleteVideoRequest{Name: "tides"})},
	} {
		s := status.Convert(tt.call(t.Context(), client))
		if s.Code() != codes.InvalidArgument || reasonOf(s) != "INVALID_ARGUMENT" || !strings.HasPrefix(s.Message(), tt.field+": ") {
			t.Errorf("%s: %v", tt.field, s)
		}
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("given %q", given)
	}
}

func TestCommandsThatFail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	client := cuepointv1.NewVideoServiceClient(b.dialSocket(t))
	for _, tt := range []struct {
		err    error
		code   codes.Code
		reason models.Code
	}{
		{models.Errorf(models.CodeNotRunning, "to do"), codes.FailedPrecondition, "NOT_RUNNING"},
		{models.Errorf(models.CodeNotFound, "to do"), codes.NotFound, "NOT_FOUND"},
		{models.Errorf(models.CodeInvalidArgument, "to do"), codes.InvalidArgument, "INVALID_ARGUMENT"},
		{models.Errorf(models.CodeStorageUnavailable, "to do"), codes.Unavailable, "STORAGE_UNAVAILABLE"},
		{fmt.Errorf("secret"), codes.Internal, "INTERNAL"},
	} {
		b.Commands.before(func(context.Context) error { return tt.err })
		for _, c := range everyCommand {
			err := c.call(t.Context(), client)
			if s := status.Convert(err); s.Code() != tt.code || reasonOf(s) != string(tt.reason) || strings.Contains(s.String(), "secret") {
				t.Errorf("%s: %v", c.name, s)
			}
			if got := models.AsError(api.ErrorOf(err)); got.Code != tt.reason || (tt.code != codes.Internal) != (got.Message == "to do") {
				t.Errorf("%s: rebuilt as %v", c.name, got)
			}
		}
	}
}

func TestACommandHasAllTheTimeItsCallerHas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	conn := b.dialSocket(t)
	bounded := make(chan bool, 1)
	look := func(ctx context.Context) error {
		_, is := ctx.Deadline()
		bounded <- is
		return nil
	}
	b.Commands.before(look)
	if _, err := cuepointv1.NewVideoServiceClient(conn).CancelVideo(t.Context(), &cuepointv1.CancelVideoRequest{Name: "videos/tides"}); err != nil || <-bounded {
		t.Errorf("a command has a deadline of the server's, error %v", err)
	}
	b.Library.before("tides", look)
	for view, c := range []*grpc.ClientConn{conn, b.dial(t)} { // two questions: a reply is kept
		get := &cuepointv1.GetVideoRequest{Name: "videos/tides", View: cuepointv1.VideoView(view)}
		if _, err := cuepointv1.NewVideoServiceClient(c).GetVideo(t.Context(), get); err != nil || !<-bounded {
			t.Errorf("a question has no deadline, error %v", err)
		}
	}
}
