package bench

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/store"
)

// BenchmarkStart measures how long after the commit that made it due a stage
// starts: in a worker that has nothing else to do, one video after the other,
// and in one that gets as many as keep it about half busy.
func BenchmarkStart(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name+"/idle", func(b *testing.B) {
			measureStarts(b, db, 40, func(_ int, ready func()) { ready() })
		})
		b.Run(db.name+"/busy", func(b *testing.B) {
			measureStarts(b, db, 200, func(int, func()) {})
		})
	}
}

// every is how often a video comes to a worker that is kept busy: seven stages,
// of the thousand or so that a small machine does in a second.
const every = 20 * time.Millisecond

func measureStarts(b *testing.B, db database, videos int, after func(n int, ready func())) {
	b.Helper()
	for b.Loop() {
		c := &clock{due: map[stageOf]time.Time{}, started: map[stageOf]time.Time{}}
		p, _ := newPipeline(b, db, c)
		happened, stop := p.start(b)
		left := videos
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := range videos {
			<-tick.C
			p.add(b, n)
			after(n, func() { await(b, happened, 1); left-- })
		}
		await(b, happened, left)
		stop()
		c.report(b)
	}
}

// clock notes when stages became due and when they began.
type clock struct {
	analyzer.Queue

	mu           sync.Mutex
	due, started map[stageOf]time.Time
}

type stageOf struct{ video, stage string }

// Put implements [analyzer.Queue].
func (c *clock) Put(ctx context.Context, tx store.Tx, tasks ...analyzer.Due) error {
	tx.Committed(func() {
		now := time.Now()
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, task := range tasks {
			c.due[stageOf{task.Video, task.Stage}] = now
		}
	})
	return c.Queue.Put(ctx, tx, tasks...)
}

func (c *clock) start(video, stage string) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started[stageOf{video, stage}] = now
}

func (c *clock) report(b *testing.B) {
	b.Helper()
	var waits []time.Duration
	for one, at := range c.due {
		waits = append(waits, max(0, c.started[one].Sub(at))) // it may begin before the commit is heard of
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(median(waits)), "p50-ms")
	b.ReportMetric(ms(percentile(waits, 95)), "p95-ms")
	b.ReportMetric(ms(percentile(waits, 100)), "max-ms")
}
