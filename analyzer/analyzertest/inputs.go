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

// File returns the first artifact of a kind that a stage published.
func (in *Inputs) File(stage string, kind models.ArtifactKind) (string, models.Artifact, bool) {
	p := in.Published[stage]
	for _, a := range p.Artifacts {
		if a.Kind == kind {
			return filepath.Join(p.Dir, filepath.FromSlash(a.Path)), a, true
		}
	}
	return "", models.Artifact{}, false
}

// Dir returns the published directory of a stage, "" where there is none.
func (in *Inputs) Dir(stage string) string { return in.Published[stage].Dir }
