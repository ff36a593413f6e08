package proc

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// outputs are the pipes on a child's descriptors from 3 up.
type outputs struct {
	readers, writers []*os.File
	readersDone      sync.WaitGroup

	mu  sync.Mutex
	err error // the first
}

// newOutputs makes a pipe for each consumer and gives cmd its write ends.
func newOutputs(cmd *exec.Cmd, consumers int) (*outputs, error) {
	o := &outputs{}
	for range consumers {
		r, w, err := os.Pipe()
		if err != nil {
			o.release()
			o.close()
			return nil, err
		}
		o.readers, o.writers = append(o.readers, r), append(o.writers, w)
	}
	cmd.ExtraFiles = o.writers
	return o, nil
}

// consume starts the consumers; one that fails cancels the child. One that was
// surprised by the end does not: the child is ending, and its own end says more.
func (o *outputs) consume(consumers []func(io.Reader) error, cancel context.CancelCauseFunc) {
	for i, consumer := range consumers {
		o.readersDone.Go(func() {
			err := consumer(o.readers[i])
			if err != nil {
				o.fail(err)
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					cancel(err)
				}
			}
			_, _ = io.Copy(io.Discard, o.readers[i])
		})
	}
}

func (o *outputs) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
}

// release closes our copies of the child's ends, without which no consumer
// would ever see the end.
func (o *outputs) release() {
	for _, w := range o.writers {
		w.Close()
	}
}

// wait returns the consumers' first error. It gives up on a pipe that somebody
// outside the child's group keeps open for longer than delay.
func (o *outputs) wait(delay time.Duration) error {
	timer := time.AfterFunc(delay, o.close)
	o.readersDone.Wait()
	timer.Stop()
	o.close()
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

func (o *outputs) close() {
	for _, r := range o.readers {
		r.Close()
	}
}
