package api

import (
	"context"
	"regexp"
	"strings"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// The sizes of a page of operations, each of which may have a whole video in it.
const (
	usualOperations = 50
	mostOperations  = 100
)

// longestWait is how long an operation is waited for. It leaves a call the time
// to say how far it is then.
const longestWait = callTimeout - 5*time.Second

// operationService implements google.longrunning.Operations.
type operationService struct {
	longrunningpb.UnimplementedOperationsServer
	libraries Libraries
	commands  func(workspace string) Commands
	feed      *events.Feed
	stopping  context.Context //nolint:containedctx // the server's life, with which waiting ends
}

func (s *operationService) GetOperation(ctx context.Context, req *longrunningpb.GetOperationRequest) (*longrunningpb.Operation, error) {
	id, err := parseOperation("name", req.GetName())
	if err != nil {
		return nil, err
	}
	library := libraryOf(ctx, s.libraries)
	o, err := library.Operation(ctx, id)
	if err != nil {
		return nil, err
	}
	return operationMessage(ctx, library, o)
}

func (s *operationService) ListOperations(ctx context.Context, req *longrunningpb.ListOperationsRequest) (*longrunningpb.ListOperationsResponse, error) {
	if req.GetName() != "operations" {
		return nil, invalid("name", "want operations, not %q", shorten(req.GetName()))
	}
	if req.GetFilter() != "" {
		return nil, invalid("filter", "operations are listed without one, the newest first")
	}
	size, err := pageSize(req.GetPageSize(), usualOperations, mostOperations)
	if err != nil {
		return nil, err
	}
	library := libraryOf(ctx, s.libraries)
	page, err := library.Operations(ctx, store.OperationQuery{Size: size, Token: req.GetPageToken()})
	if err != nil {
		return nil, about("page_token", err)
	}
	resp := &longrunningpb.ListOperationsResponse{NextPageToken: page.Next}
	for _, o := range page.Operations {
		m, err := operationMessage(ctx, library, o)
		if models.ErrorCode(err) == models.CodeNotFound {
			continue // its video was purged since it was listed
		}
		if err != nil {
			return nil, err
		}
		resp.Operations = append(resp.Operations, m)
	}
	return resp, nil
}

func (s *operationService) WaitOperation(ctx context.Context, req *longrunningpb.WaitOperationRequest) (*longrunningpb.Operation, error) {
	id, err := parseOperation("name", req.GetName())
	if err != nil {
		return nil, err
	}
	wait := longestWait
	if t := req.GetTimeout(); t != nil {
		if t.CheckValid() != nil {
			return nil, invalid("timeout", "want a duration")
		}
		wait = min(wait, t.AsDuration())
	}
	library := libraryOf(ctx, s.libraries)
	o, err := library.Operation(ctx, id)
	if err != nil {
		return nil, err
	}
	if o.Done.IsZero() {
		if o, err = s.wait(ctx, library, o, time.Now().Add(wait)); err != nil {
			return nil, err
		}
	}
	return operationMessage(ctx, library, o)
}

// wait waits until an operation is done, or until a time, and returns it as it
// is then. What ends it is told as an event of its video.
func (s *operationService) wait(ctx context.Context, library store.Library, o models.Operation, until time.Time) (models.Operation, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	happened, err := s.feed.Subscribe(ctx, events.Now, events.Filter{Workspace: o.Workspace, VideoID: o.VideoID})
	for err == nil {
		if o, err = library.Operation(ctx, o.ID); err != nil || !o.Done.IsZero() || !time.Now().Before(until) {
			break
		}
		_, _, err = happened.NextWithin(ctx, time.Until(until))
	}
	if err != nil && s.stopping.Err() != nil {
		return o, events.ErrStopped
	}
	return o, err
}

// CancelOperation ends the work on the operation's video, as CancelVideo does. Of
// one that is done already it is said that all is well (AIP-151).
func (s *operationService) CancelOperation(ctx context.Context, req *longrunningpb.CancelOperationRequest) (*emptypb.Empty, error) {
	id, err := parseOperation("name", req.GetName())
	if err != nil {
		return nil, err
	}
	if s.commands == nil {
		return nil, noCommands()
	}
	o, err := libraryOf(ctx, s.libraries).Operation(ctx, id)
	if err != nil || !o.Done.IsZero() {
		return &emptypb.Empty{}, err
	}
	err = s.commands(access.From(ctx).Workspace).Cancel(ctx, o.VideoID)
	if models.ErrorCode(err) == models.CodeNotRunning {
		err = nil
	}
	return &emptypb.Empty{}, err
}

func (s *operationService) DeleteOperation(context.Context, *longrunningpb.DeleteOperationRequest) (*emptypb.Empty, error) {
	return nil, models.Errorf(models.CodeUnimplemented, "an operation is forgotten with its video, and not before; there is no need to delete it")
}

// begin returns what answers a method that goes on after its answer: an
// operation, which is done already where the command left nothing to be done.
func begin(method string) func(ctx context.Context, lib store.TxLibrary, id string) (*longrunningpb.Operation, error) {
	return func(ctx context.Context, lib store.TxLibrary, id string) (*longrunningpb.Operation, error) {
		video, err := lib.Video(ctx, id)
		if err != nil {
			return nil, err
		}
		o := models.Operation{ID: models.NewID(), VideoID: id, Method: method, Created: time.Now().UTC().Truncate(time.Microsecond)}
		if ended(video.State) {
			o.Done = o.Created
		}
		if err := lib.PutOperation(ctx, o); err != nil {
			return nil, err
		}
		return operationMessage(ctx, lib, o)
	}
}

// operationMessage translates an operation, with what is true of its video now.
func operationMessage(ctx context.Context, library store.Library, o models.Operation) (*longrunningpb.Operation, error) {
	video, err := library.Video(ctx, o.VideoID)
	if err != nil {
		return nil, err
	}
	metadata, err := anypb.New(analysisMessage(o, video))
	if err != nil {
		return nil, err
	}
	m := &longrunningpb.Operation{Name: "operations/" + o.ID, Metadata: metadata, Done: !o.Done.IsZero()}
	switch {
	case !m.GetDone():
	case o.Error != nil:
		m.Result = &longrunningpb.Operation_Error{Error: errorMessage(o.Error)}
	default:
		described, err := describe(ctx, library, video, cuepointv1.VideoView_VIDEO_VIEW_BASIC)
		if err != nil {
			return nil, err
		}
		response, err := anypb.New(described)
		if err != nil {
			return nil, err
		}
		m.Result = &longrunningpb.Operation_Response{Response: response}
	}
	return m, nil
}

// analysisMessage says how far the work on a video is.
func analysisMessage(o models.Operation, video *models.Video) *cuepointv1.AnalyzeVideoMetadata {
	m := &cuepointv1.AnalyzeVideoMetadata{Video: videoName(o.VideoID), CreateTime: timeMessage(o.Created), EndTime: timeMessage(o.Done)}
	for _, run := range video.Runs {
		m.Stages = append(m.Stages, stageMessage(&run))
		m.Progress += progressOf(&run)
	}
	m.Progress /= float64(max(1, len(video.Runs)))
	return m
}

// progressOf is how far a stage is, 0 to 1.
func progressOf(run *models.StageRun) float64 {
	switch run.Status {
	case models.StagePending:
		return 0
	case models.StageRunning:
		return run.Progress
	default:
		return 1
	}
}

var operationPattern = regexp.MustCompile(`^operations/([0-9a-z]{1,63})$`)

// parseOperation returns the id in an operation's name, which stands in a field.
func parseOperation(field, name string) (id string, err error) {
	if !operationPattern.MatchString(name) {
		return "", invalid(field, "want operations/{operation}, not %q", shorten(name))
	}
	return strings.TrimPrefix(name, "operations/"), nil
}
