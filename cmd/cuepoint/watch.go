package main

import (
	"context"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// wait returns a video's document when all that is to be done with it has
// ended, wherever that is being done; a server that is away meanwhile is waited
// for. What is wrong with the video is in the document as well as in the error,
// which is nil only for one that is ready. NOT_FOUND.
func (s *session) wait(ctx context.Context, id string, show progress) (doc *document, err error) {
	w := &watcher{video: videoName(id), show: show, runs: map[string]models.StageRun{}}
	err = s.patiently(ctx, func(from *library) error { return w.watch(ctx, from) })
	if err != nil {
		return nil, err
	}
	err = s.patiently(ctx, func(from *library) error {
		doc, err = from.document(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if doc.Error != nil {
		return doc, models.Errorf(doc.Error.Code, "%s", doc.Error.Message)
	}
	return doc, nil
}

// watcher shows how a video gets on.
type watcher struct {
	video  string
	show   progress
	cursor string                     // after which the next stream begins
	runs   map[string]models.StageRun // what is known of each stage
}

// watch shows how the video gets on until all has ended. Called again, also with
// another library over the same database, it goes on.
func (w *watcher) watch(ctx context.Context, from *library) error {
	for news, err := range from.WatchVideo(ctx, &cuepointv1.WatchVideoRequest{Name: w.video, Cursor: w.cursor}) {
		if err != nil {
			return err
		}
		w.cursor = news.GetCursor()
		switch update := news.GetUpdate().(type) {
		case *cuepointv1.WatchVideoResponse_Video:
			w.begin(update.Video)
		case *cuepointv1.WatchVideoResponse_Event:
			w.event(update.Event)
		case *cuepointv1.WatchVideoResponse_Progress:
			w.show.StageProgress(update.Progress.GetStage(), update.Progress.GetProgress())
		}
	}
	return nil
}

// begin shows what is known of the video at first.
func (w *watcher) begin(v *cuepointv1.Video) {
	var names []string
	for _, stage := range v.GetStages() {
		names = append(names, stage.GetStage())
	}
	w.show.Begin(names)
	for _, stage := range v.GetStages() {
		w.note(stageOf(stage))
	}
}

// event shows a transition of a stage.
func (w *watcher) event(event *cuepointv1.Event) {
	at := event.GetCreateTime().AsTime()
	run := models.StageRun{Stage: event.GetStage(), Status: statusOf(event.GetStatus()), Attempt: int(event.GetAttempt()), Error: reasonOf(event.GetError())}
	switch event.GetType() {
	case cuepointv1.Event_TYPE_STAGE_RESCHEDULED:
		w.runs[run.Stage] = run
		if run.Error != nil { // and was not just handed back
			w.show.StageAgain(run)
		}
	case cuepointv1.Event_TYPE_STAGE_STATUS:
		if run.Status == models.StageRunning {
			run.Started = at
		} else {
			run.Started, run.Finished = w.runs[run.Stage].Started, at
		}
		w.note(run)
	default: // of the video
	}
}

// note shows what is new of a stage.
func (w *watcher) note(run models.StageRun) {
	before := w.runs[run.Stage]
	w.runs[run.Stage] = run
	switch run.Status {
	case models.StagePending:
	case models.StageRunning:
		w.show.StageProgress(run.Stage, run.Progress)
	default:
		if before.Status != run.Status {
			w.show.StageEnded(run)
		}
	}
}
