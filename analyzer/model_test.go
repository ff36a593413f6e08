package analyzer

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/internal/datadir"
	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/cache"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// This is a model of all that can happen around a video: people who submit,
// change their minds, cancel and delete; workers that begin, publish, end, stop,
// die and come back; others that take them for dead; a queue that hands out in
// any order, late and twice; a database whose answers get lost. One thing happens
// at a time, in an order that rapid draws, and after each the world is looked at.

func TestNothingIsLostOrDoubledOnSQLite(t *testing.T) {
	t.Parallel()
	checkModel(t, modelSQLite(t), math.MaxInt, (*world).live)
}

func TestNothingIsLostOrDoubledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	checkModel(t, modelPostgres(t), 15, (*world).live)
}

func TestNoEditIsLostOrDoubledOnSQLite(t *testing.T) {
	t.Parallel()
	checkModel(t, modelSQLite(t), 20, (*world).editAndRerun)
}

func TestNoEditIsLostOrDoubledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	checkModel(t, modelPostgres(t), 6, (*world).editAndRerun)
}

func modelSQLite(t *testing.T) store.Store {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func modelPostgres(t *testing.T) store.Store {
	db, err := postgres.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// often are the names of steps, each as often as it is likely.
var often = strings.Fields(`begin begin begin begin compute compute compute compute end end end end beat
	submit submit analyze change-settings rerun rerun cancel replan purge hide hide undelete undelete
	stop die come-back take-for-dead take-for-dead sweep much-later`)

// steps are what can happen. What cannot at the time does nothing.
func (w *world) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"submit": w.submit, "analyze": w.analyze, "change-settings": w.changeSettings, "rerun": w.rerun,
		"cancel": w.cancel, "replan": w.replan, "purge": w.purge, "hide": w.hide, "undelete": w.undelete,
		"edit": w.edit, "revert": w.revert, "begin": w.begin, "compute": w.compute, "end": w.end, "beat": w.beat,
		"stop": w.stop, "die": w.die, "come-back": w.comeBack,
		"take-for-dead": w.takeForDead, "sweep": w.sweep, "much-later": w.muchLater,
	}
}

func checkModel(t *testing.T, db store.Store, most int, live func(*world, *rapid.T)) {
	t.Helper()
	begun, well := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if well == most && begun == well {
			return // enough; but what has failed is tried again
		}
		begun++
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		w := newWorld(rt, db, fmt.Sprintf("world%d", begun), dir)
		live(w, rt)
		w.finish(rt)
		well++
	})
}

// live lets everything happen.
func (w *world) live(t *rapid.T) {
	for _, step := range rapid.SliceOfN(rapid.SampledFrom(often), 80, 120).Draw(t, "steps") {
		w.steps()[step](t)
		w.check(t)
	}
}

// life is an attempt that a worker has under way.
type life struct {
	*attempt
	ctx   context.Context //nolint:containedctx // a worker would have it on its stack
	entry entry
	found *finding // once it has computed
}

type world struct {
	workspace string
	db        *flaky
	queue     *shuffled
	blobs     blob.Store
	control   *Control
	intake    *Intake
	workers   []*Worker
	stages    []*scripted
	sources   []string // paths
	lives     []*life

	// What was seen last.
	fences  map[string]int64
	results map[string]models.StageResult

	missed map[string]bool // videos that were deleted when settings changed
}

// tester is a test of either kind.
type tester interface {
	Fatal(args ...any)
	Cleanup(f func())
}

func newWorld(t tester, db store.Store, workspace, dir string) *world {
	w := &world{
		workspace: workspace, queue: new(shuffled), blobs: &memory{blobs: map[string][]byte{}},
		stages: []*scripted{
			{spec: Spec{Name: "probe", Version: 1, Class: Light}},
			{spec: Spec{Name: "package", Version: 1, Class: Heavy, Needs: []string{"probe"}}, files: true},
			{spec: Spec{Name: "speech", Version: 1, Class: CPU, Needs: []string{"package"}, Optional: true}, files: true},
			{spec: Spec{Name: "shots", Version: 1, Class: CPU, Needs: []string{"package"}, Optional: true}},
			{spec: Spec{Name: "index", Version: 1, Class: Light, Needs: []string{"speech", "shots"}, Optional: true}, files: true},
		},
		fences: map[string]int64{}, results: map[string]models.StageResult{}, missed: map[string]bool{},
	}
	w.db = &flaky{Store: db, queue: w.queue, next: none}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var stages []Stage
	for _, s := range w.stages {
		stages = append(stages, s)
	}
	pipeline, err := NewPipeline(stages...)
	must(err)
	quiet := slog.New(slog.DiscardHandler)
	w.control = &Control{Pipeline: pipeline, Store: w.db, Queue: w.queue, Log: quiet}
	w.intake = &Intake{Control: w.control, Blobs: w.blobs, MaxSize: 1 << 20}
	for _, name := range []string{"one", "two"} {
		files, err := datadir.Open(filepath.Join(dir, name))
		must(err)
		copies, err := cache.Open(w.blobs, filepath.Join(dir, name, "cache"), 1<<20)
		must(err)
		t.Cleanup(func() { _ = copies.Close() })
		worker := &Worker{
			Control: w.control, Name: workspace + name, Blobs: w.blobs, Cache: copies, Scratch: files,
			Metrics: obs.New("test"), attempts: map[*attempt]bool{},
		}
		worker.Hurry()
		w.workers = append(w.workers, worker)
	}
	for _, name := range []string{"a.wav", "b.wav"} {
		path := filepath.Join(dir, name)
		must(os.WriteFile(path, []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"+name), 0o600))
		w.sources = append(w.sources, path)
	}
	return w
}

// videos are those of this world.
func (w *world) videos(t *rapid.T) []*models.Video {
	page, err := w.db.In(w.workspace).Videos(context.Background(), store.VideoQuery{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(page.Videos, func(a, b *models.Video) int { return strings.Compare(a.SHA256, b.SHA256) })
	return page.Videos
}

// pick draws one of some things; ok is false where there are none.
func pick[T any](t *rapid.T, what string, some []T) (one T, ok bool) {
	if len(some) == 0 {
		return one, false
	}
	return some[rapid.IntRange(0, len(some)-1).Draw(t, what)], true
}

// spoil draws what happens to the next transaction, and to nothing after that.
func (w *world) spoil(t *rapid.T, do func() error) {
	w.db.next = rapid.SampledFrom([]fault{none, none, none, refused, answered}).Draw(t, "fault")
	err := do()
	w.db.next = none
	switch models.ErrorCode(err) {
	case "", models.CodeNotRunning, models.CodeNotRevertible, models.CodeInvalidArgument, models.CodeDatabaseUnavailable:
	default:
		t.Fatal(err)
	}
}

func (w *world) submit(t *rapid.T) {
	path, _ := pick(t, "source", w.sources)
	opt := Options{Language: rapid.SampledFrom([]string{"", "de", "en"}).Draw(t, "language")}
	w.spoil(t, func() error {
		_, err := w.intake.Add(context.Background(), w.workspace, path, opt)
		return err
	})
}

// changeSettings changes those of a stage, and has all videos brought up to date.
func (w *world) changeSettings(t *rapid.T) {
	stage, _ := pick(t, "stage", w.stages)
	stage.setup++
	for _, v := range w.videos(t) {
		if err := w.control.Analyze(context.Background(), w.workspace, v.ID); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range w.hidden(t) {
		w.missed[v.ID] = true
	}
}

// order gives an order about a video, where there is one.
func (w *world) order(t *rapid.T, order func(ctx context.Context, workspace, id string) error) {
	if v, ok := pick(t, "video", w.videos(t)); ok {
		w.spoil(t, func() error { return order(context.Background(), w.workspace, v.ID) })
	}
}

func (w *world) analyze(t *rapid.T) { w.order(t, w.control.Analyze) }
func (w *world) cancel(t *rapid.T)  { w.order(t, w.control.Cancel) }
func (w *world) replan(t *rapid.T)  { w.order(t, w.control.Replan) }
func (w *world) purge(t *rapid.T)   { w.order(t, w.deletes(Deletion{Purge: true})) }
func (w *world) hide(t *rapid.T)    { w.order(t, w.deletes(Deletion{})) }

// deletes is the order to delete a video.
func (w *world) deletes(d Deletion) func(ctx context.Context, workspace, id string) error {
	return func(ctx context.Context, workspace, id string) error { return w.control.Delete(ctx, workspace, id, d) }
}

// undelete brings a deleted video back, unless its file came again.
func (w *world) undelete(t *rapid.T) {
	if v, ok := pick(t, "video", w.hidden(t)); ok {
		w.spoil(t, func() error {
			err := w.control.Undelete(context.Background(), w.workspace, v.ID)
			if models.ErrorCode(err) == models.CodeAlreadyExists {
				return nil
			}
			return err
		})
	}
}

// hidden are the deleted videos of this world.
func (w *world) hidden(t *rapid.T) []*models.Video {
	q := store.VideoQuery{Deleted: true, Filter: store.Comparison{Field: store.FieldState, Op: store.OpEqual, Value: string(models.VideoDeleted)}}
	page, err := w.db.In(w.workspace).Videos(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page.Videos
}

func (w *world) rerun(t *rapid.T) {
	stage, _ := pick(t, "stage", w.control.Pipeline.Names())
	force := rapid.Bool().Draw(t, "force")
	w.order(t, func(ctx context.Context, workspace, id string) error {
		return w.control.Rerun(ctx, workspace, id, []string{stage}, force)
	})
}
