package riverq_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
)

func TestNoMoreAtOnceThanSlots(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		slots := map[analyzer.Class]int{analyzer.Light: 3, analyzer.CPU: 2, analyzer.Heavy: 1}
		const each = 20
		var under, over, full sync.Map // by class
		ended := make(chan struct{}, len(slots)*each)
		for class := range slots {
			under.Store(class, new(atomic.Int64))
		}
		for i := range each {
			for class := range slots {
				tasks := due(class, i)
				tasks[0].Stage = string(class)
				o.put(t, tasks...)
			}
		}
		work(t, o, "w", slots, func(ctx context.Context, task analyzer.Task) error {
			class := analyzer.Class(task.Stage)
			counter, _ := under.Load(class)
			switch now := int(counter.(*atomic.Int64).Add(1)); {
			case now > slots[class]:
				over.Store(class, now)
			case now == slots[class]:
				full.Store(class, now)
			default: // wait for the others, as long as there may be any
				tick := time.NewTimer(20 * time.Millisecond)
				defer tick.Stop()
				<-tick.C
			}
			counter.(*atomic.Int64).Add(-1)
			ended <- struct{}{}
			return nil
		})
		for range len(slots) * each {
			receive(t, "a task's end", ended)
		}
		over.Range(func(class, n any) bool { t.Errorf("%v tasks of class %v at once", n, class); return true })
		for class := range slots {
			if _, ok := full.Load(class); !ok {
				t.Errorf("the slots of class %s were never all in use", class)
			}
		}
	})
}

func TestATaskComesNotBeforeItsTimeAndSoonAfter(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 1}, done)
		at := time.Now().Add(2 * time.Second)
		o.put(t, analyzer.Due{Task: task(1), Class: analyzer.CPU, At: at}, analyzer.Due{Task: task(2), Class: analyzer.CPU})
		if got := receive(t, "what is due", w.tasks); got != task(2) {
			t.Fatalf("task %v, want %v", got, task(2))
		}
		if waiting, err := o.Waiting(t.Context()); err != nil || len(waiting) > 0 {
			t.Errorf("waiting %v, %v; want nothing that is due", waiting, err)
		}
		receive(t, "what was put off", w.tasks)
		late := time.Since(at)
		t.Logf("%v late", late)
		if late < -time.Millisecond { // which is as fine as SQLite's clock is
			t.Errorf("it came %v too early", -late)
		}
	})
}

func TestWhatCouldNotBeDoneComesAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		o.put(t, due(analyzer.CPU, 1, 2, 3)...)
		var mu sync.Mutex
		tries := map[int64]int{}
		w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 2}, func(_ context.Context, task analyzer.Task) error {
			mu.Lock()
			tries[task.Fence]++
			try := tries[task.Fence]
			mu.Unlock()
			switch {
			case task.Fence == 1 && try == 1:
				return errors.New("the database is away")
			case task.Fence == 2 && try == 1:
				panic("a mistake")
			}
			return nil
		})
		for range 5 {
			receive(t, "a task", w.tasks)
		}
		w.end()
		if diff := cmp.Diff(map[int64]int{1: 2, 2: 2, 3: 1}, tries); diff != "" {
			t.Errorf("tries (-want +got):\n%s", diff)
		}
		if taken, err := o.Taken(t.Context()); err != nil || len(taken) > 0 {
			t.Errorf("taken %v, %v", taken, err)
		}
	})
}

func TestWorkEndsAfterWhatIsUnderWayAndTakesNoMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		o.put(t, due(analyzer.CPU, 1, 2)...)
		release := make(chan struct{})
		w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 1}, func(ctx context.Context, _ analyzer.Task) error {
			<-release
			return ctx.Err()
		})
		receive(t, "the first task", w.tasks)
		w.stop()
		taken, err := o.Taken(t.Context())
		if err != nil || len(taken) != 1 {
			t.Errorf("taken %v, %v; want the one under way", taken, err)
		}
		select {
		case <-w.ended:
			t.Error("it ended before the task did")
		default:
		}
		close(release)
		receive(t, "the end", w.ended)
		if len(w.tasks) > 0 {
			t.Error("it took another task")
		}
		if taken, err := o.Taken(t.Context()); err != nil || len(taken) > 0 {
			t.Errorf("taken %v, %v; want none, the task's context not ended", taken, err)
		}
		// What it left, the next one takes.
		next := work(t, o, "next", map[analyzer.Class]int{analyzer.CPU: 1}, done)
		if got := receive(t, "the second task", next.tasks); got != task(2) {
			t.Errorf("task %v, want %v", got, task(2))
		}
	})
}

func TestWorkWithoutSlotsWaits(t *testing.T) {
	t.Parallel()
	o := openSQLite(t)
	o.put(t, due(analyzer.CPU, 1)...)
	w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 0}, done)
	w.end()
	if len(w.tasks) > 0 {
		t.Error("a task was handed out")
	}
}

func TestEveryTaskIsHandedOutOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		const n, putters, batch = 2000, 4, 5
		slots := map[analyzer.Class]int{analyzer.CPU: 20}
		workers := []*working{work(t, o.again(), "one", slots, done), work(t, o.again(), "two", slots, done)}
		var putting sync.WaitGroup
		for putter := range putters {
			putting.Go(func() {
				for at := putter * batch; at < n; at += putters * batch {
					o.put(t, due(analyzer.CPU, at, at+1, at+2, at+3, at+4)...)
				}
			})
		}
		putting.Wait()
		eventually(t, "all were handed out", func() bool { return len(workers[0].tasks)+len(workers[1].tasks) >= n })
		seen := map[analyzer.Task]int{}
		for _, w := range workers {
			w.end()
			if len(w.tasks) == 0 {
				t.Error("one worker did all")
			}
			for len(w.tasks) > 0 {
				seen[<-w.tasks]++
			}
		}
		for task, times := range seen {
			if times != 1 {
				t.Errorf("%v was handed out %d times", task, times)
			}
		}
		if len(seen) != n {
			t.Errorf("%d different tasks, want %d", len(seen), n)
		}
	})
}
