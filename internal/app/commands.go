package app

import (
	"context"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/models"
)

var _ api.Commands = (*Holder)(nil)

// Create implements [api.Commands].
func (h *Holder) Create(ctx context.Context, r api.CreateRequest) (*models.Video, error) {
	return h.intake.Add(ctx, models.DefaultWorkspace, r.Path, analyzer.Options{Title: r.Title, Language: r.Language, Captions: r.Captions})
}

// Analyze implements [api.Commands].
func (h *Holder) Analyze(ctx context.Context, id string, stages []string, force bool) (*models.Video, error) {
	if len(stages) == 0 && force {
		stages = h.Pipeline.Names()
	}
	var err error
	if len(stages) == 0 {
		err = h.Control.Analyze(ctx, models.DefaultWorkspace, id)
	} else {
		err = h.Control.Rerun(ctx, models.DefaultWorkspace, id, stages, force)
	}
	if err != nil {
		return nil, err
	}
	return h.Store.Video(ctx, id)
}

// Cancel implements [api.Commands].
func (h *Holder) Cancel(ctx context.Context, id string) (*models.Video, error) {
	if err := h.Control.Cancel(ctx, models.DefaultWorkspace, id); err != nil {
		return nil, err
	}
	return h.Store.Video(ctx, id)
}

// Delete implements [api.Commands]. The files are gone when it returns, unless
// they cannot be removed now: then a sweeper goes on.
func (h *Holder) Delete(ctx context.Context, id string) error {
	if err := h.Control.Delete(ctx, models.DefaultWorkspace, id); err != nil {
		return err
	}
	if err := h.worker(nil, 0).Sweep(ctx); err != nil {
		h.log.Warn("the files of a deleted video are still there", "video", id, "error", err)
	}
	return nil
}
