package analyzer

import (
	"context"
	"time"
)

// Hurry makes a worker's leases short enough for tests to see them end.
func (w *Worker) Hurry() {
	w.times = times{beat: 50 * time.Millisecond, tick: 20 * time.Millisecond, lease: 500 * time.Millisecond, reap: 50 * time.Millisecond, spare: time.Minute,
		retry:   5 * time.Millisecond,
		backoff: []time.Duration{time.Millisecond, time.Millisecond}}
}

// StandStill has a worker never beat and never look for others that do not.
func (w *Worker) StandStill() {
	w.times.beat, w.times.tick = time.Hour, time.Hour
	w.Feed = nil
	w.NeverReap()
}

// GiveNoTime has a worker's attempts end at once, but for what their stages' pace
// gives them.
func (w *Worker) GiveNoTime() { w.times.spare = 0 }

// NeverReap has a worker never look for others that do not beat.
func (w *Worker) NeverReap() { w.times.reap = time.Hour }

// Reconcile takes back what the worker had when it ended last.
func (w *Worker) Reconcile(ctx context.Context) error { return w.reconcile(ctx) }

// Expire forgets the videos that were deleted for long enough.
func (w *Worker) Expire(ctx context.Context) error { return w.expireAll(ctx) }

// Timeout is how long an attempt may take.
var Timeout = Spec.timeout
