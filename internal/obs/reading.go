package obs

import (
	"context"
	"sync"
	"time"
)

const (
	patience = 2 * time.Second // how long an answer is waited for
	fresh    = time.Second     // how long an answer is given again
)

// reading asks for something that may take long to answer. It asks once at a
// time and gives an answer again for a while, so that nobody who asks often
// makes a load of it; and it gives up waiting, even where the context is not
// listened to.
type reading[T any] struct {
	ask func(ctx context.Context) (T, error)

	mu   sync.Mutex
	last *question[T] // nil before the first
}

// question is under way until answered is closed.
type question[T any] struct {
	deadline time.Time
	answered chan struct{}

	answer T
	err    error
	at     time.Time
}

// get returns an answer, or DeadlineExceeded where there is none in time.
func (r *reading[T]) get() (answer T, err error) {
	q := r.question()
	select {
	case <-q.answered:
	case <-time.After(time.Until(q.deadline)):
	}
	select {
	case <-q.answered:
		return q.answer, q.err
	default:
		return answer, context.DeadlineExceeded
	}
}

// question returns the last one while it is under way or its answer is fresh,
// and asks again otherwise.
func (r *reading[T]) question() *question[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != nil {
		select {
		case <-r.last.answered:
			if time.Since(r.last.at) < fresh {
				return r.last
			}
		default:
			return r.last
		}
	}
	q := &question[T]{deadline: time.Now().Add(patience), answered: make(chan struct{})}
	go func() {
		defer close(q.answered)
		ctx, cancel := context.WithDeadline(context.Background(), q.deadline)
		defer cancel()
		q.answer, q.err = r.ask(ctx)
		q.at = time.Now()
	}()
	r.last = q
	return q
}
