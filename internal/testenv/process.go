package testenv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
)

// Process is a program that goes on until it is told to end. Its methods may be
// called from many goroutines.
type Process struct {
	Stdout, Stderr Output

	pid   int
	ended chan struct{}
	err   error // how it ended
}

// tellPID is a shell that says who it is before it becomes the program.
const tellPID = `echo $$ >&3; exec "$0" "$@" 3>&-`

// Start starts a program in a directory, with more in its environment. When the
// test ends it is killed.
func Start(t testing.TB, dir string, env []string, path string, args ...string) *Process {
	t.Helper()
	p := &Process{ended: make(chan struct{})}
	started := make(chan int, 1)
	command := proc.Command{
		Path: "/bin/sh", Args: append([]string{"-c", tellPID, path}, args...), Dir: dir, Env: env,
		Stdout: &p.Stdout, Stderr: &p.Stderr,
		Outputs: []func(io.Reader) error{func(r io.Reader) error {
			line, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(line)))
			started <- pid
			return err
		}},
	}
	go func() {
		p.err = proc.Run(context.WithoutCancel(t.Context()), command)
		close(p.ended)
	}()
	select {
	case p.pid = <-started:
	case <-p.ended:
		select {
		case p.pid = <-started: // and has ended already
		default:
			t.Fatalf("start %s: %v", path, p.err)
		}
	}
	t.Cleanup(p.Kill)
	return p
}

// PID is the process's number.
func (p *Process) PID() int { return p.pid }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Signal sends the process a signal, unless it has ended.
func (p *Process) Signal(signal syscall.Signal) {
	select {
	case <-p.ended:
	default:
		_ = syscall.Kill(p.pid, signal) // it may end at this moment
	}
}

// Kill ends the process at once.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.ended
}

// Wait returns the exit status of a process that ends by itself. The test fails
// where it does not in time, or dies of a signal.
func (p *Process) Wait(t testing.TB, within time.Duration) int {
	t.Helper()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-p.ended:
	case <-late.C:
		t.Fatalf("still running after %v\n%s", within, p.Stderr.String())
	}
	var exit *proc.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		t.Fatalf("%v\n%s", p.err, p.Stderr.String())
	}
	if exit == nil {
		return 0
	}
	return exit.Status
}

// Output is what a process has written so far.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
	new chan struct{} // closed at the next write; nil while nobody waits
}

func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.Write(b)
	if o.new != nil {
		close(o.new)
		o.new = nil
	}
	return len(b), nil
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// after returns what was written, and a channel that is closed when there is more.
func (o *Output) after() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.new == nil {
		o.new = make(chan struct{})
	}
	return o.buf.String(), o.new
}

// Await waits until a line that starts with text has been written, and returns
// it. The test fails where the process ends before.
func (p *Process) Await(t testing.TB, o *Output, text string, within time.Duration) string {
	t.Helper()
	late := time.NewTimer(within)
	defer late.Stop()
	for ended := p.ended; ; {
		written, more := o.after()
		for line := range strings.Lines(written) {
			if strings.HasPrefix(line, text) && strings.HasSuffix(line, "\n") {
				return strings.TrimSuffix(line, "\n")
			}
		}
		if ended == nil {
			t.Fatalf("it ended (%v) before it wrote %q\n%s", p.err, text, p.Stderr.String())
		}
		select {
		case <-more:
		case <-p.ended:
			ended = nil // all is written now: look once more
		case <-late.C:
			t.Fatalf("it has not written %q in %v:\n%s%s", text, within, written, p.Stderr.String())
		}
	}
}
