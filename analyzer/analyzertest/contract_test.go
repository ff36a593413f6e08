package analyzertest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

// shout is a stage that keeps the contract: it repeats what was said, louder.
type shout struct{}

func (shout) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "shout", Version: 1, Class: analyzer.Light, Needs: []string{"speech"}, Optional: true}
}

func (shout) Params(*analyzer.Job) string { return "loud" }

func (shout) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	said, err := job.Inputs.Cues(ctx, models.CueSpeech)
	if err != nil {
		return nil, err
	}
	var all strings.Builder
	for i := range said {
		said[i].Text = strings.ToUpper(said[i].Text)
		said[i].ID = models.NewUUID()
		all.WriteString(said[i].Text + "\n")
		job.Progress(float64(i+1) / float64(len(said)))
	}
	if err := os.WriteFile(job.Path("loud.txt"), []byte(all.String()), 0o600); err != nil {
		return nil, fmt.Errorf("write what was shouted: %w", err)
	}
	return &analyzer.Result{
		Cues:      said,
		Artifacts: []models.Artifact{{Kind: "shouts", Path: "loud.txt", Type: "text/plain"}},
	}, nil
}

func TestContractHoldsForAWellBehavedStage(t *testing.T) {
	t.Parallel()
	job := analyzer.Job{
		Video: &models.Video{ID: "v", Media: &models.MediaInfo{Duration: 4 * time.Second}},
		Inputs: &Inputs{Moments: []models.Cue{
			{Kind: models.CueSpeech, Start: 2 * time.Second, End: 3 * time.Second, Text: "again"},
			{Kind: models.CueSpeech, Start: 0, End: 2 * time.Second, Text: "hello"},
			{Kind: models.CueShot, Start: 0, End: 4 * time.Second},
		}},
	}
	StageContract(t, shout{}, job)

	result, scratch := Run(t, shout{}, job)
	if len(result.Cues) != 2 || result.Cues[0].Text != "HELLO" {
		t.Errorf("cues %+v, want those of speech in order of time", result.Cues)
	}
	if _, err := os.Stat(filepath.Join(scratch, "loud.txt")); err != nil {
		t.Error(err)
	}
}

// complaints counts what a check finds wrong.
type complaints []string

func (c *complaints) Errorf(format string, args ...any) {
	*c = append(*c, fmt.Sprintf(format, args...))
}

func TestChecksFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := models.Cue{Kind: "k", Start: time.Second, End: 2 * time.Second, Confidence: 1}
	with := func(change func(*models.Cue)) []models.Cue {
		bad := good
		change(&bad)
		return []models.Cue{good, bad}
	}
	for name, cues := range map[string][]models.Cue{
		"no kind":          with(func(c *models.Cue) { c.Kind = "" }),
		"past the end":     with(func(c *models.Cue) { c.End = 11 * time.Second }),
		"ends before":      with(func(c *models.Cue) { c.End = 0 }),
		"out of order":     with(func(c *models.Cue) { c.Start = 0 }),
		"not a number":     with(func(c *models.Cue) { c.Confidence = math.NaN() }),
		"not UTF-8":        with(func(c *models.Cue) { c.Text = "\xff" }),
		"data is not JSON": with(func(c *models.Cue) { c.Data = []byte("{") }),
	} {
		var found complaints
		if checkCues(&found, cues, 10*time.Second); len(found) != 1 {
			t.Errorf("%s: found %q, want one complaint", name, found)
		}
	}

	dir := t.TempDir()
	for _, name := range []string{"full", "empty"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name)[:len(name)%5], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{"full": 0, "empty": 1, "absent": 1, "../full": 1, "/full": 1, ".": 1} {
		var found complaints
		checkArtifacts(&found, []models.Artifact{{Kind: "k", Type: "text/plain", Path: path}}, dir)
		if len(found) != want {
			t.Errorf("artifact %q: found %q, want %d complaints", path, found, want)
		}
	}
}

// dice is a stage that writes something else every time, and says how much.
type dice struct{ shout }

func (d dice) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	result, err := d.shout.Run(ctx, job)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(models.NewUUID())
	if err != nil {
		return nil, err
	}
	result.Artifacts = append(result.Artifacts, models.Artifact{Kind: "dice", Path: "dice.txt", Type: "text/plain", Data: data})
	return result, os.WriteFile(job.Path("dice.txt"), data, 0o600)
}

func TestContractLetsVaryWhatIsDeclared(t *testing.T) {
	t.Parallel()
	job := analyzer.Job{
		Video:  &models.Video{ID: "v", Media: &models.MediaInfo{Duration: time.Second}},
		Inputs: &Inputs{Moments: []models.Cue{{Kind: models.CueSpeech, End: time.Second, Text: "hello"}}},
	}
	StageContract(t, dice{}, job, Varies(
		func(path string) bool { return path == "dice.txt" },
		func(r *analyzer.Result) { r.Artifacts[len(r.Artifacts)-1].Data = nil },
	))
}
