package torture

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// outcome is what came of a video, without what is another every time.
type outcome struct {
	State     models.VideoState
	Stages    []string
	Cues      map[models.CueKind]int
	Artifacts map[models.ArtifactKind]int
	Files     map[string]string // by stage and path: the hash, or "encoded" for what x264 wrote or rates of that
}

// outcomeOf reads a video with all its files, which are what they were when
// they were written.
func outcomeOf(t *testing.T, db store.Store, files blob.Store, id string) outcome {
	t.Helper()
	v, lib := video(t, db, id), db.In(models.DefaultWorkspace)
	o := outcome{State: v.State, Cues: map[models.CueKind]int{}, Artifacts: map[models.ArtifactKind]int{}, Files: map[string]string{}}
	cues, err := lib.Cues(t.Context(), store.CueQuery{VideoID: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, cue := range cues {
		o.Cues[cue.Kind]++
	}
	artifacts, err := lib.Artifacts(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, artifact := range artifacts {
		o.Artifacts[artifact.Kind]++
		if want := v.Run(artifact.Stage).Result.Run; artifact.Run != want {
			t.Errorf("%s is of run %s, not of %s", artifact.Path, artifact.Run, want)
		}
	}
	for _, run := range v.Runs {
		o.Stages = append(o.Stages, run.Stage+" "+string(run.Status))
		if run.Result.Sums == "" {
			continue
		}
		prefix := models.RunPrefix(id, run.Stage, run.Result.Run)
		if faults, err := blob.CheckTree(t.Context(), files, prefix, run.Result.Sums, true); err != nil || len(faults) > 0 {
			t.Errorf("%s: %v, %v", prefix, faults, err)
		}
		sums, err := blob.ReadSums(t.Context(), files, prefix, run.Result.Sums)
		if err != nil {
			t.Fatal(err)
		}
		for _, sum := range sums {
			o.Files[run.Stage+"/"+sum.Path] = sum.SHA256
			if encoded(run.Stage, sum.Path) {
				o.Files[run.Stage+"/"+sum.Path] = "encoded"
			}
		}
	}
	return o
}

// encoded says whether a file need not have the same bytes each time.
func encoded(stage, path string) bool {
	switch stage {
	case "package":
		return strings.HasSuffix(path, ".m4s") || path == "master.m3u8" || path == "manifest.mpd"
	case "thumbs":
		return strings.HasSuffix(path, ".jpg") // pictures of what x264 wrote
	}
	return false
}

// postings counts what the index holds.
func postings(t *testing.T, db store.Store) int {
	return count(t, db, "SELECT count(*) FROM cue_terms")
}

func wantSame(t *testing.T, want, got outcome) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the outcome is another than that of an undisturbed run (-want +got):\n%s", diff)
	}
}

// wantOnce fails where a stage of a video was done more than once.
func wantOnce(t *testing.T, db store.Store) {
	t.Helper()
	done := map[[2]string]int{}
	for _, e := range happened(t, db) {
		if e.Type == models.EventStageStatus && e.Status == models.StageDone {
			done[[2]string{e.VideoID, e.Stage}]++
		}
	}
	for key, n := range done {
		if n != 1 {
			t.Errorf("%s of %s was done %d times", key[1], key[0], n)
		}
	}
}
