package analyzer

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// times are those of leases.
type times struct {
	beat  time.Duration // how often a worker tells that an attempt is alive
	tick  time.Duration // how often progress is told, where there is some to tell
	lease time.Duration // how long an attempt without a sign of life is left alone
	reap  time.Duration // how often such attempts are looked for
	spare time.Duration // that every attempt may take, however short the video is
	retry time.Duration // until a database or a store that is away is asked again, at first
	// backoff is how long a stage waits before the next attempt: the first, the
	// second, and so on.
	backoff []time.Duration
}

var usual = times{beat: 5 * time.Second, tick: time.Second, lease: 30 * time.Second, reap: 5 * time.Second, spare: 2 * time.Minute, retry: time.Second,
	backoff: []time.Duration{2 * time.Second, 15 * time.Second, 60 * time.Second}}

// beatTime is how long telling may take.
const beatTime = 10 * time.Second

// mostTold is how many cues one beat brings at most.
const mostTold = 500

// pulse is the sign of life of an attempt.
type pulse struct {
	progress atomic.Uint64 // the bits of a float64
	poke     chan struct{}

	mu    sync.Mutex
	told  int          // cues that were told
	found []models.Cue // those to be told
}

// ends says whether the attempt may not be the stage's any more after an event.
func (a *attempt) ends(e models.Event) bool {
	if e.VideoID != a.task.Video {
		return false
	}
	return e.Type == models.EventVideoPurged || e.Stage == a.task.Stage && e.Status != models.StageRunning
}

// look has the attempt look at its fence now.
func (p *pulse) look() {
	select {
	case p.poke <- struct{}{}:
	default: // it is about to
	}
}

func (p *pulse) set(fraction float64) {
	p.progress.Store(math.Float64bits(min(max(fraction, 0), 1)))
}

func (p *pulse) get() float64 { return math.Float64frombits(p.progress.Load()) }

// note takes cues to be told with the next beats.
func (p *pulse) note(cues ...models.Cue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found = append(p.found, cues...)
}

// untold returns the cues for the next beat, and how many were told before.
func (p *pulse) untold() (before int, cues []models.Cue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told, slices.Clone(p.found[:min(len(p.found), mostTold)])
}

// heard takes note that cues were told.
func (p *pulse) heard(count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told += count
	p.found = slices.Clone(p.found[count:])
}

// alive beats while f works, and returns what it found.
func (a *attempt) alive(ctx context.Context, f func(context.Context) finding) finding {
	beating, stop := context.WithCancel(ctx)
	var heart sync.WaitGroup
	heart.Go(func() { a.keep(beating) })
	defer heart.Wait()
	defer stop()
	return f(ctx)
}

// keep beats until ctx ends, and ends the attempt when its fence is gone. A
// database that does not answer ends nothing: the fence is looked at again
// before anything is committed.
func (a *attempt) keep(ctx context.Context) {
	ticker := time.NewTicker(a.times.tick)
	defer ticker.Stop()
	told, at := 0.0, time.Now()
	for {
		progress := a.get()
		before, cues := a.untold()
		select {
		case <-ctx.Done():
			return
		case <-a.poke:
		case now := <-ticker.C:
			if now.Sub(at) < a.times.beat && progress-told < 0.01 && len(cues) == 0 {
				continue
			}
		}
		alive, err := a.beat(ctx, store.Beat{Progress: progress, Before: before, Cues: cues})
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.Metrics.HeartbeatFailed()
			a.log.Warn("the heartbeat failed", "error", err)
		case !alive:
			a.cancel(errTakenBack)
			return
		}
		told, at = progress, time.Now()
		a.heard(len(cues))
	}
}

func (a *attempt) beat(ctx context.Context, b store.Beat) (alive bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, beatTime)
	defer cancel()
	b.VideoID, b.Stage, b.Fence, b.At = a.task.Video, a.task.Stage, a.task.Fence, time.Now().UTC()
	return a.Store.In(a.task.Workspace).Beat(ctx, b)
}
