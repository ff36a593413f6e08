package analyzer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Stage is one step of the pipeline.
type Stage interface {
	// Spec never changes while the program runs.
	Spec() Spec

	// Params is a fingerprint of what the result depends on besides the source,
	// the spec's version and the results of the stages it needs: options,
	// models, settings. The same fingerprint means the same result.
	Params(job *Job) string

	// Run computes. It reads through job.Inputs, writes files only below job.Scratch,
	// stops soon after ctx ends, and holds no transaction. It may run again
	// after any failure. It returns [Skip] when there is nothing for it to do.
	Run(ctx context.Context, job *Job) (*Result, error)
}

// Spec describes a stage.
type Spec struct {
	Name    string // lower case, a file name
	Version int    // raised whenever the same input would give another result
	// Needs names the stages whose results Run reads. It starts when all of
	// them have ended; one that is optional may have ended without a result.
	Needs []string
	// Optional stages may fail and leave the video usable.
	Optional bool
	Class    Class // what it strains
	// Pace is how many times the video's duration an attempt may take, beside
	// two minutes for everything that does not grow with it; 0 means 10.
	Pace float64
}

var stageName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// Validate checks what a spec says on its own: names that can be file names, a
// version, needs that stand once and are not the stage itself.
func (s Spec) Validate() error {
	if !stageName.MatchString(s.Name) {
		return fmt.Errorf("stage %q: not a stage's name", s.Name)
	}
	if s.Version < 1 {
		return fmt.Errorf("stage %s: version %d, want at least 1", s.Name, s.Version)
	}
	seen := map[string]bool{s.Name: true}
	for _, need := range s.Needs {
		if seen[need] {
			return fmt.Errorf("stage %s needs %s twice, or itself", s.Name, need)
		}
		seen[need] = true
	}
	if !slices.Contains(Classes(), s.Class) {
		return fmt.Errorf("stage %s: class %q, want one of %v", s.Name, s.Class, Classes())
	}
	return nil
}

// longest is how long a video may be of which nothing else is known.
const longest = 6 * time.Hour

// timeout is how long an attempt at a video may take beside what does not grow
// with it. media is nil, and its duration 0, where they are not known.
func (s Spec) timeout(media *models.MediaInfo) time.Duration {
	pace, duration := s.Pace, longest
	if pace == 0 {
		pace = 10
	}
	if media != nil && media.Duration > 0 {
		duration = media.Duration
	}
	return time.Duration(pace * float64(duration))
}

// Job is one attempt of one stage at one video.
type Job struct {
	Video   *models.Video // as stored; not to be changed
	Scratch string        // an empty directory, published as a whole on success
	Log     *slog.Logger

	// Progress tells how far the attempt is, 0 to 1. Any goroutine may call it.
	Progress func(fraction float64)

	// Provisional tells cues that the attempt has found, for people who watch:
	// each once, much as they will be in the result. They are forgotten when the
	// attempt ends. Any goroutine may call it, and waits for nothing.
	Provisional func(cues ...models.Cue)

	// Inputs are the source and the results of the stages that this one needs.
	Inputs Inputs
}

// Inputs gives a stage what it reads. Files are brought to this machine when
// they are asked for, and stay until the attempt ends. Beside NOT_FOUND its
// errors are those of the library and of its blobs.
type Inputs interface {
	// Source returns the path of the source's bytes.
	Source(ctx context.Context) (path string, err error)
	// Captions returns the path of the captions that came with the source.
	// NOT_FOUND where none did.
	Captions(ctx context.Context) (path string, err error)
	// Cues returns the cues of a kind, of all kinds where it is empty, in order
	// of time; none if there are none.
	Cues(ctx context.Context, kind models.CueKind) ([]models.Cue, error)
	// File returns the path of the first published artifact of a kind and what is
	// known of it. NOT_FOUND where the stage published none.
	File(ctx context.Context, stage string, kind models.ArtifactKind) (path string, artifact models.Artifact, err error)
	// Artifact returns what is known of the first published artifact of a kind.
	// NOT_FOUND where the stage published none.
	Artifact(ctx context.Context, stage string, kind models.ArtifactKind) (models.Artifact, error)
	// Dir returns the path of a directory that a stage published, by its
	// slash-separated name, with all that is in it. NOT_FOUND where it has none.
	Dir(ctx context.Context, stage, name string) (path string, err error)
}

// Path joins a name to the job's scratch directory.
func (j *Job) Path(elem ...string) string {
	return filepath.Join(append([]string{j.Scratch}, elem...)...)
}

// Result is what a stage computed. The pipeline fills in what it knows better:
// ids, video, stage, run and provenance (a cue's Provenance.Model excepted).
type Result struct {
	Media     *models.MediaInfo // replaces the video's, where not nil
	Cues      []models.Cue      // replace all the stage wrote before
	Artifacts []models.Artifact // files below the scratch directory
	Search    []models.Posting  // replaces the video's entries in the search index, where not nil
	Warning   *models.Error     // the result stands but makes the video partial
}

// skipped is the error of a stage that had nothing to do.
type skipped struct{ reason *models.Error }

func (s *skipped) Error() string { return "skipped: " + s.reason.Error() }
func (s *skipped) Unwrap() error { return s.reason }

// Skip returns the error by which a stage says that it does not apply to this
// video, or lacks something optional. The reason says what would change that.
func Skip(reason *models.Error) error { return &skipped{reason} }

// Skipped returns the reason in a [Skip], or nil.
func Skipped(err error) *models.Error {
	var s *skipped
	if errors.As(err, &s) {
		return s.reason
	}
	return nil
}
