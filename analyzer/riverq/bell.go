package riverq

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"

	"github.com/cuepoint/cuepoint/analyzer"
)

// silent keeps River from telling of new jobs in the transactions that insert
// them: PostgreSQL lets those that notify commit one at a time only, and what is
// inserted right after others is not told of. A bell does it instead.
type silent[Tx any] struct{ riverdriver.Driver[Tx] }

// SupportsListenNotify implements [riverdriver.Driver].
func (silent[Tx]) SupportsListenNotify() bool { return false }

// bell tells workers of classes that have new tasks: soon after the first of
// them, and of all that came meanwhile. If it fails, the tasks wait until the
// workers look by themselves.
type bell struct {
	ring func(notifications []riverdriver.Notification)

	mu   sync.Mutex
	news map[analyzer.Class]bool // of which to tell
}

func newBell(ring func([]riverdriver.Notification)) *bell {
	return &bell{ring: ring, news: map[analyzer.Class]bool{}}
}

func (b *bell) tell(tasks []analyzer.Due) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.news) == 0 {
		time.AfterFunc(pause, b.tellNow)
	}
	for _, task := range tasks {
		b.news[task.Class] = true
	}
}

func (b *bell) tellNow() {
	b.mu.Lock()
	var all []riverdriver.Notification
	for class := range b.news {
		all = append(all, notification(class))
	}
	clear(b.news)
	b.mu.Unlock()
	b.ring(all)
}

// notification is how River tells its workers of new jobs in a queue.
func notification(class analyzer.Class) riverdriver.Notification {
	return riverdriver.Notification{Topic: "river_insert", Payload: fmt.Sprintf(`{"queue": %q}`, class)}
}

// ringTime is how long telling the server may take.
const ringTime = 10 * time.Second

// ringServer has the database's server tell all processes.
func ringServer[Tx any](driver riverdriver.Driver[Tx]) func([]riverdriver.Notification) {
	return func(all []riverdriver.Notification) {
		ctx, cancel := context.WithTimeout(context.Background(), ringTime)
		defer cancel()
		params := riverdriver.NotifyManyParams{Topic: all[0].Topic}
		for _, one := range all {
			params.Payload = append(params.Payload, one.Payload)
		}
		_ = driver.GetExecutor().NotifyMany(ctx, &params)
	}
}
