package app

import (
	"path/filepath"

	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
)

// openUploads returns the uploads of all workspaces.
func (h *Holder) openUploads(cfg ServeConfig) (*ingest.Uploads, error) {
	scratch, err := h.Dir.Scratch("uploads-" + models.NewID())
	if err != nil {
		return nil, err
	}
	limits := cfg.Uploads
	limits.MaxSize = h.intake.MaxSize
	return ingest.Open(ingest.Config{
		Store: h.db, Blobs: h.Blobs, Intake: h.intake, Scratch: scratch, Limits: limits, Importer: cfg.Importer,
		Alone: h.cfg.Database.Reveal() == "", Log: h.log,
	}), nil
}

// dropUploads lets go of uploads that nobody uses any more.
func (h *Holder) dropUploads(uploads *ingest.Uploads) {
	uploads.Close()
	if err := h.Dir.DropScratch(filepath.Base(uploads.Scratch)); err != nil {
		h.log.Warn("a scratch directory is left over", "error", err)
	}
}
