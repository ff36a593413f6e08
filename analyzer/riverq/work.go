package riverq

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/cuepoint/cuepoint/analyzer"
)

const (
	// again is when a task is handed out again that could not be done. It must
	// not be more than the 5 s up to which River does so without its leader.
	again = 3 * time.Second

	// kept is how long River remembers a task that was done.
	kept = time.Hour

	// forgotten is when River hands out a task again of which it heard no end.
	// Nobody waits for that: the stage has long had a new fence, so it does
	// nothing, and is then done for River too.
	forgotten = 24 * time.Hour
)

// Work implements [analyzer.Queue]. Of a worker's name at most 80 bytes.
func (q *Queue[Tx]) Work(ctx context.Context, worker string, slots map[analyzer.Class]int, do func(context.Context, analyzer.Task) error) error {
	queues := map[string]river.QueueConfig{}
	for class, n := range slots {
		if n > 0 {
			queues[string(class)] = river.QueueConfig{MaxWorkers: n}
		}
	}
	if len(queues) == 0 {
		<-ctx.Done()
		return nil
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &stageWorker{do: do, log: q.log})
	client, err := river.NewClient(q.driver, &river.Config{
		CompletedJobRetentionPeriod: kept,
		FetchCooldown:               pause,
		ID:                          clientID(worker),
		JobTimeout:                  forgotten, // see stageWorker.Work
		Logger:                      q.rivers,
		Queues:                      queues,
		RescueStuckJobsAfter:        forgotten,
		Workers:                     workers,
	})
	if err != nil {
		return fmt.Errorf("work on tasks as %q: %w", worker, err)
	}
	if err := client.Start(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("work on tasks as %q: %w", worker, err)
	}
	<-client.Stopped()
	return nil
}

// clientID tells a worker apart from all others, as River needs it to be, even
// from others of its name.
func clientID(worker string) string { return worker + "#" + rand.Text()[:12] }

// takenFrom reads a job that a worker has.
func takenFrom(row *rivertype.JobRow) (analyzer.Taken, error) {
	var args job
	if err := json.Unmarshal(row.EncodedArgs, &args); err != nil {
		return analyzer.Taken{}, fmt.Errorf("read job %d: %w", row.ID, err)
	}
	taken := analyzer.Taken{Task: analyzer.Task(args)}
	if n := len(row.AttemptedBy); n > 0 {
		id := row.AttemptedBy[n-1]
		taken.Worker = id[:max(0, strings.LastIndexByte(id, '#'))]
	}
	if row.AttemptedAt != nil {
		taken.Since = *row.AttemptedAt
	}
	return taken, nil
}

// stageWorker does River's jobs by do.
type stageWorker struct {
	river.WorkerDefaults[job]

	do  func(context.Context, analyzer.Task) error
	log *slog.Logger
}

// Work does a job, and puts off what could not be done. To River that is no
// failure: it counts those, and gives up after some.
//
// River's timeout is there because it gives no job back that has none; the
// task does not feel it.
func (w *stageWorker) Work(ctx context.Context, j *river.Job[job]) (err error) {
	task := analyzer.Task(j.Args)
	log := w.log.With("workspace", task.Workspace, "video", task.Video, "stage", task.Stage, "fence", task.Fence)
	defer func() {
		if cause := recover(); cause != nil {
			log.ErrorContext(ctx, "a task panicked", "cause", cause, "stack", string(debug.Stack()))
			err = river.JobSnooze(again)
		}
	}()
	if err := w.do(context.WithoutCancel(ctx), task); err != nil {
		log.WarnContext(ctx, "a task could not be done and comes again", "error", err)
		return river.JobSnooze(again)
	}
	return nil
}
