package app

import (
	"context"
	"fmt"

	"github.com/cuepoint/cuepoint/models"
)

// Scores returns the scores of a video's shots as CSV, from which their detector
// is tuned. NOT_FOUND where there is no such video or it has none.
func (a *App) Scores(ctx context.Context, id string) ([]byte, error) {
	if _, err := a.Store.Video(ctx, id); err != nil {
		return nil, err
	}
	artifacts, err := a.Store.Artifacts(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, artifact := range artifacts {
		if artifact.Kind == models.ArtifactScores {
			body, err := a.read(ctx, artifact.Key())
			if err != nil {
				return nil, fmt.Errorf("read scores of video %s: %w", id, err)
			}
			return body, nil
		}
	}
	return nil, models.Errorf(models.CodeNotFound, "video %s has no scores; `cuepoint show %s` says why", id, id)
}
