package riverq_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.WithPostgres(m)) }

func TestPut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		mine := errors.New("mine")
		err := o.Tx(t.Context(), func(tx store.Tx) error {
			return errors.Join(o.Put(t.Context(), tx, due(analyzer.CPU, 1, 2)...), mine)
		})
		if !errors.Is(err, mine) {
			t.Fatal(err)
		}
		o.put(t)
		o.put(t, due(analyzer.CPU, 3)...)
		o.put(t, due(analyzer.CPU, 5, 4)...)
		o.put(t, due(analyzer.Light, 6)...)
		err = o.Tx(t.Context(), func(tx store.Tx) error { return o.Put(t.Context(), tx, due("huge", 1)...) })
		if err == nil {
			t.Error("a class that there is not was taken")
		}
		w := work(t, o, "w", map[analyzer.Class]int{analyzer.CPU: 1}, done)
		for _, n := range []int{3, 5, 4} { // what was rolled back did not come, and the rest in its order
			if got := receive(t, "a task", w.tasks); got != task(n) {
				t.Errorf("task %v, want %v", got, task(n))
			}
		}
		// While it works, tasks come as they are put.
		o.put(t, due(analyzer.CPU, 7)...)
		if got := receive(t, "a task", w.tasks); got != task(7) {
			t.Errorf("task %v, want %v", got, task(7))
		}
		w.end()
		if len(w.tasks) > 0 {
			t.Errorf("task %v of a class without slots was handed out, or twice", <-w.tasks)
		}
	})
}

func TestPutWantsATransactionOfItsDatabase(t *testing.T) {
	t.Parallel()
	q, other := openSQLite(t), openPostgres(t)
	if err := other.Tx(t.Context(), func(tx store.Tx) error { return q.Put(t.Context(), tx, due(analyzer.CPU, 1)...) }); err == nil {
		t.Error("no error")
	}
}

func TestTakenTellsWhoHasWhat(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		start := time.Now().Truncate(time.Millisecond) // as fine as SQLite's clock is
		slots := map[analyzer.Class]int{analyzer.CPU: 1}
		until := func(release <-chan struct{}) func(context.Context, analyzer.Task) error {
			return func(context.Context, analyzer.Task) error { <-release; return nil }
		}
		first, second := make(chan struct{}), make(chan struct{})
		defer close(second)
		o.put(t, due(analyzer.CPU, 1)...)
		living := work(t, o.again(), "machine/1#x", slots, until(first))
		receive(t, "the first task", living.tasks)
		o.put(t, due(analyzer.CPU, 2)...)
		dead := work(t, o.again(), "machine/2", slots, until(second))
		receive(t, "the second task", dead.tasks)
		o.put(t, due(analyzer.CPU, 3)...) // which nobody has
		one, two := analyzer.Taken{Task: task(1), Worker: "machine/1#x"}, analyzer.Taken{Task: task(2), Worker: "machine/2"}
		if diff := cmp.Diff([]analyzer.Taken{one, two}, o.taken(t, start)); diff != "" {
			t.Errorf("taken (-want +got):\n%s", diff)
		}
		// Of a worker that died one hears no more, and what it had is not handed out.
		close(first)
		if got := receive(t, "the third task", living.tasks); got != task(3) {
			t.Errorf("task %v, want %v", got, task(3))
		}
		living.end()
		if diff := cmp.Diff([]analyzer.Taken{two}, o.taken(t, start)); diff != "" {
			t.Errorf("taken after one ended (-want +got):\n%s", diff)
		}
	})
}

func TestTakenListsAllOfMany(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		const n = 2100
		var tasks []analyzer.Due
		for i := range n {
			tasks = append(tasks, due(analyzer.CPU, i)...)
		}
		o.put(t, tasks...)
		o.exec(t, `UPDATE river_job SET state = 'running'`)
		taken, err := o.Taken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[analyzer.Task]bool{}
		for _, one := range taken {
			seen[one.Task] = true
		}
		if len(taken) != n || len(seen) != n {
			t.Errorf("%d taken, of them %d different, want %d", len(taken), len(seen), n)
		}
	})
}

// taken asks who has what, and looks at the times itself.
func (o opened) taken(t testing.TB, start time.Time) []analyzer.Taken {
	t.Helper()
	taken, err := o.Taken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(taken, func(a, b analyzer.Taken) int { return int(a.Fence - b.Fence) })
	for i, one := range taken {
		if one.Since.Before(start) || one.Since.After(time.Now().Add(time.Second)) {
			t.Errorf("taken at %v, which is not within the test", one.Since)
		}
		taken[i].Since = time.Time{}
	}
	return taken
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o opened) {
		tasks := append(due(analyzer.CPU, 1, 2), due(analyzer.Heavy, 3)...)
		tasks[0].At = time.Now().Add(-time.Hour)
		tasks = append(tasks, analyzer.Due{Task: task(4), Class: analyzer.Light, At: time.Now().Add(time.Hour)})
		o.put(t, tasks...)
		waiting, err := o.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if oldest := waiting[analyzer.CPU].Oldest; oldest < time.Hour || oldest > time.Hour+patience {
			t.Errorf("the oldest waits for %v, want an hour", oldest)
		}
		counts := map[analyzer.Class]int{}
		for class, backlog := range waiting {
			counts[class] = backlog.Tasks
		}
		if diff := cmp.Diff(map[analyzer.Class]int{analyzer.CPU: 2, analyzer.Heavy: 1}, counts); diff != "" {
			t.Errorf("waiting (-want +got):\n%s", diff)
		}
	})
}

func TestProcessesThatStartTogether(t *testing.T) {
	t.Parallel()
	url, path := testenv.Postgres(t), filepath.Join(t.TempDir(), "cuepoint.db")
	var start []func()
	for range 4 {
		server, file := postgresStore(t, url), sqliteStore(t, path)
		start = append(start, func() { postgresQueue(t, server) }, func() { sqliteQueue(t, file) })
	}
	var starting sync.WaitGroup
	for _, f := range start {
		starting.Go(f)
	}
	starting.Wait()
}
