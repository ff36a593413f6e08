package stages

import (
	"context"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
)

// Probe finds out what a source is, and refuses what cannot be a video. It
// leaves the video's MediaInfo.
type Probe struct {
	tools  ffmpeg.Tools
	limits ffmpeg.Limits
}

// NewProbe makes the stage.
func NewProbe(tools ffmpeg.Tools, limits ffmpeg.Limits) *Probe {
	return &Probe{tools: tools, limits: limits}
}

// Spec is the stage's description.
func (*Probe) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "probe", Version: 1, Class: analyzer.Light}
}

// Params depend on nothing: what a file is does not change by options.
func (*Probe) Params(*analyzer.Job) string { return "" }

// Run probes the source; see [ffmpeg.Tools.Probe] for its errors.
func (s *Probe) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	source, err := job.Inputs.Source(ctx)
	if err != nil {
		return nil, err
	}
	media, err := s.tools.Probe(ctx, source, s.limits)
	if err != nil {
		return nil, err
	}
	job.Progress(1)
	return &analyzer.Result{Media: media}, nil
}
