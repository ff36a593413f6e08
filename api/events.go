package api

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
)

// The sizes of a page of events.
const (
	usualEvents = 100
	mostEvents  = 1000
)

// usualPulse is how long a stream is silent at most.
const usualPulse = 15 * time.Second

// eventService implements cuepoint.v1.EventService.
type eventService struct {
	cuepointv1.UnimplementedEventServiceServer
	feed  *events.Feed
	pulse time.Duration
}

func (s *eventService) ListEvents(ctx context.Context, req *cuepointv1.ListEventsRequest) (*cuepointv1.ListEventsResponse, error) {
	size, err := pageSize(req.GetPageSize(), usualEvents, mostEvents)
	if err != nil {
		return nil, err
	}
	filter, err := eventFilter(ctx, req.GetVideo(), req.GetTypes())
	if err != nil {
		return nil, err
	}
	question := questionOf(req)
	from, err := s.firstOfPage(ctx, req, question)
	if err != nil {
		return nil, err
	}
	page, err := s.feed.Page(ctx, from.after, filter, size)
	if err != nil {
		return nil, err
	}
	resp := &cuepointv1.ListEventsResponse{}
	for _, e := range page.Events {
		resp.Events = append(resp.Events, eventMessage(e))
	}
	resp.Cursor = cursor{page.Cursor, page.At}.String()
	if page.More {
		resp.NextPageToken = question + resp.Cursor
	}
	return resp, nil
}

// firstOfPage is the cursor after which the page that is asked for begins.
func (s *eventService) firstOfPage(ctx context.Context, req *cuepointv1.ListEventsRequest, question string) (cursor, error) {
	token, err := cutQuestion(question, req.GetPageToken())
	switch {
	case err != nil:
		return cursor{}, err
	case token != "":
		return readCursor(ctx, s.feed, "page_token", token)
	case req.GetCursor() != "":
		return readCursor(ctx, s.feed, "cursor", req.GetCursor())
	}
	return cursor{at: time.Now()}, nil
}

func (s *eventService) StreamEvents(req *cuepointv1.StreamEventsRequest, stream grpc.ServerStreamingServer[cuepointv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	filter, err := eventFilter(ctx, req.GetVideo(), req.GetTypes())
	if err != nil {
		return err
	}
	from, err := readCursor(ctx, s.feed, "cursor", req.GetCursor())
	if err != nil {
		return err
	}
	subscription, err := s.feed.Subscribe(ctx, from.after, filter)
	if err != nil {
		return err
	}
	for {
		e, some, err := subscription.NextWithin(ctx, s.pulse)
		if err != nil {
			return err
		}
		resp := &cuepointv1.StreamEventsResponse{Cursor: placeOf(subscription)}
		if some {
			resp.Event = eventMessage(e)
			resp.Cursor = resp.GetEvent().GetCursor()
		}
		if err := stream.Send(resp); err != nil {
			return err
		}
	}
}

// eventFilter chooses the events of the caller's workspace.
func eventFilter(ctx context.Context, video string, types []cuepointv1.Event_Type) (filter events.Filter, err error) {
	if filter.Workspace = access.From(ctx).Workspace; filter.Workspace == "" { // which would be all of them
		return filter, models.Errorf(models.CodePermissionDenied, "nobody may ask for events")
	}
	if video != "" {
		if filter.VideoID, err = parseVideo("video", video); err != nil {
			return filter, err
		}
	}
	for _, t := range types {
		word := strings.ToLower(strings.TrimPrefix(t.String(), "TYPE_"))
		filter.Types = append(filter.Types, models.EventType(strings.Replace(word, "_", ".", 1)))
	}
	return filter, nil
}

func eventMessage(e models.Event) *cuepointv1.Event {
	m := &cuepointv1.Event{
		Cursor:     cursorAfter(e),
		Type:       enum[cuepointv1.Event_Type](cuepointv1.Event_Type_value, "TYPE_", strings.ReplaceAll(string(e.Type), ".", "_")),
		State:      enum[cuepointv1.Video_State](cuepointv1.Video_State_value, "STATE_", string(e.State)),
		Stage:      e.Stage,
		Status:     enum[cuepointv1.StageRun_Status](cuepointv1.StageRun_Status_value, "STATUS_", string(e.Status)),
		Attempt:    int32(e.Attempt),
		Error:      errorMessage(e.Error),
		CreateTime: timeMessage(e.Time),
	}
	if e.VideoID != "" {
		m.Video = videoName(e.VideoID)
	}
	if e.UploadID != "" {
		m.Upload = uploadName(e.UploadID)
	}
	return m
}
