package app

import (
	"context"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/transcribe"
)

// Lock makes this process the one that changes the library, and clears away
// what one that is gone left behind. DATA_IN_USE where another is at work.
func (a *App) Lock(ctx context.Context) error {
	if err := a.Files.Lock(); err != nil {
		return err
	}
	return a.Files.Tidy(ctx, owners{a.db})
}

// owners answers from the database. What it cannot tell now is kept.
type owners struct{ store store.Store }

func (o owners) Owned(ctx context.Context, video, stage, run string) bool {
	is, err := o.store.Published(ctx, video, stage, run)
	return is || err != nil
}

func (o owners) SourceOwned(ctx context.Context, sum string) bool {
	used, err := o.store.SourceInUse(ctx, "sources/"+sum[:min(2, len(sum))]+"/"+sum)
	return used || err != nil
}

// Analyze takes a file in and through the pipeline and returns all that was
// found. What is wrong with the file is in the document as well as in the
// error, which is nil only for a video that is ready.
func (a *App) Analyze(ctx context.Context, path string, opt analyzer.Options, watch analyzer.Observer) (*Document, error) {
	intake := &analyzer.Intake{
		Pipeline: a.Pipeline, Store: a.Store, Sources: a.Files, MaxSize: maxSource, MaxCaptions: transcribe.MaxCaptions,
	}
	video, err := intake.Add(ctx, path, opt)
	if err != nil {
		return refused(path, err), err
	}
	runner := &analyzer.Runner{Pipeline: a.Pipeline, Store: a.Store, Files: a.Files, Log: a.log}
	done, err := runner.Run(ctx, video.ID, watch)
	if err != nil {
		return refused(path, err), err
	}
	doc, err := a.Document(ctx, done.ID)
	if err != nil {
		return refused(path, err), err
	}
	if done.Error != nil {
		return doc, done.Error
	}
	return doc, nil
}

// Delete forgets a video and removes its files. Only who holds the lock may
// call it. NOT_FOUND.
func (a *App) Delete(ctx context.Context, id string) error {
	if err := a.Store.PurgeVideo(ctx, id); err != nil {
		return err
	}
	return a.Files.Tidy(ctx, owners{a.db}) // its files are nobody's now
}

// refused is the document of an input that never became a video.
func refused(path string, err error) *Document {
	doc := newDocument()
	doc.Source, doc.State = path, models.VideoFailed
	doc.setError(models.AsError(err))
	return doc
}
