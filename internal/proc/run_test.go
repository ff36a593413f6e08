package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// asParent makes the test binary a program that starts a child and waits.
const asParent = "CUEPOINT_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(asParent) != "" {
		c := shell("echo $PPID $$; exec sleep 600")
		c.Stdout = os.Stdout
		_ = Run(context.Background(), c)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func shell(script string) Command {
	return Command{Path: "/bin/sh", Args: []string{"-c", script}}
}

// ended fails the test unless a process ends soon.
func ended(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10_000)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			t.Fatal(err)
		case n == 0:
			t.Fatalf("process %d is still alive", pid)
		}
		return
	}
}

// pids reads the numbers in a file.
func pids(t *testing.T, path string) []int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return numbers(t, string(text))
}

func numbers(t *testing.T, text string) []int {
	t.Helper()
	var out []int
	for _, field := range strings.Fields(text) {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

// signalWriter tells when something was written to it.
type signalWriter struct{ written chan struct{} }

func (w *signalWriter) Write(p []byte) (int, error) {
	select {
	case w.written <- struct{}{}:
	default:
	}
	return len(p), nil
}

func TestAProgramThatEndsWellGivesItsOutput(t *testing.T) {
	t.Parallel()
	out, err := Output(t.Context(), shell("cat; echo $WHO"))
	if err != nil || string(out) != "\n" {
		t.Errorf("got %q, %v", out, err)
	}
	c := shell("cat; echo $WHO")
	c.Stdin, c.Env = strings.NewReader("in "), []string{"WHO=me"}
	if out, err := Output(t.Context(), c); err != nil || string(out) != "in me\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestAProgramThatFailsGivesItsStatusAndLastWords(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), shell("seq 5000 >&2; exit 3"))
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Status != 3 || exit.Program != "sh" {
		t.Fatalf("error %v", err)
	}
	if len(exit.Stderr) != stderrTail || !strings.HasSuffix(exit.Stderr, "\n4999\n5000\n") {
		t.Errorf("kept %d bytes of stderr, ending in %q", len(exit.Stderr), exit.Stderr[len(exit.Stderr)-10:])
	}
}

func TestAProgramThatCrashesGivesItsSignal(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), shell("kill -SEGV $$"))
	var signal *SignalError
	if !errors.As(err, &signal) || signal.Signal != unix.SIGSEGV {
		t.Errorf("error %v", err)
	}
}

func TestAProgramThatIsMissingIsSaidToBe(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), Command{Path: "/nowhere/ffmpeg"})
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Program != "ffmpeg" {
		t.Errorf("error %v", err)
	}
	if _, err := Look("no-such-program-anywhere"); !errors.As(err, &missing) {
		t.Errorf("error %v", err)
	}
}

func TestACanceledProgramGoesWithItsGrandchildren(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	file := filepath.Join(t.TempDir(), "pids")
	started := &signalWriter{written: make(chan struct{}, 1)}
	c := shell("sleep 600 & echo $$ $! >" + file + "; echo; wait")
	c.Stdout = started
	go func() {
		<-started.written
		cancel()
	}()
	if err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for _, pid := range pids(t, file) {
		ended(t, pid)
	}
}

func TestAProgramThatIgnoresBeingAskedIsKilled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started := &signalWriter{written: make(chan struct{}, 1)}
	c := shell(`trap "" TERM; echo; while :; do sleep 1; done`)
	c.Stdout, c.Grace = started, 10*time.Millisecond
	go func() {
		<-started.written
		cancel()
	}()
	if err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAGrandchildLeftBehindDoesNotHoldTheResult(t *testing.T) {
	t.Parallel()
	t.Run("in the group it is killed", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "pids")
		if _, err := Output(t.Context(), shell("sleep 600 & echo $! >"+file)); err != nil {
			t.Error(err)
		}
		for _, pid := range pids(t, file) {
			ended(t, pid)
		}
	})
	t.Run("outside of it the pipe is given up", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "pids")
		c := shell("setsid sh -c 'echo $$ >" + file + "; exec sleep 600' & while ! [ -s " + file + " ]; do :; done")
		c.Grace = time.Millisecond
		c.Outputs = []func(io.Reader) error{func(r io.Reader) error { _, _ = io.Copy(io.Discard, r); return nil }}
		if _, err := Output(t.Context(), c); err == nil {
			t.Error("no error, though its output may be incomplete")
		}
		for _, pid := range pids(t, file) {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	})
}

func TestAKilledParentTakesItsChildrenWithIt(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(out).ReadString('\n')
		line <- text
		_, _ = io.Copy(io.Discard, out)
	}()
	done := make(chan error, 1)
	go func() {
		done <- Run(t.Context(), Command{Path: self, Env: []string{asParent + "=1"}, Stdout: in})
		in.Close()
	}()
	both := numbers(t, <-line)
	if len(both) != 2 {
		t.Fatalf("got pids %v", both)
	}
	parent, child := both[0], both[1]
	fd, err := unix.PidfdOpen(child, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	if err := unix.Kill(parent, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended(t, child)
	var signal *SignalError
	if err := <-done; !errors.As(err, &signal) || signal.Signal != unix.SIGKILL {
		t.Errorf("error %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	for _, test := range []struct {
		name, script, limit string
		limits              Limits
	}{
		{"wall", "sleep 600", "wall", Limits{Wall: 50 * time.Millisecond}},
		{"progress", "sleep 600", "progress", Limits{Progress: 50 * time.Millisecond}},
		{"cpu", "while :; do :; done", "cpu", Limits{CPU: time.Second}},
		{"cpu, signal ignored", "trap '' XCPU; while :; do :; done", "cpu", Limits{CPU: time.Second}},
		{"cpu, signal handled", "trap 'exit 7' XCPU; while :; do :; done", "cpu", Limits{CPU: time.Second}},
		{"file size", "sleep 0.1; exec dd if=/dev/zero bs=64k count=64 of=" + file, "file size", Limits{FileSize: 100_000}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := shell(test.script)
			c.Limits, c.Grace = test.limits, 10*time.Millisecond
			err := Run(t.Context(), c)
			var limit *LimitError
			if !errors.As(err, &limit) || limit.Limit != test.limit {
				t.Errorf("error %v, want the %s limit", err, test.limit)
			}
		})
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		c := shell("sleep 0.1; exec dd if=/dev/zero of=/dev/null bs=256M count=1")
		c.Limits.Memory = 64 << 20
		var exit *ExitError
		if err := Run(t.Context(), c); !errors.As(err, &exit) || !strings.Contains(exit.Stderr, "memory") {
			t.Errorf("error %v, want dd to say that memory is exhausted", err)
		}
	})
	t.Run("niceness", func(t *testing.T) {
		t.Parallel()
		before, err := Output(t.Context(), shell("nice"))
		if err != nil {
			t.Fatal(err)
		}
		c := shell("sleep 0.1; nice")
		c.Limits.Nice = 3
		after, err := Output(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := numbers(t, string(after))[0], numbers(t, string(before))[0]; a != min(b+3, 19) {
			t.Errorf("niceness %d after %d, want 3 more", a, b)
		}
	})
}

func TestProgressKeepsAProgramAlive(t *testing.T) {
	t.Parallel()
	// Each line resets the limit, which is shorter than all lines together.
	c := shell("for i in 1 2 3 4 5 6 7 8; do sleep 0.1; echo; done")
	c.Limits.Progress = 400 * time.Millisecond
	var beat func()
	c.Stdout = writerFunc(func(p []byte) (int, error) { beat(); return len(p), nil })
	if err := RunWatched(t.Context(), c, func(alive func()) { beat = alive }); err != nil {
		t.Error(err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestOutputs(t *testing.T) {
	t.Parallel()
	t.Run("each descriptor has its reader", func(t *testing.T) {
		t.Parallel()
		var got [2]string
		c := shell("echo three >&3; echo four >&4")
		for i := range got {
			c.Outputs = append(c.Outputs, func(r io.Reader) error {
				text, err := io.ReadAll(r)
				got[i] = string(text)
				return err
			})
		}
		if err := Run(t.Context(), c); err != nil || got != [2]string{"three\n", "four\n"} {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("one that fails stops the program", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("no more room")
		c := shell("echo >&3; exec sleep 600")
		c.Outputs = []func(io.Reader) error{func(r io.Reader) error {
			_, _ = r.Read(make([]byte, 1))
			return fmt.Errorf("write: %w", broken)
		}}
		if err := Run(t.Context(), c); !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("one that fails at the end fails the run", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("cut short")
		c := shell("echo >&3")
		c.Outputs = []func(io.Reader) error{func(r io.Reader) error {
			_, _ = io.ReadAll(r)
			return broken
		}}
		if err := Run(t.Context(), c); !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("one that misses its end leaves it to the program to say why", func(t *testing.T) {
		t.Parallel()
		c := shell("echo >&3; exit 3")
		c.Outputs = []func(io.Reader) error{func(r io.Reader) error {
			_, err := io.ReadFull(r, make([]byte, 100))
			return err
		}}
		var exit *ExitError
		if err := Run(t.Context(), c); !errors.As(err, &exit) || exit.Status != 3 {
			t.Errorf("error %v", err)
		}
	})
	t.Run("what is left unread does not block", func(t *testing.T) {
		t.Parallel()
		c := shell("head -c 1000000 /dev/zero >&3")
		c.Outputs = []func(io.Reader) error{func(io.Reader) error { return nil }}
		if err := Run(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
	t.Run("none is called for a program that is missing", func(t *testing.T) {
		t.Parallel()
		c := Command{Path: "/nowhere/ffmpeg", Outputs: []func(io.Reader) error{func(io.Reader) error {
			t.Error("called")
			return nil
		}}}
		if err := Run(t.Context(), c); err == nil {
			t.Error("no error")
		}
	})
}
