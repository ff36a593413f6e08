package app

import (
	"context"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/models"
)

// commands are those of one workspace.
type commands struct {
	*Holder
	workspace string
}

// Commands returns the commands of a workspace.
func (h *Holder) Commands(workspace string) api.Commands { return commands{h, workspace} }

// Create implements [api.Commands].
func (c commands) Create(ctx context.Context, r api.CreateRequest) (err error) {
	if r.Blob != "" {
		_, err = c.intake.AddBlob(ctx, c.workspace, r.Blob, r.Options)
	} else {
		_, err = c.intake.Add(ctx, c.workspace, r.Path, r.Options)
	}
	return err
}

// Update implements [api.Commands].
func (c commands) Update(ctx context.Context, id string, d analyzer.Details) error {
	return c.Control.Update(ctx, c.workspace, id, d)
}

// Analyze implements [api.Commands].
func (c commands) Analyze(ctx context.Context, id string, stages []string, force bool) error {
	if len(stages) == 0 && force {
		stages = c.Pipeline.Names()
	}
	if len(stages) == 0 {
		return c.Control.Analyze(ctx, c.workspace, id)
	}
	return c.Control.Rerun(ctx, c.workspace, id, stages, force)
}

// Cancel implements [api.Commands].
func (c commands) Cancel(ctx context.Context, id string) error {
	return c.Control.Cancel(ctx, c.workspace, id)
}

// Import implements [api.Commands].
func (c commands) Import(ctx context.Context, id string, captions analyzer.Captions, ifRevision *int64) error {
	return c.intake.Import(ctx, c.workspace, id, captions, ifRevision)
}

// Edit implements [api.Commands].
func (c commands) Edit(ctx context.Context, id string, kind models.CueKind, by analyzer.Editor, plan edits.Plan) error {
	_, err := c.Control.Edit(ctx, c.workspace, id, kind, by, plan)
	return err
}

// RevertEdit implements [api.Commands].
func (c commands) RevertEdit(ctx context.Context, id, edit string, by analyzer.Editor) error {
	_, err := c.Control.RevertEdit(ctx, c.workspace, id, edit, by)
	return err
}

// Delete implements [api.Commands]. The files of a video that is purged are gone
// when it returns, unless they cannot be removed now: then a sweeper goes on.
func (c commands) Delete(ctx context.Context, id string, d analyzer.Deletion) error {
	if err := c.Control.Delete(ctx, c.workspace, id, d); err != nil || !d.Purge {
		return err
	}
	if err := c.worker(nil, 0).Sweep(ctx); err != nil {
		c.log.Warn("the files of a deleted video are still there", "video", id, "error", err)
	}
	return nil
}

// Undelete implements [api.Commands].
func (c commands) Undelete(ctx context.Context, id string) error {
	return c.Control.Undelete(ctx, c.workspace, id)
}
