package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errProgress and errWall are the causes that end a child's context.
var (
	errProgress = errors.New("no progress")
	errWall     = errors.New("out of time")
)

// Run starts c and waits for its end and for its output to be drained. The
// context's end, or a limit, stops the child and everything in its process
// group. It returns the context's error, [LimitError], [ExitError],
// [SignalError], [MissingError], or what writing to Stdout returned.
func Run(ctx context.Context, c Command) error {
	return RunWatched(ctx, c, nil)
}

// RunWatched is [Run] for children that tell how far they are: watch gets a
// function to call at every sign of progress, on which the Progress limit
// depends. It is called once, before the child starts.
func RunWatched(ctx context.Context, c Command, watch func(alive func())) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.Limits.Wall > 0 {
		defer time.AfterFunc(c.Limits.Wall, func() { cancel(errWall) }).Stop()
	}
	alive := func() {}
	if c.Limits.Progress > 0 {
		timer := time.AfterFunc(c.Limits.Progress, func() { cancel(errProgress) })
		defer timer.Stop()
		alive = func() { timer.Reset(c.Limits.Progress) }
	}
	if watch != nil {
		watch(alive)
	}

	tail := &tailWriter{next: c.Stderr}
	cmd, stop := build(ctx, c, tail)
	outputs, err := newOutputs(cmd, len(c.Outputs))
	if err != nil {
		return fmt.Errorf("%s: open pipes: %w", filepath.Base(c.Path), err)
	}
	err = onOwnThread(func() error {
		err := cmd.Start()
		outputs.release()
		if err != nil {
			return err
		}
		limit(cmd.Process.Pid, c.Limits)
		outputs.consume(c.Outputs, cancel)
		awaitExit(cmd.Process.Pid)
		// Whatever the leader left behind goes with it, before it is reaped: until
		// then nobody else can have its group's number.
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		return cmd.Wait()
	})
	consumed := outputs.wait(cmd.WaitDelay)
	if err == nil && consumed != nil {
		return fmt.Errorf("%s: read its output: %w", filepath.Base(c.Path), consumed)
	}
	return explain(ctx, c, err, stop, tail.String())
}

// stopper asks a child to stop, and kills it when its grace is over.
type stopper struct {
	grace time.Duration
	asked atomic.Bool
	kill  *time.Timer
}

func (s *stopper) stop(pid int) error {
	s.asked.Store(true)
	s.kill = time.AfterFunc(s.grace, func() { _ = unix.Kill(-pid, unix.SIGKILL) })
	return unix.Kill(-pid, unix.SIGTERM)
}

// build makes the exec.Cmd and what stops it.
func build(ctx context.Context, c Command, stderr *tailWriter) (*exec.Cmd, *stopper) {
	stop := &stopper{grace: c.Grace}
	if stop.grace == 0 {
		stop.grace = DefaultGrace
	}
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return stop.stop(cmd.Process.Pid) }
	// Past the kill, a grandchild that left the group may still hold a pipe.
	cmd.WaitDelay = stop.grace + time.Second
	return cmd, stop
}

// awaitExit returns when a child has ended and leaves it to be waited for.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// onOwnThread runs f on an OS thread that lives until f ends: the kernel sends
// a child its parent-death signal when the thread that started it goes.
func onOwnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- f()
	}()
	return <-done
}

// limit sets a started child's limits. It cannot fail in a way that matters
// other than by the child being gone already.
func limit(pid int, l Limits) {
	set := func(resource int, soft, hard uint64) {
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: soft, Max: hard}, nil)
	}
	if l.CPU > 0 {
		seconds := uint64((l.CPU + time.Second - 1) / time.Second)
		set(unix.RLIMIT_CPU, seconds, seconds+1)
	}
	if l.Memory > 0 {
		set(unix.RLIMIT_AS, uint64(l.Memory), uint64(l.Memory))
	}
	if l.FileSize > 0 {
		set(unix.RLIMIT_FSIZE, uint64(l.FileSize), uint64(l.FileSize))
	}
	set(unix.RLIMIT_CORE, 0, 0)
	if l.Nice != 0 {
		if now, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil {
			_ = unix.Setpriority(unix.PRIO_PGRP, pid, 20-now+l.Nice) // getpriority(2) answers 20-nice
		}
	}
}

// explain turns the end of a child into one of this package's errors.
func explain(ctx context.Context, c Command, err error, stop *stopper, stderr string) error {
	program := filepath.Base(c.Path)
	if stop.kill != nil {
		stop.kill.Stop()
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return &MissingError{Program: program, Err: err}
	}
	if stop.asked.Load() || ctx.Err() != nil {
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, errWall):
			return &LimitError{Program: program, Limit: "wall", Stderr: stderr}
		case errors.Is(cause, errProgress):
			return &LimitError{Program: program, Limit: "progress", Stderr: stderr}
		default:
			return fmt.Errorf("%s: %w", program, cause)
		}
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s: %w", program, err)
	}
	status, _ := exit.Sys().(syscall.WaitStatus)
	// At its limit of CPU time a program may also end by itself, as FFmpeg does,
	// or wait to be killed. The kernel counts for the limit in ticks, and reports
	// in finer units less than that.
	short := max(c.Limits.CPU/20, 300*time.Millisecond)
	spent := c.Limits.CPU > 0 && exit.SystemTime()+exit.UserTime() >= c.Limits.CPU-short
	switch {
	case spent || status.Signaled() && status.Signal() == syscall.SIGXCPU:
		return &LimitError{Program: program, Limit: "cpu", Stderr: stderr}
	case status.Signaled() && status.Signal() == syscall.SIGXFSZ:
		return &LimitError{Program: program, Limit: "file size", Stderr: stderr}
	case !status.Signaled():
		return &ExitError{Program: program, Status: status.ExitStatus(), Stderr: stderr}
	}
	return &SignalError{Program: program, Signal: status.Signal(), Stderr: stderr}
}

// tailWriter keeps the last bytes written to it and passes all on to next.
type tailWriter struct {
	next io.Writer

	mu  sync.Mutex
	buf []byte
}

func (w *tailWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.buf = append(w.buf, p...)
	if n := len(w.buf) - stderrTail; n > 0 {
		w.buf = append(w.buf[:0], w.buf[n:]...)
	}
	w.mu.Unlock()
	if w.next != nil {
		return w.next.Write(p)
	}
	return len(p), nil
}

func (w *tailWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.buf)
}
