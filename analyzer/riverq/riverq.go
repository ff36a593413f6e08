// Package riverq hands out tasks by River, in the database of the store:
// PostgreSQL, which several machines may share, or SQLite, for one process.
//
// River keeps what is due and when, and lets each worker claim no more than it
// has slots for; that there is something to do, workers are told after the
// transaction in which it was put, and not within as River would. Everything else
// it could do is left unused: what is true of a stage, how often it was tried
// and whether its worker lives stands in the stage's run alone, which is why a
// task that River hands out late or twice does no harm.
package riverq

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/store"
)

// Queue is a queue in a database whose transactions are a Tx of its driver.
type Queue[Tx any] struct {
	driver  riverdriver.Driver[Tx]
	client  *river.Client[Tx] // which only puts and asks: Work has one of its own
	bell    *bell
	waiting func(context.Context) (map[analyzer.Class]analyzer.Backlog, error)
	log     *slog.Logger
	rivers  *slog.Logger // River's own
}

// job is a task as River keeps it.
type job struct {
	Workspace string `json:"workspace"`
	Video     string `json:"video"`
	Stage     string `json:"stage"`
	Fence     int64  `json:"fence"`
}

// Kind implements [river.JobArgs].
func (job) Kind() string { return "stage" }

// pause is how long workers wait at least until they are told again that a
// class has new tasks, and until they fetch some again: the least that River
// takes. Tasks that nobody was told of wait for up to a second.
const pause = time.Millisecond

// open makes a queue of a database that has River's tables, whose workers are
// told of new tasks by ring.
func open[Tx any](driver riverdriver.Driver[Tx], ring func([]riverdriver.Notification), log *slog.Logger) (*Queue[Tx], error) {
	q := &Queue[Tx]{driver: silent[Tx]{driver}, bell: newBell(ring), log: log, rivers: newQuiet(log)}
	var err error
	q.client, err = river.NewClient(q.driver, &river.Config{
		Hooks:  []rivertype.Hook{&atTheirTime{}},
		Logger: q.rivers,
	})
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	return q, nil
}

// atTheirTime makes jobs of the future available from the start: workers take
// none before its time anyway. River would have its leader make them so, which
// looks every 5 s, and of which there is none for some 20 s after one was killed.
type atTheirTime struct{ river.HookDefaults }

func (*atTheirTime) InsertBegin(_ context.Context, job *rivertype.JobInsertParams) error {
	job.State = rivertype.JobStateAvailable
	return nil
}

// Put implements [analyzer.Queue].
func (q *Queue[Tx]) Put(ctx context.Context, tx store.Tx, tasks ...analyzer.Due) error {
	if len(tasks) == 0 {
		return nil
	}
	handle, ok := tx.Handle().(Tx)
	if !ok {
		return fmt.Errorf("put tasks: the transaction is a %T, of another database", tx.Handle())
	}
	jobs := make([]river.InsertManyParams, len(tasks))
	for i, task := range tasks {
		if !slices.Contains(analyzer.Classes(), task.Class) {
			return fmt.Errorf("put stage %s of video %s: no class %q", task.Stage, task.Video, task.Class)
		}
		jobs[i] = river.InsertManyParams{
			Args:       job(task.Task),
			InsertOpts: &river.InsertOpts{Queue: string(task.Class), ScheduledAt: task.At},
		}
	}
	if _, err := q.client.InsertManyTx(ctx, handle, jobs); err != nil {
		return fmt.Errorf("put %d tasks: %w", len(tasks), err)
	}
	tx.Committed(func() { q.bell.tell(tasks) })
	return nil
}

// page is how many jobs Taken asks for at once.
const page = 1000

// Taken implements [analyzer.Queue].
func (q *Queue[Tx]) Taken(ctx context.Context) ([]analyzer.Taken, error) {
	var taken []analyzer.Taken
	first := river.NewJobListParams().States(rivertype.JobStateRunning).First(page)
	for next := first; ; {
		found, err := q.client.JobList(ctx, next)
		if err != nil {
			return nil, fmt.Errorf("list the tasks that are taken: %w", err)
		}
		for _, row := range found.Jobs {
			t, err := takenFrom(row)
			if err != nil {
				return nil, err
			}
			taken = append(taken, t)
		}
		if len(found.Jobs) < page {
			return taken, nil
		}
		next = first.After(found.LastCursor) // next itself can be asked for once only
	}
}

// Waiting implements [analyzer.Queue].
func (q *Queue[Tx]) Waiting(ctx context.Context) (map[analyzer.Class]analyzer.Backlog, error) {
	waiting, err := q.waiting(ctx)
	if err != nil {
		return nil, fmt.Errorf("count the tasks that wait: %w", err)
	}
	return waiting, nil
}
