package analyzer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// begin has a worker take a task, which the queue may keep all the same.
func (w *world) begin(t *rapid.T) {
	if len(w.queue.waiting) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.queue.waiting)-1).Draw(t, "task")
	keep := rapid.IntRange(0, 4).Draw(t, "handed out again") == 0
	worker, _ := pick(t, "worker", w.workers)
	w.spoil(t, func() error { w.take(t, worker, i, keep); return nil })
}

// take does what Worker.do does with a task until it computes.
func (w *world) take(t *rapid.T, worker *Worker, i int, keep bool) {
	due := w.queue.waiting[i]
	if !keep {
		w.queue.waiting = slices.Delete(w.queue.waiting, i, i+1)
	}
	e := entry{due, worker.Name}
	w.queue.taken = append(w.queue.taken, e)
	a := newAttempt(worker, due.Task, worker.Pipeline.stage(due.Stage))
	ctx, cancel := context.WithCancelCause(context.Background())
	a.cancel = cancel
	switch err := a.claim(ctx); {
	case err == nil:
		for _, need := range a.spec.Needs {
			if run := a.video.Run(need); !ended(*run) {
				t.Fatalf("%s has begun, and it needs %+v", a.spec.Name, run)
			}
		}
		w.lives = append(w.lives, &life{attempt: a, ctx: ctx, entry: e})
		return
	case errors.Is(err, errTakenBack), models.ErrorCode(err) == models.CodeNotFound:
	default:
		w.queue.waiting = append(w.queue.waiting, due)
	}
	w.queue.done(e)
}

// one draws an attempt that has computed, or has not, if there is one.
func (w *world) one(t *rapid.T, computed bool) (*life, bool) {
	var some []*life
	for _, l := range w.lives {
		if (l.found != nil) == computed {
			some = append(some, l)
		}
	}
	return pick(t, "attempt", some)
}

// outcomes are what a stage's work may end with.
var outcomes = []error{
	nil, nil, nil, nil,
	errors.New("unknown"),
	models.Errorf(models.CodeNoMedia, "it would fail again"),
	models.Errorf(models.CodeEngineCrashed, "the engine died"),
	models.Errorf(models.CodeStorageUnavailable, "the store is away"),
	Skip(models.Errorf(models.CodeModelMissing, "no model")),
}

func (w *world) compute(t *rapid.T) {
	if l, ok := w.one(t, false); ok {
		outcome, _ := pick(t, "outcome", outcomes)
		w.find(l, outcome)
	}
}

func (w *world) find(l *life, outcome error) {
	l.stage.(*scripted).next = outcome
	found := l.attempt.find(l.ctx)
	l.found = &found
}

func (w *world) end(t *rapid.T) {
	if l, ok := w.one(t, true); ok {
		w.spoil(t, func() error { w.settle(l); return nil })
	}
}

// settle ends an attempt, and its task.
func (w *world) settle(l *life) {
	l.attempt.settle(l.ctx, *l.found)
	l.cancel(nil)
	w.lives = slices.DeleteFunc(w.lives, func(other *life) bool { return other == l })
	w.queue.done(l.entry)
}

// beat has an attempt look whether it is still the stage's.
func (w *world) beat(t *rapid.T) {
	l, ok := pick(t, "attempt", w.lives)
	if !ok {
		return
	}
	alive, err := l.attempt.beat(l.ctx, store.Beat{Progress: 0.5})
	if err != nil {
		if l.ctx.Err() == nil {
			t.Fatal(err)
		}
		return
	}
	run := w.runOf(t, l.task)
	if want := run != nil && run.Fence == l.task.Fence && run.Status == models.StageRunning; alive != want {
		t.Fatalf("the heartbeat says %v of %+v, under fence %d", alive, run, l.task.Fence)
	}
	if !alive {
		l.cancel(errTakenBack)
	}
}

func (w *world) runOf(t *rapid.T, task Task) *models.StageRun {
	for _, v := range w.videos(t) {
		if v.ID == task.Video {
			return v.Run(task.Stage)
		}
	}
	return nil
}

// of draws a worker, and lists what it has under way.
func (w *world) of(t *rapid.T) (*Worker, []*life) {
	worker, _ := pick(t, "worker", w.workers)
	var lives []*life
	for _, l := range w.lives {
		if l.Worker == worker {
			lives = append(lives, l)
		}
	}
	return worker, lives
}

// stop has a worker hand back what it has.
func (w *world) stop(t *rapid.T) {
	_, lives := w.of(t)
	for _, l := range lives {
		before := w.runOf(t, l.task)
		l.cancel(errHandBack)
		if l.found == nil {
			l.found = &finding{err: context.Canceled}
		}
		w.spoil(t, func() error { w.settle(l); return nil })
		after := w.runOf(t, l.task)
		if before != nil && before.Fence == l.task.Fence && after.Failures+after.Losses != before.Failures+before.Losses {
			t.Fatalf("being handed back counted: %+v, before %+v", after, before)
		}
	}
}

// die ends a worker as kill -9 does: nobody hears of it. One that had lost its
// attempt for longer than all graces before it was killed leaves files behind
// that only fsck finds.
func (w *world) die(t *rapid.T) {
	_, lives := w.of(t)
	for _, l := range lives {
		l.cancel(nil)
		if run := w.runOf(t, l.task); run == nil || run.Fence != l.task.Fence {
			_ = w.blobs.DeletePrefix(context.Background(), models.RunPrefix(l.task.Video, l.task.Stage, l.id))
		}
		w.lives = slices.DeleteFunc(w.lives, func(other *life) bool { return other == l })
	}
}

// comeBack begins a worker of the same name, on a copy of the data directory
// perhaps: the one before may live.
func (w *world) comeBack(t *rapid.T) {
	worker, _ := pick(t, "worker", w.workers)
	w.spoil(t, func() error { return worker.reconcile(context.Background()) })
}

// takeForDead has the reaper lose patience with somebody, who may live.
func (w *world) takeForDead(t *rapid.T) {
	holders, err := w.workers[0].holders(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var ours []holder // in an order that another run of the test finds again
	for _, v := range w.videos(t) {
		for _, stage := range w.control.Pipeline.Names() {
			for _, h := range holders {
				if h.Video == v.ID && h.Stage == stage {
					ours = append(ours, h)
				}
			}
		}
	}
	if h, ok := pick(t, "holder", ours); ok {
		w.spoil(t, func() error { return w.control.takeBack(context.Background(), h, zombieGrace) })
	}
}

func (w *world) sweep(t *rapid.T) { w.remove(t, time.Now()) }

// muchLater removes all that is garbage: all graces are over.
func (w *world) muchLater(t *rapid.T) { w.remove(t, time.Now().Add(24*time.Hour)) }

func (w *world) remove(t *rapid.T, now time.Time) {
	for _, prefix := range w.garbage(t, now) {
		if err := errors.Join(w.workers[0].remove(context.Background(), prefix), w.db.Forget(context.Background(), prefix)); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) garbage(t *rapid.T, now time.Time) []string {
	prefixes, err := w.db.Garbage(context.Background(), now, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return prefixes
}

// check looks at the world: what must be true at any time.
func (w *world) check(t *rapid.T) {
	garbage := w.garbage(t, time.Now().Add(24*time.Hour))
	used := map[string]bool{} // prefixes of keys
	for _, l := range w.lives {
		used[models.RunPrefix(l.task.Video, l.task.Stage, l.id)] = true
	}
	for _, v := range w.videos(t) {
		w.checkEdits(t, v)
		under := 0 // way
		for i := range v.Runs {
			run := &v.Runs[i]
			w.checkRun(t, v, run, garbage)
			used[models.RunPrefix(v.ID, run.Stage, run.Result.Run)] = true
			if run.Status == models.StageRunning {
				used[models.RunPrefix(v.ID, run.Stage, run.ID)] = true
			}
			if run.Status == models.StageRunning || run.Status == models.StagePending && !run.Due.IsZero() {
				under++
			}
			if working := v.State == models.VideoQueued || v.State == models.VideoProcessing; !working && !ended(*run) {
				t.Fatalf("the video is %s, and %+v has not ended", v.State, run)
			}
		}
		if (under > 0) != (v.State == models.VideoQueued || v.State == models.VideoProcessing) {
			t.Fatalf("the video is %s with %d stages under way: %+v", v.State, under, v.Runs)
		}
	}
	for _, v := range w.hidden(t) { // it comes back with its results
		for _, run := range v.Runs {
			prefix := models.RunPrefix(v.ID, run.Stage, run.Result.Run)
			if used[prefix] = true; run.Status == models.StageRunning || slices.Contains(garbage, prefix) {
				t.Fatalf("the video is deleted, and %+v runs, or is to be removed", run)
			}
		}
	}
	for info, err := range blob.All(context.Background(), w.blobs, "videos/") {
		if err != nil {
			t.Fatal(err)
		}
		listed := slices.ContainsFunc(garbage, func(prefix string) bool { return strings.HasPrefix(info.Key, prefix) })
		if prefix := info.Key[:strings.LastIndexByte(info.Key, '/')+1]; !used[prefix] && !listed {
			t.Fatalf("%s is nobody's, and not on the list of what is to be removed", info.Key)
		}
	}
}

// checkRun looks at a run, and at its result.
func (w *world) checkRun(t *rapid.T, v *models.Video, run *models.StageRun, garbage []string) {
	key := v.ID + " " + run.Stage
	if run.Fence < w.fences[key] {
		t.Fatalf("the fence of %s went from %d back to %d", key, w.fences[key], run.Fence)
	}
	w.fences[key] = run.Fence
	before := w.results[key]
	if run.Result.Run != before.Run && before.Fingerprint != "" && run.Result.Fingerprint == before.Fingerprint {
		t.Fatalf("%s was done twice: %+v, before %+v", key, run.Result, before)
	}
	w.results[key] = run.Result
	if run.Status == models.StagePending && !run.Due.IsZero() && !w.known(v.ID, run) {
		t.Fatalf("%s is due, and no task of it is left: %+v", key, run)
	}
	prefix := models.RunPrefix(v.ID, run.Stage, run.Result.Run)
	if run.Status == models.StageRunning && slices.Contains(garbage, models.RunPrefix(v.ID, run.Stage, run.ID)) || slices.Contains(garbage, prefix) {
		t.Fatalf("what is being used of %s is to be removed: %+v", key, run)
	}
	if run.Result.Sums == "" {
		return
	}
	if kind, err := blob.CheckBlob(context.Background(), w.blobs, prefix+blob.SumsName, -1, run.Result.Sums, true); err != nil || kind != "" {
		t.Fatalf("the result of %s is %s: %v", key, kind, err)
	}
	if _, err := w.blobs.Stat(context.Background(), prefix+"out"); err != nil {
		t.Fatalf("the result of %s: %v", key, err)
	}
}

// known says whether the queue has a task of a run.
func (w *world) known(video string, run *models.StageRun) bool {
	is := func(task Task) bool { return task.Video == video && task.Stage == run.Stage && task.Fence == run.Fence }
	return slices.ContainsFunc(w.queue.waiting, func(d Due) bool { return is(d.Task) }) ||
		slices.ContainsFunc(w.queue.taken, func(e entry) bool { return is(e.Task) })
}

// drain lets all go well from now on. Then everything comes to its end.
func (w *world) drain(t *rapid.T) {
	for step := 0; ; step++ {
		w.check(t)
		if step > 1000 {
			t.Fatalf("it does not end: %+v", w.queue)
		}
		switch {
		case len(w.lives) > 0:
			l := w.lives[0]
			if l.found == nil {
				w.find(l, nil)
			}
			w.settle(l)
		case len(w.queue.waiting) > 0:
			w.take(t, w.workers[0], 0, false)
		case len(w.queue.taken) > 0: // by workers that died
			for _, worker := range w.workers {
				if err := worker.reconcile(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			w.queue.taken = nil
		default:
			return
		}
	}
}

// finish brings every video up to date, and looks at the world when nothing
// happens any more.
func (w *world) finish(t *rapid.T) {
	w.drain(t)
	for _, v := range w.hidden(t) {
		err := w.control.Undelete(context.Background(), w.workspace, v.ID)
		if models.ErrorCode(err) == models.CodeAlreadyExists {
			err = w.control.Delete(context.Background(), w.workspace, v.ID, Deletion{Purge: true})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.drain(t)
	for _, v := range w.videos(t) {
		for _, run := range v.Runs {
			if run.Status == models.StageDone && !w.isCurrent(v, run) && !w.missed[v.ID] {
				t.Fatalf("%s stands still, and the result of %s is outdated: %+v", v.ID, run.Stage, v.Runs)
			}
		}
		if err := w.control.Analyze(context.Background(), w.workspace, v.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.drain(t)
	w.muchLater(t)
	used := map[string]bool{}
	for _, v := range w.videos(t) {
		if v.State != models.VideoReady {
			t.Fatalf("all went well, and the video is %s: %+v", v.State, v.Runs)
		}
		w.checkIndex(t, v)
		for _, run := range v.Runs {
			used[models.RunPrefix(v.ID, run.Stage, run.Result.Run)] = true
			if run.Status != models.StageDone || !w.isCurrent(v, run) {
				t.Fatalf("all went well, and the result is outdated: %+v", run)
			}
		}
	}
	for info, err := range blob.All(context.Background(), w.blobs, "videos/") {
		if prefix := info.Key[:strings.LastIndexByte(info.Key, '/')+1]; err != nil || !used[prefix] {
			t.Fatalf("%s is left behind: %v", info.Key, err)
		}
	}
}

func (w *world) isCurrent(v *models.Video, run models.StageRun) bool {
	return current(w.control.Pipeline.stage(run.Stage), &Job{Video: v})
}
