package ffmpeg

import (
	"context"

	"github.com/cuepoint/cuepoint/models"
)

// Probe asks ffprobe what a file of an accepted container holds.
func (t Tools) Probe(ctx context.Context, path string) (*models.MediaInfo, error) {
	return nil, models.Errorf(models.CodeInternal, "not built yet")
}
