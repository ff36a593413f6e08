package fsck_test

import (
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/fsck"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// harm is something that can be done to a library.
type harm struct {
	// do does it to a sound video, and returns what a check must find.
	do     func(l *library, v *models.Video) []fsck.Finding
	silent bool // only reading the bytes shows it
	lasts  bool // repairing does not mend it
}

// key is that of a file of a video's result.
func key(v *models.Video, stage, path string) string {
	return models.RunPrefix(v.ID, stage, v.Run(stage).Result.Run) + path
}

// toFile is a harm to a file of the result of package.
func toFile(kind fsck.Kind, path string, do func(l *library, key string)) harm {
	return harm{do: func(l *library, v *models.Video) []fsck.Finding {
		do(l, key(v, "package", path))
		return []fsck.Finding{{Kind: kind, Video: v.ID, Stage: "package", Key: key(v, "package", path)}}
	}}
}

func toInput(kind fsck.Kind, of func(v *models.Video) string, do func(l *library, key string)) harm {
	return harm{lasts: true, do: func(l *library, v *models.Video) []fsck.Finding {
		do(l, of(v))
		return []fsck.Finding{{Kind: kind, Video: v.ID, Key: of(v)}}
	}}
}

func silent(h harm) harm {
	h.silent = true
	return h
}

func source(v *models.Video) string   { return v.Blob }
func captions(v *models.Video) string { return v.Captions.Blob }

func deleteKey(l *library, key string) { l.must(l.blobs.Delete(l.t.Context(), key)) }
func cutDown(l *library, key string)   { l.put(key, "") }
func add(l *library, key string)       { l.put(key, "x") }

// flip changes the bytes and not their number.
func flip(l *library, key string) {
	info, err := l.blobs.Stat(l.t.Context(), key)
	l.must(err)
	l.put(key, strings.Repeat("#", int(info.Size)))
}

// harms are all that a check finds.
var harms = map[string]harm{
	"a file is missing":         toFile(fsck.Missing, "b/1", deleteKey),
	"a file has other bytes":    silent(toFile(fsck.Damaged, "b/2", flip)),
	"a file is empty":           toFile(fsck.Damaged, "a.vtt", cutDown),
	"a file is too much":        toFile(fsck.Unlisted, "b/3", add),
	"the list is missing":       toFile(fsck.Missing, blob.SumsName, deleteKey),
	"the list has other bytes":  toFile(fsck.Damaged, blob.SumsName, flip),
	"a source is missing":       toInput(fsck.Missing, source, deleteKey),
	"a source has other bytes":  silent(toInput(fsck.Damaged, source, flip)),
	"a source is cut off":       toInput(fsck.Damaged, source, cutDown),
	"captions are missing":      toInput(fsck.Missing, captions, deleteKey),
	"captions have other bytes": silent(toInput(fsck.Damaged, captions, flip)),

	"an artifact names no file": {do: func(l *library, v *models.Video) []fsck.Finding {
		run := v.Run("speech")
		l.must(l.in(v).Commit(l.t.Context(), store.Commit{VideoID: v.ID, Run: *run, Artifacts: []models.Artifact{
			{VideoID: v.ID, Stage: "speech", Run: run.ID, Kind: models.ArtifactCaptions, Path: "a.vtt"},
			{VideoID: v.ID, Stage: "speech", Run: run.ID, Kind: models.ArtifactCaptions, Path: "none.vtt"},
		}}))
		return []fsck.Finding{{Kind: fsck.BadArtifact, Video: v.ID, Stage: "speech", Key: key(v, "speech", "none.vtt")}}
	}},
	"a stage is done without a result": {do: func(l *library, v *models.Video) []fsck.Finding {
		l.setRun(v, "probe", func(run *models.StageRun) { run.Result = models.StageResult{} })
		return []fsck.Finding{{Kind: fsck.NoResult, Video: v.ID, Stage: "probe"}}
	}},
	"nothing will run": {do: func(l *library, v *models.Video) []fsck.Finding {
		state := models.VideoProcessing
		l.must(l.in(v).UpdateVideo(l.t.Context(), v.ID, store.VideoUpdate{State: &state}))
		l.setRun(v, "speech", func(run *models.StageRun) { run.Status = models.StagePending })
		return []fsck.Finding{{Kind: fsck.Stalled, Video: v.ID}}
	}},
	"a run left its files": {do: func(l *library, v *models.Video) []fsck.Finding {
		run := models.NewID()
		l.publish(v, "speech", run)
		return []fsck.Finding{{Kind: fsck.Unreferenced, Video: v.ID, Stage: "speech", Key: models.RunPrefix(v.ID, "speech", run)}}
	}},
	"a video that was purged left its files": {do: func(l *library, v *models.Video) []fsck.Finding {
		l.must(l.in(v).PurgeVideo(l.t.Context(), v.ID))
		return []fsck.Finding{
			{Kind: fsck.Unreferenced, Key: v.Blob}, {Kind: fsck.Unreferenced, Key: v.Captions.Blob},
			{Kind: fsck.Unreferenced, Video: v.ID, Key: key(v, "package", "")}, {Kind: fsck.Unreferenced, Video: v.ID, Key: key(v, "speech", "")},
		}
	}},
	"a failed attempt left its files": {do: func(l *library, v *models.Video) []fsck.Finding {
		l.setRun(v, "speech", func(run *models.StageRun) { run.ID, run.Status = models.NewID(), models.StageFailed })
		prefix := models.RunPrefix(v.ID, "speech", l.now(v).Run("speech").ID)
		l.put(prefix+"half", "x")
		return []fsck.Finding{{Kind: fsck.Unreferenced, Video: v.ID, Stage: "speech", Key: prefix}}
	}},
	"a file of an unknown stage is missing": {lasts: true, do: func(l *library, v *models.Video) []fsck.Finding {
		l.commit(v, "smell")
		lost := key(l.now(v), "smell", "b/1")
		deleteKey(l, lost)
		return []fsck.Finding{{Kind: fsck.UnknownStage, Video: v.ID, Stage: "smell"}, {Kind: fsck.Missing, Video: v.ID, Stage: "smell", Key: lost}}
	}},
	"a stage that is unknown": {lasts: true, do: func(l *library, v *models.Video) []fsck.Finding {
		l.setRun(v, "smell", func(run *models.StageRun) { run.Status = models.StageFailed })
		return []fsck.Finding{{Kind: fsck.UnknownStage, Video: v.ID, Stage: "smell"}}
	}},
	"a file that is not ours": {lasts: true, do: func(l *library, v *models.Video) []fsck.Finding {
		for _, key := range []string{v.ID + "/readme", v.ID + "/more", v.ID + ".txt", "videos/" + v.ID + "/note", "sources/" + v.ID + ".part"} {
			l.put(key, "x")
		}
		return []fsck.Finding{
			{Kind: fsck.UnknownFile, Key: v.ID + "/"}, {Kind: fsck.UnknownFile, Key: v.ID + ".txt"},
			{Kind: fsck.UnknownFile, Key: "videos/" + v.ID + "/note"}, {Kind: fsck.UnknownFile, Key: "sources/" + v.ID + ".part"},
		}
	}},
}

// sound adds videos with everything that is not as usual and yet in order.
func (l *library) sound() {
	l.t.Helper()
	ctx := l.t.Context()
	v := l.video("default") // stages that run again, and what they have written so far
	for stage, status := range map[string]models.StageStatus{"package": models.StageRunning, "speech": models.StagePending} {
		l.setRun(v, stage, func(run *models.StageRun) { run.ID, run.Status, run.Due = models.NewID(), status, time.Now() })
		l.put(models.RunPrefix(v.ID, stage, l.now(v).Run(stage).ID)+"half", "x")
	}
	processing := models.VideoProcessing
	l.must(l.in(v).UpdateVideo(ctx, v.ID, store.VideoUpdate{State: &processing}))

	v = l.video("default") // a result that outlived a failure, one that was replaced, and none
	l.commit(v, "speech")
	l.setRun(v, "package", func(run *models.StageRun) { run.ID, run.Status = models.NewID(), models.StageFailed })
	l.setRun(v, "probe", func(run *models.StageRun) { *run = models.StageRun{Stage: "probe", Status: models.StageSkipped} })

	v = l.video("default") // as older versions left them: no lists, and runs that are no results
	for _, stage := range []string{"package", "speech"} {
		deleteKey(l, key(v, stage, blob.SumsName))
		l.setRun(v, stage, func(run *models.StageRun) { run.Result.Sums = "" })
	}
	l.setRun(v, "speech", func(run *models.StageRun) { run.Status, run.Result = models.StageFailed, models.StageResult{} })

	v = l.video("other") // deleted, with a run that had not ended, and one that an older version made
	deleteKey(l, key(v, "package", blob.SumsName))
	l.setRun(v, "package", func(run *models.StageRun) { run.Result.Sums = "" })
	l.put(models.RunPrefix(v.ID, "speech", models.NewID())+"half", "x")
	l.must(l.in(v).DeleteVideo(ctx, v.ID, time.Time{}))

	l.must(l.db.In("other").CreateVideo(ctx, &models.Video{ // still arriving
		ID: models.NewID(), Workspace: "other", Blob: "sources/arriving", State: models.VideoUploading, Created: time.Now(), Updated: time.Now(),
	}))
	old := l.video("other") // with a key as older versions made them
	sum := strings.Repeat("ab", 32)
	l.put("sources/ab/"+sum, "source of "+old.ID)
	was, is := old.Blob, "sources/ab/"+sum
	l.must(l.in(old).UpdateVideo(ctx, old.ID, store.VideoUpdate{Blob: &is}))
	deleteKey(l, was)
	l.must(l.db.Tx(ctx, func(tx store.Tx) error { // of a video that was purged
		return tx.In("other").Discard(ctx, time.Now().Add(time.Hour), "videos/gone/", "sources/gone")
	}))
	l.put("videos/gone/package@r1/master.m3u8", "x")
	l.put("sources/gone", "x")
}
