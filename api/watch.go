package api

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// lookEvery is how often a watched video is looked at while it is worked on.
const lookEvery = time.Second

func (s *videoService) WatchVideo(req *cuepointv1.WatchVideoRequest, stream grpc.ServerStreamingServer[cuepointv1.WatchVideoResponse]) error {
	ctx := stream.Context()
	id, err := parseVideo("name", req.GetName())
	if err != nil {
		return err
	}
	// The place among the events comes before the look at the video: what happens
	// between the two is told twice rather than never.
	from, err := readCursor(ctx, s.feed, "cursor", req.GetCursor())
	if err != nil {
		return err
	}
	library := libraryOf(ctx, s.libraries)
	video, err := library.Video(ctx, id)
	if err != nil {
		return err
	}
	filter, err := eventFilter(ctx, req.GetName(), nil)
	if err != nil {
		return err
	}
	subscription, err := s.feed.Subscribe(ctx, from.after, filter)
	if err != nil {
		return err
	}
	w := &watch{
		library: library, feed: s.feed, events: subscription, send: stream.Send,
		video: id, follow: req.GetFollow(), pulse: s.pulse, until: noEnd, spoken: time.Now(), told: map[string]float64{},
	}
	if req.GetCursor() == "" {
		described, err := describe(ctx, library, video, cuepointv1.VideoView_VIDEO_VIEW_BASIC)
		if err != nil {
			return err
		}
		w.noteProgress(video)
		err = w.tell(&cuepointv1.WatchVideoResponse{Cursor: from.String(), Update: &cuepointv1.WatchVideoResponse_Video{Video: described}})
		if err != nil {
			return err
		}
	}
	return w.run(ctx)
}

// noEnd is the end of a watch that goes on.
const noEnd int64 = -1

// watch tells one caller how one video gets on.
type watch struct {
	library store.Library
	feed    *events.Feed
	events  *events.Subscription
	send    func(*cuepointv1.WatchVideoResponse) error

	video  string
	follow bool
	pulse  time.Duration

	spoken time.Time          // when something was sent last
	until  int64              // the cursor up to which there is something to tell, or noEnd
	told   map[string]float64 // the progress last sent of each running stage
}

// run tells events as they come, and looks at the video when it may have
// changed otherwise.
func (w *watch) run(ctx context.Context) error {
	look := time.Now()
	for {
		if !time.Now().Before(look) {
			rest, err := w.look(ctx)
			if err != nil {
				return err
			}
			look = time.Now().Add(rest)
		}
		if after, _ := w.events.Cursor(); w.until != noEnd && after >= w.until {
			return nil
		}
		e, some, err := w.events.NextWithin(ctx, time.Until(look))
		if err != nil {
			return err
		}
		if !some {
			continue
		}
		err = w.tell(&cuepointv1.WatchVideoResponse{
			Cursor: cursorAfter(e), Update: &cuepointv1.WatchVideoResponse_Event{Event: eventMessage(e)},
		})
		if err != nil || e.Type == models.EventVideoPurged {
			return err
		}
		look = soon(look, ended(e.State))
	}
}

// soon brings a look forward after an event.
func soon(look time.Time, now bool) time.Time {
	if now {
		return time.Now()
	}
	if soon := time.Now().Add(lookEvery); soon.Before(look) {
		return soon
	}
	return look
}

// look tells what only the rows know, the progress of stages and whether there
// is more to come, and returns when to look again. Rows that cannot be read are
// read later.
func (w *watch) look(ctx context.Context) (time.Duration, error) {
	video, err := w.library.Video(ctx, w.video)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound: // the event of its end, where it was kept, is still to be told
		w.end(ctx)
		return lookEvery, w.beat()
	case away(err):
		return lookEvery, w.beat()
	case err != nil:
		return 0, err
	}
	for _, run := range w.noteProgress(video) {
		if err := w.tell(&cuepointv1.WatchVideoResponse{
			Cursor: placeOf(w.events), Update: &cuepointv1.WatchVideoResponse_Progress{Progress: stageMessage(&run)},
		}); err != nil {
			return 0, err
		}
	}
	if !w.follow && ended(video.State) {
		w.end(ctx)
	}
	if len(w.told) > 0 || w.until != noEnd {
		return lookEvery, w.beat()
	}
	return w.pulse, w.beat()
}

// end lets the watch end when the events there are now have been told: what
// ended the video is among them.
func (w *watch) end(ctx context.Context) {
	if w.until != noEnd {
		return
	}
	if last, err := w.feed.Last(ctx); err == nil {
		w.until = last
	}
}

// noteProgress returns the running stages whose progress was not told yet.
func (w *watch) noteProgress(video *models.Video) (news []models.StageRun) {
	for _, run := range video.Runs {
		last, known := w.told[run.Stage]
		switch {
		case run.Status != models.StageRunning:
			delete(w.told, run.Stage)
		case !known || last != run.Progress:
			w.told[run.Stage] = run.Progress
			news = append(news, run)
		}
	}
	return news
}

// beat tells that there is nothing to tell, where that has been so for a while.
func (w *watch) beat() error {
	if time.Since(w.spoken) < w.pulse {
		return nil
	}
	return w.tell(&cuepointv1.WatchVideoResponse{Cursor: placeOf(w.events)})
}

func (w *watch) tell(resp *cuepointv1.WatchVideoResponse) error {
	w.spoken = time.Now()
	return w.send(resp)
}

// ended tells whether all that was to be done with a video in this state has
// ended.
func ended(state models.VideoState) bool {
	switch state {
	case models.VideoUploading, models.VideoQueued, models.VideoProcessing:
		return false
	default:
		return true
	}
}
