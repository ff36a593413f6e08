package app

import (
	"cmp"
	"context"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	analysis "github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models/weights"
)

// programsFor is how long it is good for what was seen of the programs.
const programsFor = time.Minute

// system tells what this process is and can do.
type system struct {
	*App
	uploads *ingest.Uploads // nil where none are taken

	looking  chan struct{} // holds one while somebody looks
	programs []Part
	seen     time.Time
}

func newSystem(a *App, uploads *ingest.Uploads) *system {
	return &system{App: a, uploads: uploads, looking: make(chan struct{}, 1)}
}

// Version implements [api.System].
func (s *system) Version() api.Version {
	return api.Version{Version: s.cfg.Version, Commit: commit(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
}

// commit is what this program was built from, empty where the build did not say.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// Capabilities implements [api.System].
func (s *system) Capabilities(ctx context.Context) (api.Capabilities, error) {
	parts, err := s.look(ctx)
	if err != nil {
		return api.Capabilities{}, err
	}
	l := ffmpeg.DefaultLimits()
	c := api.Capabilities{
		SpeechModel: filepath.Base(s.cfg.Model), SpeechLanguages: hears(s.cfg.Model), TextLanguages: analysis.Languages(), Containers: ffmpeg.Containers(),
		Limits: api.Limits{Bytes: cmp.Or(s.cfg.MaxSource, ingest.UsualMaxSize), Duration: l.Duration, Width: l.Width, Height: l.Height, Pixels: l.Pixels, Streams: l.Streams},
	}
	if s.uploads != nil {
		c.Uploads = api.UploadLimits{Methods: s.uploads.Methods(), Algorithms: ingest.Algorithms(), Limits: s.uploads.Limits}
	}
	for _, p := range parts {
		c.Programs = append(c.Programs, api.Program{
			Name: p.Name, Purpose: p.Purpose, Required: p.Required, Available: p.Found, Version: p.Version, Problem: p.Problem,
		})
		if p.Name == speechEngine {
			_, err := s.Models.Path(s.cfg.Model)
			c.Speech = p.Found && err == nil
		}
	}
	return c, nil
}

// look returns the programs, as they were not long ago. Who asks meanwhile
// waits: each look starts all of them.
func (s *system) look(ctx context.Context) ([]Part, error) {
	select {
	case s.looking <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.looking }()
	if time.Since(s.seen) < programsFor {
		return s.programs, nil
	}
	programs := programParts(ctx)
	if ctx.Err() != nil { // and not that the programs are not well
		return nil, ctx.Err()
	}
	s.programs, s.seen = programs, time.Now()
	return programs, nil
}

// hears are the languages that a model of the catalogue knows.
func hears(model string) []string {
	for _, m := range weights.Catalogue() {
		switch {
		case m.Name != model || m.Kind != weights.Speech:
		case strings.Contains(model, ".en"):
			return []string{"en"}
		default:
			return []string{"mul"}
		}
	}
	return nil
}

// Stages implements [api.System].
func (s *system) Stages() []analyzer.Spec { return s.Pipeline.Specs() }

// Weights implements [api.System].
func (s *system) Weights() []weights.Status { return s.Models.List() }
