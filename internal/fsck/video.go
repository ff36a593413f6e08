package fsck

import (
	"context"
	"slices"
	"strings"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// suspicion is a finding about a video as it was when it was looked at.
type suspicion struct {
	Finding
	cure  cure
	still func(now *models.Video) bool // tells whether it is about what is true now
}

// video looks at one video. Looking takes its time; what others have changed
// since is not told of.
func (c *check) video(ctx context.Context, g group) error {
	defer c.looked()
	v := g.video
	var artifacts []models.Artifact
	if v.State != models.VideoDeleted {
		var err error
		if artifacts, err = c.Store.In(v.Workspace).Artifacts(ctx, v.ID); err != nil {
			return err
		}
	}
	found := c.states(v)
	for _, look := range []func() ([]suspicion, error){
		func() ([]suspicion, error) { return c.inputs(ctx, v) },
		func() ([]suspicion, error) { return c.results(ctx, v, artifacts) },
		func() ([]suspicion, error) { return c.artifacts(ctx, v, artifacts) },
	} {
		more, err := look()
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	found = append(found, leftovers(v, g.dirs, artifacts)...)
	if len(found) == 0 {
		return nil
	}
	now, err := c.Store.In(v.Workspace).Video(ctx, v.ID)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(s suspicion) bool { return !s.still(now) })
	if found, err = c.notDiscarded(ctx, found); err != nil {
		return err
	}
	return c.settle(ctx, now, found)
}

// states looks for rows that contradict each other.
func (c *check) states(v *models.Video) []suspicion {
	var found []suspicion
	if stalled(v) {
		found = append(found, suspicion{Finding{Kind: Stalled, Message: "it waits for stages, and none of them is due or running"}, replan, stalled})
	}
	for _, run := range v.Runs {
		if !slices.Contains(c.Stages, run.Stage) {
			found = append(found, suspicion{
				Finding{Kind: UnknownStage, Stage: run.Stage, Message: "the pipeline has no such stage"}, nothing,
				func(now *models.Video) bool { return now.Run(run.Stage) != nil },
			})
		}
		if run.Status == models.StageDone && run.Result.Run == "" {
			found = append(found, suspicion{
				Finding{Kind: NoResult, Stage: run.Stage, Message: "it is done, and has no result"}, redo,
				func(now *models.Video) bool {
					return sameResult(v, now, run.Stage) && now.Run(run.Stage).Status == run.Status
				},
			})
		}
	}
	return found
}

func stalled(v *models.Video) bool {
	return (v.State == models.VideoQueued || v.State == models.VideoProcessing) &&
		!slices.ContainsFunc(v.Runs, func(run models.StageRun) bool {
			return run.Status == models.StageRunning || run.Status == models.StagePending && !run.Due.IsZero()
		})
}

// sameResult tells whether a stage has the result now that it had.
func sameResult(before, now *models.Video, stage string) bool {
	was, is := before.Run(stage), now.Run(stage)
	return was != nil && is != nil && was.Result == is.Result
}

// inputs looks for what the video is made of.
func (c *check) inputs(ctx context.Context, v *models.Video) ([]suspicion, error) {
	if v.State == models.VideoUploading {
		return nil, nil
	}
	var found []suspicion
	look := func(name, key string, size int64, sum string, still func(now *models.Video) bool) error {
		kind, err := blob.Missing, error(nil)
		if blob.CheckKey(key) == nil { // else there cannot be one
			kind, err = blob.CheckBlob(ctx, c.Blobs, key, size, sum, !c.Quick)
		}
		if err == nil && kind != "" {
			found = append(found, suspicion{Finding{Kind: Kind(kind), Key: key, Message: "its " + name + " is " + string(kind)}, bringAgain, still})
		}
		return err
	}
	err := look("source", v.Blob, v.Size, v.SHA256, func(now *models.Video) bool { return now.Blob == v.Blob })
	if captions := v.Captions; captions != nil && err == nil {
		err = look("captions file", captions.Blob, -1, captions.SHA256, func(now *models.Video) bool {
			return now.Captions != nil && *now.Captions == *captions
		})
	}
	return found, err
}

// results looks for the files of the stages' results.
func (c *check) results(ctx context.Context, v *models.Video, artifacts []models.Artifact) ([]suspicion, error) {
	var found []suspicion
	for _, run := range v.Runs {
		if run.Result.Run == "" || run.Result.Sums == "" && (v.State == models.VideoDeleted || published(artifacts, run)) {
			continue // an old result, with files and no list of them
		}
		prefix := models.RunPrefix(v.ID, run.Stage, run.Result.Run)
		faults := []blob.Fault{{Key: prefix, Kind: blob.Missing}}
		if blob.CheckPrefix(prefix) == nil { // else there cannot be any
			var err error
			if faults, err = blob.CheckTree(ctx, c.Blobs, prefix, run.Result.Sums, !c.Quick); err != nil {
				return nil, err
			}
		}
		cured := remove // by taking away what is too much
		if slices.ContainsFunc(faults, func(f blob.Fault) bool { return f.Kind != blob.Unlisted }) {
			cured = redo
		}
		for _, f := range faults {
			found = append(found, suspicion{
				Finding{Kind: Kind(f.Kind), Stage: run.Stage, Key: f.Key, Message: "a file of its result is " + string(f.Kind)}, cured,
				func(now *models.Video) bool { return sameResult(v, now, run.Stage) },
			})
		}
	}
	return found, nil
}

// published tells whether a result has files.
func published(artifacts []models.Artifact, run models.StageRun) bool {
	return slices.ContainsFunc(artifacts, func(a models.Artifact) bool { return a.Stage == run.Stage && a.Run == run.Result.Run })
}

// artifacts looks for rows that name files which are not there.
func (c *check) artifacts(ctx context.Context, v *models.Video, artifacts []models.Artifact) ([]suspicion, error) {
	var found []suspicion
	lists := map[string]map[string]bool{} // by the runs' prefixes
	for _, a := range artifacts {
		there, err := c.has(ctx, v, a, lists)
		if err != nil {
			return nil, err
		}
		if !there {
			found = append(found, suspicion{
				Finding{Kind: BadArtifact, Stage: a.Stage, Key: a.Key(), Message: "its result has no such file"}, redo,
				func(now *models.Video) bool { return sameResult(v, now, a.Stage) },
			})
		}
	}
	return found, nil
}

// has tells whether the run of an artifact has its file: by the run's list, or,
// where there is none, by the file.
func (c *check) has(ctx context.Context, v *models.Video, a models.Artifact, lists map[string]map[string]bool) (bool, error) {
	if blob.CheckKey(a.Key()) != nil {
		return false, nil //nolint:nilerr // there cannot be such a file
	}
	run := v.Run(a.Stage)
	if run == nil || run.Result.Run != a.Run || run.Result.Sums == "" {
		kind, err := blob.CheckBlob(ctx, c.Blobs, a.Key(), -1, "", false)
		return kind == "", err
	}
	prefix := models.RunPrefix(v.ID, a.Stage, a.Run)
	list, read := lists[prefix]
	if !read {
		sums, err := blob.ReadSums(ctx, c.Blobs, prefix, run.Result.Sums)
		switch code := models.ErrorCode(err); {
		case code == models.CodeNotFound || code == models.CodeChecksumMismatch: // as was told already
		case err != nil:
			return false, err
		default:
			list = make(map[string]bool, len(sums))
			for _, sum := range sums {
				list[sum.Path] = true
			}
		}
		lists[prefix] = list
	}
	return list == nil || list[a.Path], nil
}

// leftovers are the files of runs to which nothing refers. A deleted video's
// stay as they are: it may come back.
func leftovers(v *models.Video, dirs []string, artifacts []models.Artifact) []suspicion {
	var found []suspicion
	for _, dir := range dirs {
		stage, run, _ := strings.Cut(dir, "@")
		unreferred := func(now *models.Video) bool { return now.State != models.VideoDeleted && !refers(now, stage, run) }
		named := slices.ContainsFunc(artifacts, func(a models.Artifact) bool { return a.Stage == stage && a.Run == run })
		if !named && unreferred(v) {
			found = append(found, suspicion{
				Finding{Kind: Unreferenced, Stage: stage, Key: models.RunPrefix(v.ID, stage, run), Message: "nothing refers to these files"},
				remove, unreferred,
			})
		}
	}
	return found
}

// refers tells whether a video has a run's result, or may yet have it.
func refers(v *models.Video, stage, run string) bool {
	r := v.Run(stage)
	return r != nil && (r.Result.Run == run || r.ID == run && awaited(r))
}

// awaited tells whether a stage has yet to end.
func awaited(r *models.StageRun) bool {
	return r.Status == models.StagePending || r.Status == models.StageRunning
}

// notDiscarded keeps the suspicions that are not about discarded files.
func (c *check) notDiscarded(ctx context.Context, found []suspicion) ([]suspicion, error) {
	var kept []suspicion
	for _, s := range found {
		if s.Kind == Unreferenced {
			if waits, err := c.discarded(ctx, s.Key); waits || err != nil {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		kept = append(kept, s)
	}
	return kept, nil
}
