package api_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// turn brings a video to a state, with an event that says so.
func (b *bundle) turn(t *testing.T, id string, state models.VideoState) {
	t.Helper()
	err := b.Store.Tx(t.Context(), func(tx store.Tx) error {
		library := tx.In(models.DefaultWorkspace)
		return errors.Join(
			library.UpdateVideo(t.Context(), id, store.VideoUpdate{State: &state}),
			library.Record(t.Context(), models.Event{VideoID: id, Type: models.EventVideoState, State: state, Time: time.Now()}))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run says what is true of a stage.
func (b *bundle) run(t *testing.T, id string, run models.StageRun) {
	t.Helper()
	if err := b.Library.SetRun(t.Context(), id, run); err != nil {
		t.Fatal(err)
	}
}

// watch watches the video "v".
func (b *bundle) watch(ctx context.Context, t *testing.T, cursor string, follow bool) func() *cuepointv1.WatchVideoResponse {
	t.Helper()
	stream, err := cuepointv1.NewVideoServiceClient(b.dial(t)).WatchVideo(ctx, &cuepointv1.WatchVideoRequest{Name: "videos/v", Cursor: cursor, Follow: follow})
	if err != nil {
		t.Fatal(err)
	}
	// What it returns is nil at the end; signs of life are left out.
	return func() *cuepointv1.WatchVideoResponse {
		t.Helper()
		for {
			resp, err := stream.Recv()
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				t.Fatal(err)
			case resp.GetUpdate() != nil:
				return resp
			}
		}
	}
}

func TestAWatchTellsEverythingUntilTheVideoHasEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	next := b.watch(ctx, t, "", false)
	first := next()
	if first.GetVideo().GetName() != "videos/v" || first.GetVideo().GetState() != cuepointv1.Video_STATE_PROCESSING {
		t.Errorf("first: %v", first)
	}
	b.record(t, models.DefaultWorkspace, "v", 1, 1)
	if told := next(); told.GetEvent().GetStage() != "probe" {
		t.Errorf("then: %v", told)
	}
	for _, progress := range []float64{0.25, 0.5} {
		b.run(t, "v", models.StageRun{Stage: "package", Status: models.StageRunning, Progress: progress, Attempt: 1})
		if told := next().GetProgress(); told.GetStage() != "package" || told.GetProgress() != progress {
			t.Errorf("progress: %v, want %v", told, progress)
		}
	}
	b.run(t, "v", models.StageRun{Stage: "package", Status: models.StageDone, Attempt: 1})
	b.turn(t, "v", models.VideoReady)
	last := next()
	if last.GetEvent().GetState() != cuepointv1.Video_STATE_READY {
		t.Errorf("last: %v", last)
	}
	if after := next(); after != nil {
		t.Errorf("after the end: %v", after)
	}

	again := b.watch(ctx, t, first.GetCursor(), false)
	if one, two, end := again(), again(), again(); one.GetEvent().GetStage() != "probe" || two.GetCursor() != last.GetCursor() || end != nil {
		t.Errorf("from the first answer on: %v, %v, %v", one, two, end)
	}
	if none := b.watch(ctx, t, last.GetCursor(), false)(); none != nil {
		t.Errorf("from the last answer on: %v", none)
	}
}

func TestAWatchThatFollowsEndsWithTheVideoItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	next := b.watch(ctx, t, "", true)
	next()
	b.turn(t, "v", models.VideoFailed)
	b.turn(t, "v", models.VideoQueued)
	if failed, queued := next().GetEvent(), next().GetEvent(); failed.GetState() != cuepointv1.Video_STATE_FAILED || queued.GetState() != cuepointv1.Video_STATE_QUEUED {
		t.Errorf("%v, then %v", failed, queued)
	}
	err := b.Store.Tx(t.Context(), func(tx store.Tx) error {
		library := tx.In(models.DefaultWorkspace)
		return errors.Join(library.PurgeVideo(t.Context(), "v"),
			library.Record(t.Context(), models.Event{VideoID: "v", Type: models.EventVideoPurged, Time: time.Now()}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if purged, end := next(), next(); purged.GetEvent().GetType() != cuepointv1.Event_TYPE_VIDEO_PURGED || end != nil {
		t.Errorf("%v, then %v", purged, end)
	}
}

func TestABrowserStopsAskingWhenAWatchHasEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "v")
	events := func(r *http.Request) { r.Header.Set("Accept", "text/html;q=0.5, text/event-stream") }
	a := b.ask(t, http.MethodGet, "/v1/videos/v:watch", nil, events)
	if a.Code != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %v", a.Code, a.Header)
	}
	contains(t, a.Body, "event: video\ndata: {")
	contains(t, a.Body, "event: end\ndata: {}\n\n")
	cursor := b.get(t, "/v1/events").JSON(t)["cursor"].(string)
	a = b.ask(t, http.MethodGet, "/v1/videos/v:watch", nil, func(r *http.Request) {
		events(r)
		r.Header.Set("Last-Event-ID", cursor)
	})
	if a.Code != http.StatusNoContent {
		t.Errorf("asked again: %d %s", a.Code, a.Body)
	}
	// What is no stream is JSON all the same.
	if a := b.ask(t, http.MethodGet, "/v1/videos/v", nil, events); a.Header.Get("Content-Type") != "application/json" || a.JSON(t)["name"] != "videos/v" {
		t.Errorf("a video: %v %s", a.Header, a.Body)
	}
}

func TestStreamsRefuseWhatCannotBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	b.record(t, models.DefaultWorkspace, "v", 1, 3)
	token := func(version byte, after int64, at time.Time) string {
		raw := binary.BigEndian.AppendUint64([]byte{version}, uint64(after))
		return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(raw, uint64(at.UnixMilli())))
	}
	for name, tt := range map[string]struct {
		path   string
		code   codes.Code
		http   int
		reason string
	}{
		"no such video":            {"/v1/videos/none:watch", codes.NotFound, 404, "NOT_FOUND"},
		"a malformed name":         {"/v1/videos/V:watch", codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
		"a cursor of no server":    {"/v1/videos/v:watch?cursor=abc", codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
		"a cursor to come":         {"/v1/videos/v:watch?cursor=" + token(1, 1000, time.Now()), codes.OutOfRange, 410, "CURSOR_EXPIRED"},
		"an old cursor":            {"/v1/events:stream?cursor=" + token(1, 1, time.Now().AddDate(0, 0, -30)), codes.OutOfRange, 410, "CURSOR_EXPIRED"},
		"a cursor below zero":      {"/v1/events:stream?cursor=" + token(1, -2, time.Now()), codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
		"a cursor of a later kind": {"/v1/events:stream?cursor=" + token(2, 1, time.Now()), codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
		"a type there is not":      {"/v1/events:stream?types=99", codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
		"no type":                  {"/v1/events?types=TYPE_UNSPECIFIED", codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
		"a token of no page":       {"/v1/events?page_token=abc", codes.InvalidArgument, 400, "INVALID_ARGUMENT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, accept := range []string{"*/*", "text/event-stream"} {
				a := b.ask(t, http.MethodGet, tt.path, nil, func(r *http.Request) { r.Header.Set("Accept", accept) })
				if a.Code != tt.http || a.JSON(t)["code"] != float64(tt.code) {
					t.Errorf("%s: %d %s", accept, a.Code, a.Body)
				}
				contains(t, a.Body, `"reason":"`+tt.reason+`"`)
				if got := a.Header.Get("Content-Type"); got != "application/json" {
					t.Errorf("%s: content type %q", accept, got)
				}
			}
		})
	}
	stream, err := cuepointv1.NewVideoServiceClient(b.dial(t)).WatchVideo(t.Context(), &cuepointv1.WatchVideoRequest{Name: "videos/none"})
	if err == nil {
		_, err = stream.Recv()
	}
	if s := status.Convert(err); s.Code() != codes.NotFound || reasonOf(s) != "NOT_FOUND" {
		t.Errorf("gRPC: %v", err)
	}
}

func TestPagesOfEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	b.record(t, models.DefaultWorkspace, "v", 1, 5)
	b.record(t, "theirs", "v", 100, 5)
	b.turn(t, "v", models.VideoReady)
	var attempts []float64
	query, pages := "/v1/events?video=videos/v&types=TYPE_STAGE_STATUS&page_size=2", 0
	token, cursor := "", ""
	for ; pages == 0 || token != ""; pages++ {
		page := b.get(t, query+"&page_token="+url.QueryEscape(token)).JSON(t)
		for _, e := range page["events"].([]any) {
			attempts = append(attempts, e.(map[string]any)["attempt"].(float64))
		}
		token, cursor = page["nextPageToken"].(string), page["cursor"].(string)
		if pages == 0 { // a token is good for its own question alone
			b.record(t, models.DefaultWorkspace, "v", 6, 1)
			if a := b.get(t, "/v1/events?video=videos/v&page_token="+url.QueryEscape(token)); a.Code != http.StatusBadRequest {
				t.Errorf("another question: %d %s", a.Code, a.Body)
			}
		}
	}
	if len(attempts) != 6 || attempts[0] != 1 || attempts[5] != 6 {
		t.Errorf("%d pages with attempts %v", pages, attempts)
	}
	b.record(t, models.DefaultWorkspace, "v", 7, 1)
	if later := b.get(t, "/v1/events?cursor="+cursor).JSON(t)["events"].([]any); len(later) != 1 {
		t.Errorf("after the last page: %v", later)
	}
}
