package analyzertest

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"

	"github.com/cuepoint/cuepoint/models"
)

// Inputs are results as earlier stages would have committed them. The zero
// value has none. It implements [analyzer.Inputs].
type Inputs struct {
	// SourceFile and CaptionsFile are paths; empty where there is none.
	SourceFile, CaptionsFile string
	// Moments are the cues of all kinds, in any order.
	Moments []models.Cue
	// Published are the directories of earlier stages, by stage.
	Published map[string]Published
	// Err, where not nil, is what asking for cues fails with.
	Err error
}

// Published is what a stage left on disk.
type Published struct {
	Dir       string
	Artifacts []models.Artifact // their paths lie within Dir
}

// Cues returns the moments of a kind, of all kinds where it is empty, in order
// of time.
func (in *Inputs) Cues(ctx context.Context, kind models.CueKind) ([]models.Cue, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if in.Err != nil {
		return nil, in.Err
	}
	var found []models.Cue
	for _, c := range in.Moments {
		if kind == "" || c.Kind == kind {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b models.Cue) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	return found, nil
}

// Source returns the path of the source.
func (in *Inputs) Source(context.Context) (string, error) { return there(in.SourceFile) }

// Captions returns the path of the captions that came with it.
func (in *Inputs) Captions(context.Context) (string, error) { return there(in.CaptionsFile) }

// Artifact returns the first artifact of a kind that a stage published.
func (in *Inputs) Artifact(_ context.Context, stage string, kind models.ArtifactKind) (models.Artifact, error) {
	for _, a := range in.Published[stage].Artifacts {
		if a.Kind == kind {
			return a, nil
		}
	}
	return models.Artifact{}, errNone
}

// File returns the first artifact of a kind that a stage published.
func (in *Inputs) File(ctx context.Context, stage string, kind models.ArtifactKind) (string, models.Artifact, error) {
	a, err := in.Artifact(ctx, stage, kind)
	if err != nil {
		return "", a, err
	}
	return filepath.Join(in.Published[stage].Dir, filepath.FromSlash(a.Path)), a, nil
}

// Dir returns a directory that a stage published.
func (in *Inputs) Dir(_ context.Context, stage, name string) (string, error) {
	p, ok := in.Published[stage]
	if !ok {
		return "", errNone
	}
	return filepath.Join(p.Dir, filepath.FromSlash(name)), nil
}

var errNone = models.Errorf(models.CodeNotFound, "there is none")

func there(path string) (string, error) {
	if path == "" {
		return "", errNone
	}
	return path, nil
}
