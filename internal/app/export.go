package app

import (
	"context"
	"encoding/json"
	"fmt"
	"path"

	"github.com/cuepoint/cuepoint/models"
)

// exports names the published file behind each format of [App.Export].
var exports = map[string]struct {
	kind models.ArtifactKind
	ext  string
	what string
}{
	"vtt":      {models.ArtifactCaptions, ".vtt", "captions"},
	"srt":      {models.ArtifactCaptions, ".srt", "captions"},
	"txt":      {models.ArtifactCaptions, ".txt", "transcript"},
	"scores":   {models.ArtifactScores, ".csv", "scores"},
	"chapters": {models.ArtifactChapters, ".vtt", "chapters"},
}

// Export returns a video's captions ("vtt", "srt", "txt"), its "chapters" as
// WebVTT, the "scores" of its shots as CSV, or its whole document ("json").
// NOT_FOUND where there is no such video or it has none, INVALID_ARGUMENT for
// another format.
func (a *App) Export(ctx context.Context, id, format string) ([]byte, error) {
	if format == "json" {
		doc, err := a.Document(ctx, id)
		if err != nil {
			return nil, err
		}
		body, err := json.MarshalIndent(doc, "", "  ")
		return append(body, '\n'), err
	}
	if _, err := a.Store.Video(ctx, id); err != nil {
		return nil, err
	}
	want, ok := exports[format]
	if !ok {
		return nil, models.Errorf(models.CodeInvalidArgument, "no export format %q", format)
	}
	artifacts, err := a.Store.Artifacts(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, artifact := range artifacts {
		if artifact.Kind == want.kind && path.Ext(artifact.Path) == want.ext {
			body, err := a.read(ctx, &artifact)
			if err != nil {
				return nil, fmt.Errorf("read %s of video %s: %w", want.what, id, err)
			}
			return body, nil
		}
	}
	return nil, models.Errorf(models.CodeNotFound, "video %s has no %s; `cuepoint show %s` says why", id, want.what, id)
}
