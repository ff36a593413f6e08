package riverq_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/store"
)

func benchOnBoth(b *testing.B, bench func(*testing.B, opened)) {
	b.Run("SQLite", func(b *testing.B) { bench(b, openSQLite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { bench(b, openPostgres(b)) })
}

var everyClass = map[analyzer.Class]int{analyzer.Light: 4, analyzer.CPU: 2, analyzer.Heavy: 1}

// BenchmarkTask has each task put the next, as stages do, in eight chains.
func BenchmarkTask(b *testing.B) {
	benchOnBoth(b, func(b *testing.B, o opened) {
		const chains = 8
		ended := make(chan struct{}, b.N)
		work(b, o, "w", everyClass, func(ctx context.Context, task analyzer.Task) error {
			defer func() { ended <- struct{}{} }()
			if task.Fence++; task.Fence > int64(b.N) {
				return nil
			}
			if task.Fence += chains - 1; task.Fence > int64(b.N) {
				return nil
			}
			return o.Tx(ctx, func(tx store.Tx) error {
				return o.Put(ctx, tx, analyzer.Due{Task: task, Class: analyzer.Light})
			})
		})
		b.ResetTimer()
		for n := range min(chains, b.N) {
			o.put(b, due(analyzer.Light, n+1)...)
		}
		for range b.N {
			receive(b, "a task", ended)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
	})
}

// BenchmarkStart measures how soon after its commit a task starts that nothing
// waits before.
func BenchmarkStart(b *testing.B) {
	benchOnBoth(b, func(b *testing.B, o opened) {
		w := work(b, o, "w", everyClass, done)
		var waits []time.Duration
		pause := time.NewTimer(0)
		for n := range b.N {
			pause.Reset(time.Duration(100+n*7%50) * time.Millisecond) // at another phase of any polling
			<-pause.C
			o.put(b, due(analyzer.CPU, n)...)
			committed := time.Now()
			receive(b, "the task", w.tasks)
			waits = append(waits, time.Since(committed))
		}
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(waits[len(waits)*95/100].Microseconds())/1000, "p95-ms")
		b.ReportMetric(float64(waits[len(waits)-1].Microseconds())/1000, "max-ms")
	})
}
