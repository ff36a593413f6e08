package app

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/obs"
)

// Slots are how many stages of each class this machine works on at once, unless
// somebody says otherwise.
func Slots() map[analyzer.Class]int {
	return map[analyzer.Class]int{
		analyzer.Light: 4,
		analyzer.CPU:   runtime.NumCPU(),
		analyzer.Heavy: max(1, runtime.NumCPU()/4),
	}
}

// worker makes this process's worker.
func (h *Holder) worker(slots map[analyzer.Class]int, grace time.Duration) *analyzer.Worker {
	return &analyzer.Worker{
		Control: h.Control, Name: h.name, Slots: slots, Grace: grace,
		Blobs: h.Blobs, Cache: h.cache, Scratch: h.Dir, Feed: h.feed, Metrics: h.Metrics,
	}
}

// work runs stages until ctx ends, and then those under way for as long as their
// grace, before it hands them back.
func (h *Holder) work(ctx context.Context, cfg ServeConfig) error {
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	var feed sync.WaitGroup
	feed.Go(func() { h.feed.Run(following) })
	defer feed.Wait()
	defer stop()
	working, end := context.WithCancelCause(ctx)
	defer end(nil)
	worker := h.worker(cfg.Slots, cfg.Grace)
	if cfg.EndStuck {
		worker.Stuck = end
	}
	if err := worker.Run(working); err != nil || ctx.Err() != nil {
		return err
	}
	return context.Cause(working)
}

// queueReader reads the state of the queue for the metrics.
type queueReader = func(ctx context.Context) (map[string]obs.Queue, error)

// watchQueue returns what tells of the queue and of this process's part in it.
func (h *Holder) watchQueue(slots map[analyzer.Class]int) queueReader {
	return func(ctx context.Context) (map[string]obs.Queue, error) {
		waiting, err := h.Control.Queue.Waiting(ctx)
		if err != nil {
			return nil, err
		}
		busy, err := h.busy(ctx)
		if err != nil {
			return nil, err
		}
		classes := map[string]obs.Queue{}
		for _, class := range analyzer.Classes() {
			backlog := waiting[class]
			classes[string(class)] = obs.Queue{Due: backlog.Tasks, Oldest: backlog.Oldest, Slots: slots[class], Busy: busy[class]}
		}
		return classes, nil
	}
}

// busy counts the attempts of this process by class.
func (h *Holder) busy(ctx context.Context) (map[analyzer.Class]int, error) {
	running, err := h.db.Running(ctx)
	if err != nil {
		return nil, err
	}
	busy := map[analyzer.Class]int{}
	for _, r := range running {
		if class, ok := h.Pipeline.Class(r.Run.Stage); ok && r.Run.Worker == h.name {
			busy[class]++
		}
	}
	return busy, nil
}
