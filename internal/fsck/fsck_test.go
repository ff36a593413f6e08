package fsck_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/internal/fsck"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func TestWhatIsHarmedIsFoundAndMended(t *testing.T) {
	t.Parallel()
	eachBackend(t, func(t *testing.T, l *library) {
		l.sound()
		found, report := l.check(nil)
		l.wants("sound", found, nil)
		if report.Videos != 6 || report.Blobs == 0 || !report.Sound() || report.Wrong > 0 {
			t.Errorf("report: %+v", report)
		}
		var shown, all, lasting, remarks, hopeless []fsck.Finding
		harmed := map[string]*models.Video{}
		for name, h := range harms {
			workspace := "default"
			if strings.Contains(name, "missing") {
				workspace = "other"
			}
			v := l.video(workspace)
			want := h.do(l, v)
			harmed[v.ID] = v
			all = append(all, want...)
			if !h.silent {
				shown = append(shown, want...)
			}
			if h.lasts {
				lasting = append(lasting, want...)
			}
			for _, f := range want {
				switch {
				case f.Kind == fsck.UnknownFile || f.Kind == fsck.UnknownStage:
					remarks = append(remarks, f)
				case f.Stage == "smell":
					hopeless = append(hopeless, f)
				}
			}
		}
		found, report = l.check(nil)
		l.wants("all", found, all)
		if report.Wrong != len(all)-len(remarks) || report.Remarks != len(remarks) || report.Mended != 0 || report.Sound() {
			t.Errorf("report: %+v", report)
		}
		found, _ = l.check(quick)
		l.wants("quick", found, shown)

		found, report = l.check(l.repairing)
		l.wants("repairing", found, all)
		for _, f := range found {
			lasts := slices.ContainsFunc(lasting, func(last fsck.Finding) bool { return line(last) == line(f) })
			if f.Mended == lasts {
				t.Errorf("mended is %v: %+v", f.Mended, f)
			}
			if v := harmed[f.Video]; v != nil && (f.Key == v.Blob || f.Key == v.Captions.Blob) && lasts {
				if !strings.Contains(f.Advice, v.Source) || strings.Contains(f.Advice, v.Captions.Name) != (f.Key == v.Captions.Blob) {
					t.Errorf("advice: %s", f.Advice)
				}
			}
		}
		if report.Mended != len(all)-len(lasting) || report.Sound() {
			t.Errorf("report: %+v", report)
		}
		found, _ = l.check(l.repairing)
		l.wants("repairing again", found, lasting)

		for _, v := range harmed { // who has the files brings them again
			if _, err := l.in(v).Video(t.Context(), v.ID); err == nil {
				l.put(v.Blob, "source of "+v.ID)
				l.put(v.Captions.Blob, "captions of "+v.ID)
			}
		}
		found, report = l.check(nil)
		l.wants("in the end", found, append(remarks, hopeless...))
		if report.Wrong != len(hopeless) {
			t.Errorf("report: %+v", report)
		}
	})
}

func TestAResultIsNotMadeOfWhatIsSpoilt(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, openSQLite(t), nil)
	v := l.video("default")
	flip(l, v.Blob)
	deleteKey(l, key(v, "package", "b/1"))
	add(l, key(v, "speech", "c")) // which can go
	for range 2 {
		found, _ := l.check(l.repairing)
		for _, f := range found {
			if f.Mended != (f.Kind == fsck.Unlisted) {
				t.Errorf("mended: %+v", f)
			}
		}
	}
	l.put(v.Blob, "source of "+v.ID)
	if _, report := l.check(l.repairing); !report.Sound() {
		t.Errorf("report: %+v", report)
	}
	if found, _ := l.check(nil); len(found) > 0 || len(l.redone) != 1 {
		t.Errorf("found %v, redone %v", found, l.redone)
	}
}

func TestStagesRunAgainOnce(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, openSQLite(t), nil)
	v := l.video("default")
	for _, stage := range []string{"package", "speech"} {
		deleteKey(l, key(v, stage, "b/1"))
		flip(l, key(v, stage, "b/2"))
		add(l, key(v, stage, "c")) // goes with the rest of the old result
	}
	l.setRun(v, "speech", func(run *models.StageRun) { run.Status, run.Due = models.StagePending, time.Now() })
	found, _ := l.check(nil)
	for _, f := range found {
		if f.Mended || strings.Contains(f.Advice, "--repair") == (f.Stage == "speech") {
			t.Errorf("looking: %+v", f)
		}
	}
	found, report := l.check(l.repairing)
	if len(found) != 6 || !report.Sound() {
		t.Errorf("%+v, %v", report, found)
	}
	if want := []string{v.ID + " package"}; !slices.Equal(l.redone, want) {
		t.Errorf("redone %v, want %v: speech runs again by itself", l.redone, want)
	}
	if _, err := l.blobs.Stat(t.Context(), key(v, "package", "c")); err != nil {
		t.Errorf("a result that is read until another comes was changed: %v", err)
	}
}

func TestADeletedVideoIsLeftAlone(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, openSQLite(t), nil)
	v := l.video("default")
	l.must(l.in(v).DeleteVideo(t.Context(), v.ID, time.Time{}))
	deleteKey(l, key(v, "package", "b/1"))
	found, report := l.check(l.repairing)
	if len(found) != 1 || found[0].Mended || report.Sound() || len(l.redone) > 0 {
		t.Errorf("%+v, %v, redone %v", report, found, l.redone)
	}
}

func TestYoungSourcesMayBeOnTheirWayIn(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, openSQLite(t), nil)
	l.video("default")
	l.put("sources/young", "x")
	l.put("sources/old", "x")
	then := time.Now().Add(-25 * time.Hour)
	l.must(os.Chtimes(filepath.Join(l.dir, "sources", "old"), then, then))
	found, _ := l.check(func(cfg *fsck.Config) { cfg.Alone, cfg.Mender = false, l })
	l.wants("beside others", found, []fsck.Finding{{Kind: fsck.Unreferenced, Key: "sources/old"}})
	found, _ = l.check(l.repairing)
	l.wants("alone", found, []fsck.Finding{{Kind: fsck.Unreferenced, Key: "sources/young"}})
	found, report := l.check(nil)
	l.wants("afterwards", found, nil)
	if report.Blobs != 10 {
		t.Errorf("report: %+v", report)
	}
}

// Whatever is done to a library, that is found and nothing else, and mended.
func TestExactlyTheHarmIsFound(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, openSQLite(t), nil)
	kept := l.video("default")
	names := slices.Sorted(maps.Keys(harms))
	rapid.Check(t, func(r *rapid.T) {
		var shown, all, lasting []fsck.Finding
		for range rapid.IntRange(0, 3).Draw(r, "videos") {
			v := l.video(rapid.SampledFrom([]string{"default", "other"}).Draw(r, "workspace"))
			if !rapid.Bool().Draw(r, "harmed") {
				continue
			}
			h := harms[rapid.SampledFrom(names).Draw(r, "harm")]
			want := h.do(l, v)
			all = append(all, want...)
			if !h.silent {
				shown = append(shown, want...)
			}
			if h.lasts {
				lasting = append(lasting, want...)
			}
		}
		found, _ := l.check(quick)
		l.wants("quick", found, shown)
		found, _ = l.check(l.repairing)
		l.wants("all", found, all)
		found, _ = l.check(nil)
		l.wants("afterwards", found, lasting)
		l.empty(kept)
		if t.Failed() {
			r.FailNow()
		}
	})
}

func TestFilesAreNotDeletedByAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, openSQLite(t), nil)
	if _, report := l.check(l.repairing); !report.Sound() {
		t.Errorf("an empty library: %+v", report)
	}
	l.put("sources/mine", "x")
	_, err := fsck.Check(t.Context(), fsck.Config{
		Store: l.db, Blobs: l.blobs, Mender: l, Alone: true, Found: func(f fsck.Finding) { t.Errorf("found %+v", f) },
	})
	if models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("error %v, want INVALID_ARGUMENT", err)
	}
	found, _ := l.check(nil)
	l.wants("looking", found, []fsck.Finding{{Kind: fsck.Unreferenced, Key: "sources/mine"}})
}

// away is a store that cannot be reached, from some prefix on.
type away struct {
	blob.Store
	from string
}

func (a away) List(ctx context.Context, prefix, after string, limit int) ([]blob.Info, error) {
	if strings.HasPrefix(prefix, a.from) {
		return nil, models.Errorf(models.CodeStorageUnavailable, "away")
	}
	return a.Store.List(ctx, prefix, after, limit)
}

// unable is a mender that cannot.
type unable struct{ code models.Code }

func (u unable) Redo(context.Context, string, string, []string) error {
	return models.Errorf(u.code, "cannot")
}

func (u unable) Replan(context.Context, string, string) error { return models.Errorf(u.code, "cannot") }

func TestACheckThatCannotGoOnSaysSo(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, openSQLite(t), nil)
	v := l.video("default")
	check := func(ctx context.Context, blobs blob.Store, mender fsck.Mender) (fsck.Report, models.Code) {
		report, err := fsck.Check(ctx, fsck.Config{
			Store: l.db, Blobs: blobs, Stages: stages, Mender: mender, Alone: true,
			Found: func(f fsck.Finding) {
				if blobs != l.blobs {
					t.Errorf("found: %+v", f)
				}
			},
		})
		return report, models.ErrorCode(err)
	}
	for _, from := range []string{"", "sources/", "videos/", key(v, "speech", "")} {
		if report, code := check(t.Context(), away{l.blobs, from}, l); code != models.CodeStorageUnavailable || report.Wrong > 0 {
			t.Errorf("away from %q on: %q, %+v", from, code, report)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, code := check(ctx, l.blobs, l); code != models.CodeCanceled {
		t.Errorf("canceled: %q", code)
	}
	deleteKey(l, key(v, "package", "b/1"))
	for code, want := range map[models.Code]models.Code{models.CodeDatabaseUnavailable: models.CodeDatabaseUnavailable, models.CodeNotFound: ""} {
		if _, got := check(t.Context(), l.blobs, unable{code}); got != want {
			t.Errorf("a mender that says %s: %q, want %q", code, got, want)
		}
	}
}
