package app

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Watcher hears how a video gets on.
type Watcher interface {
	StageProgress(stage string, fraction float64)
	StageEnded(run models.StageRun)
	// StageAgain tells of an attempt without a result: another is due.
	StageAgain(run models.StageRun)
}

// lookEvery is how often a video is looked at while it is being worked on, at
// least.
const lookEvery = 500 * time.Millisecond

// Wait returns a video's document when all that is to be done with it has
// ended, wherever that is being done; a server that is away meanwhile is waited
// for. What is wrong with the video is in the document as well as in the error,
// which is nil only for one that is ready. NOT_FOUND.
func (a *App) Wait(ctx context.Context, id string, watch Watcher) (*Document, error) {
	listening, stop := context.WithCancel(ctx)
	defer stop() // with PostgreSQL each who listens has a connection
	changes := a.db.Changes(listening)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	seen := map[string]models.StageRun{}
	for {
		var video *models.Video
		err := a.Outlast(ctx, func() (err error) {
			video, err = a.Store.Video(ctx, id)
			return err
		})
		if err != nil {
			return nil, err
		}
		tell(watch, video, seen)
		if video.State != models.VideoQueued && video.State != models.VideoProcessing {
			return a.ended(ctx, video)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changes:
		case <-tick.C:
		}
	}
}

// tell tells what is new in a video's runs.
func tell(watch Watcher, video *models.Video, seen map[string]models.StageRun) {
	for _, run := range video.Runs {
		before := seen[run.Stage]
		seen[run.Stage] = run
		switch run.Status {
		case models.StagePending:
			if run.Error != nil && run.Attempt != before.Attempt {
				watch.StageAgain(run)
			}
		case models.StageRunning:
			watch.StageProgress(run.Stage, run.Progress)
		default:
			if before.Status != run.Status {
				watch.StageEnded(run)
			}
		}
	}
}

func (a *App) ended(ctx context.Context, video *models.Video) (doc *Document, err error) {
	err = a.Outlast(ctx, func() error {
		doc, err = a.Document(ctx, video.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if video.Error != nil {
		return doc, video.Error
	}
	return doc, nil
}

// Refused is the document of an input that never became a video.
func Refused(path string, err error) *Document {
	doc := newDocument()
	doc.Source, doc.State = path, models.VideoFailed
	doc.setError(models.AsError(err))
	return doc
}
