package riverq_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
)

func TestNoMoreAtOnceThanSlots(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		slots := map[analyzer.Class]int{analyzer.Light: 3, analyzer.CPU: 2, analyzer.Heavy: 1}
		const each = 12
		for class := range slots {
			for n := range each {
				task := task(n)
				task.Stage = string(class)
				o.put(t, analyzer.Due{Task: task, Class: class})
			}
		}
		var mu sync.Mutex
		under, most := map[analyzer.Class]int{}, map[analyzer.Class]int{}
		count := func(class analyzer.Class, change int) {
			mu.Lock()
			defer mu.Unlock()
			under[class] += change
			most[class] = max(most[class], under[class])
		}
		w := work(t, o, "w", slots, func(_ context.Context, task analyzer.Task) error {
			class := analyzer.Class(task.Stage)
			count(class, 1)
			defer count(class, -1)
			<-time.After(20 * time.Millisecond) // for others to come as well
			return nil
		})
		for range len(slots) * each {
			receive(t, "a task", w.tasks)
		}
		w.end()
		if diff := cmp.Diff(slots, most); diff != "" {
			t.Errorf("most at once (-want +got):\n%s", diff)
		}
	})
}

func TestATaskComesNotBeforeItsTimeAndSoonAfter(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		o.leaderDied(t)
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

// By itself a worker looks every second: so long nobody waits for it here.
func TestATaskIsHandedOutAsSoonAsItIsPut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 1, analyzer.Light: 1}, done)
		late := time.After(patience)
		for n := range 60 {
			o.put(t, due([]analyzer.Class{analyzer.CPU, analyzer.Light}[n%2], n)...)
			select {
			case <-w.tasks:
			case <-late:
				t.Fatalf("%d tasks in %v", n, patience)
			}
		}
	})
}

func TestWhatCouldNotBeDoneComesAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		o.leaderDied(t)
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

func TestATaskOfWhichNobodyHeardAnEndComesAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		o.put(t, due(analyzer.CPU, 1, 2)...)
		o.exec(t, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = '2026-01-01 00:00:00.000' WHERE id = 1`)
		w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 1}, done)
		for _, n := range []int{2, 1} {
			if got := receive(t, "a task", w.tasks); got != task(n) {
				t.Errorf("task %v, want %v", got, task(n))
			}
		}
	})
}

func TestWorkSurvivesBrokenConnections(t *testing.T) {
	t.Parallel()
	o := openPostgres(t)
	o.put(t, due(analyzer.CPU, 1, 2)...)
	release := make(chan struct{})
	w := work(t, o.again(), "w", map[analyzer.Class]int{analyzer.CPU: 1}, func(context.Context, analyzer.Task) error {
		<-release
		return nil
	})
	receive(t, "the task under way", w.tasks)
	o.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	close(release)
	receive(t, "the next task", w.tasks)
	w.end()
	if taken, err := o.Taken(t.Context()); err != nil || len(taken) > 0 {
		t.Errorf("taken %v, %v; want none: both have ended", taken, err)
	}
}

func TestWorkEndsAfterWhatIsUnderWayAndTakesNoMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		o.put(t, due(analyzer.CPU, 1, 2)...)
		release := make(chan struct{})
		w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 1}, func(ctx context.Context, _ analyzer.Task) error {
			<-release
			if ctx.Err() != nil {
				t.Error("the task's context ended with Work's")
			}
			return nil
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
			t.Errorf("taken %v, %v; want none", taken, err)
		}
		// What it left, the next one takes.
		next := work(t, o, "next", map[analyzer.Class]int{analyzer.CPU: 1}, done)
		if got := receive(t, "the second task", next.tasks); got != task(2) {
			t.Errorf("task %v, want %v", got, task(2))
		}
	})
}

func TestWorkThatIsEndedAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		for _, n := range []int{0, 1} { // without slots it only waits
			slots := map[analyzer.Class]int{analyzer.CPU: n}
			work(t, o, "ended while it starts", slots, done).end()
			ctx, end := context.WithCancel(t.Context())
			end()
			if err := o.Work(ctx, "ended before", slots, done); err != nil {
				t.Errorf("%d slots: %v", n, err)
			}
		}
	})
}

func TestEveryTaskIsHandedOutOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		const putters, batch = 4, 5
		n := 2000
		if _, slow := o.Queue.(*riverq.Queue[*sql.Tx]); slow {
			n = 500 // the race detector makes SQLite ten times as slow
		}
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
