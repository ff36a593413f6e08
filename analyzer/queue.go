package analyzer

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/store"
)

// Class tells what a stage strains, so that a machine runs no more of it at
// once than it can bear.
type Class string

// The classes of stages.
const (
	Light Class = "light" // little of anything
	CPU   Class = "cpu"   // about one core
	Heavy Class = "heavy" // all cores, or much memory
)

// Classes lists them.
func Classes() []Class { return []Class{Light, CPU, Heavy} }

// Task is one dispatch of a stage: one attempt. It stands as long as its fence
// is the run's.
type Task struct {
	Workspace string
	Video     string
	Stage     string
	Fence     int64
}

// Due is a task and when it may be taken.
type Due struct {
	Task
	Class Class
	At    time.Time // zero: at once
}

// Taken is a task that a worker took and has not ended.
type Taken struct {
	Task
	Worker string
	Since  time.Time
}

// Backlog is what waits for a worker of one class.
type Backlog struct {
	Tasks  int
	Oldest time.Duration // how long the first of them has been due
}

// Queue decides when tasks run. What is true of a stage is not its business: a
// task may be handed out late, twice or, when its worker died, not at all, and
// who gets one looks at the run.
type Queue interface {
	// Put adds tasks in the transaction. They can be taken when it has committed
	// and they are due.
	Put(ctx context.Context, tx store.Tx, tasks ...Due) error

	// Taken lists the tasks that workers have taken and not ended, among them
	// those of workers that died.
	Taken(ctx context.Context) ([]Taken, error)

	// Waiting tells what is due and not taken, by class.
	Waiting(ctx context.Context) (map[Class]Backlog, error)

	// Work hands tasks to do, at most slots of each class at once and none of a
	// class without slots, until ctx ends. Then it takes no more, and returns when
	// those under way have returned: their context goes on. A task for which do
	// returns an error is handed out again some seconds later.
	Work(ctx context.Context, worker string, slots map[Class]int, do func(ctx context.Context, task Task) error) error
}
