package analyzer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/cache"
)

// Scratch gives attempts directories of their own on this machine.
type Scratch interface {
	// Scratch makes the empty directory of an attempt.
	Scratch(run string) (dir string, err error)
	// DropScratch removes it with all that is in it.
	DropScratch(run string) error
}

// Worker runs stages.
type Worker struct {
	*Control
	Name    string // the same after a restart, and no other worker's
	Slots   map[Class]int
	Grace   time.Duration // that attempts under way get to end when the worker stops
	Blobs   blob.Store
	Cache   *cache.Cache // of Blobs
	Scratch Scratch
	Feed    *events.Feed
	Metrics *obs.Metrics

	// Stuck hears that the database does not take what has to be written, and
	// is not just away: its disk is full, say. Without it the worker waits until
	// that is mended. It may be called often, and by many goroutines.
	Stuck func(error)

	times times // of leases; the usual ones unless set

	mu       sync.Mutex
	attempts map[*attempt]bool // under way
	stopping bool              // and they are being handed back
}

// errTakenBack ends an attempt whose fence is gone: whatever it found, nobody
// waits for it.
var errTakenBack = errors.New("the stage was taken back")

// errHandBack ends an attempt because its worker stops.
var errHandBack = errors.New("the worker stops")

// Run works until ctx ends. Then it takes no more, gives what is under way its
// grace, and hands back the rest for others, or for itself the next time.
func (w *Worker) Run(ctx context.Context) error {
	w.attempts = map[*attempt]bool{}
	if w.times.beat == 0 {
		w.times = usual
	}
	if err := w.reconcile(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to end before it began
		}
		return fmt.Errorf("take up what was left behind: %w", err)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	helpers.Go(func() { w.listen(background) })
	helpers.Go(func() { w.reap(background) })
	helpers.Go(func() { w.sweep(background) })
	helpers.Go(func() { w.retire(ctx, background) })
	defer helpers.Wait()
	defer stop()
	return w.Queue.Work(ctx, w.Name, w.Slots, w.do)
}

// retire hands back what is under way when its grace after ctx is over.
func (w *Worker) retire(ctx, background context.Context) {
	select {
	case <-ctx.Done():
	case <-background.Done():
		return
	}
	grace := time.NewTimer(w.Grace)
	defer grace.Stop()
	select {
	case <-grace.C:
		w.handBack()
	case <-background.Done():
	}
}

// do is one task. It returns an error when the task should be handed out again.
func (w *Worker) do(ctx context.Context, task Task) error {
	stage := w.Pipeline.stage(task.Stage)
	if stage == nil {
		return w.pass(ctx, task)
	}
	a := newAttempt(w, task, stage)
	ctx, a.cancel = context.WithCancelCause(ctx)
	defer a.cancel(nil)
	w.enter(a)
	defer w.leave(a)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err := a.claim(ctx)
	switch {
	case err == nil:
		a.run(ctx)
		return nil
	case errors.Is(err, errTakenBack), models.ErrorCode(err) == models.CodeNotFound:
		return nil // the task is no longer anybody's
	}
	w.stuck(err)
	return err
}

// pass leaves the task of a stage that is not in the pipeline to workers that
// have it in theirs.
func (w *Worker) pass(ctx context.Context, task Task) error {
	video, err := w.Store.In(task.Workspace).Video(ctx, task.Video)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		return nil
	case err != nil:
		return err
	case video.Run(task.Stage) == nil || video.Run(task.Stage).Fence != task.Fence:
		return nil
	}
	return fmt.Errorf("stage %s is none of this program's", task.Stage)
}

// stuck tells of an error that keeps the worker from going on.
func (w *Worker) stuck(err error) {
	if w.Stuck == nil || verdict(models.ErrorCode(err)) == outside || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	w.Stuck(err)
}

func (w *Worker) enter(a *attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts[a] = true
	if w.stopping {
		a.cancel(errHandBack)
	}
}

func (w *Worker) leave(a *attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.attempts, a)
}

// handBack ends all attempts under way.
func (w *Worker) handBack() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopping = true
	for a := range w.attempts {
		a.cancel(errHandBack)
	}
}

// listen has attempts look at their fence as soon as something has happened to
// their stage that may have taken it. Without it they look when they beat.
func (w *Worker) listen(ctx context.Context) {
	if w.Feed == nil {
		return
	}
	for {
		err := w.hear(ctx)
		if ctx.Err() != nil || errors.Is(err, events.ErrStopped) {
			return
		}
		w.Log.Warn("cancellations are seen late", "error", err)
		select {
		case <-time.After(w.times.beat):
		case <-ctx.Done():
			return
		}
	}
}

// hear pokes attempts until it hears no more.
func (w *Worker) hear(ctx context.Context) error {
	happened, err := w.Feed.Subscribe(ctx, events.Now, events.Filter{})
	if err != nil {
		return err
	}
	for {
		event, err := happened.Next(ctx)
		if err != nil {
			return err
		}
		if event.Status == models.StageRunning || event.Stage == "" && event.State == models.VideoProcessing {
			continue // somebody has begun, perhaps ourselves
		}
		w.mu.Lock()
		for a := range w.attempts {
			if a.ends(event) {
				a.look()
			}
		}
		w.mu.Unlock()
	}
}
