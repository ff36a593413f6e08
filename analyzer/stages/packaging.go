package stages

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
)

// Package makes a video playable. It leaves the ladder with its HLS playlists
// and DASH manifest, the sound for speech recognition, and the video's MediaInfo
// with the duration as it was decoded.
type Package struct {
	tools  ffmpeg.Tools
	limits ffmpeg.Limits
}

// NewPackage makes the stage.
func NewPackage(tools ffmpeg.Tools, limits ffmpeg.Limits) *Package {
	return &Package{tools: tools, limits: limits}
}

// Spec is the stage's description.
func (*Package) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "package", Version: 1, Needs: []string{"probe"}, Class: analyzer.Heavy}
}

// Params depend on nothing: the ladder follows from the source.
func (*Package) Params(*analyzer.Job) string { return "" }

// Run packages the source; see [streaming.Package] for its errors. A source
// that ends early, or of which a stream cannot be decoded, gives a result with a
// warning.
func (s *Package) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	source, err := job.Inputs.Source(ctx)
	if err != nil {
		return nil, err
	}
	made, err := streaming.Package(ctx, s.tools, source, job.Scratch, job.Video.Media, streaming.Options{
		Limits: s.limits, Progress: job.Progress,
	})
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(made.Packaging)
	if err != nil {
		return nil, fmt.Errorf("encode packaging: %w", err)
	}
	result := &analyzer.Result{Media: made.Media, Warning: made.Warning, Artifacts: []models.Artifact{
		{Kind: models.ArtifactHLS, Path: streaming.MasterName, Type: "application/vnd.apple.mpegurl", Data: data},
		{Kind: models.ArtifactDASH, Path: streaming.ManifestName, Type: "application/dash+xml"},
	}}
	if made.Speech {
		result.Artifacts = append(result.Artifacts, models.Artifact{
			Kind: models.ArtifactSpeech, Path: streaming.SpeechName, Type: "audio/flac",
		})
	}
	job.Progress(1)
	return result, nil
}
