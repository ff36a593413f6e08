package proc

import (
	"fmt"
	"io"
	"syscall"
	"time"
)

// Command is a program to run. Args does not hold the program's own name.
type Command struct {
	Path string
	Args []string
	Dir  string
	Env  []string // added to the parent's environment

	Stdin  io.Reader // nil for none
	Stdout io.Writer // nil to drop
	// Stderr also gets a copy of what is kept for [ExitError]; nil for none.
	Stderr io.Writer
	// Outputs read what the child writes to its descriptors 3, 4, …, each in a
	// goroutine of its own. One that fails stops the child, and its error is
	// Run's, except io.ErrUnexpectedEOF where the child failed by itself; what
	// one leaves unread is dropped.
	Outputs []func(io.Reader) error

	Limits Limits
	// Grace is how long a child may take between being asked to stop and being
	// killed; 0 means [DefaultGrace].
	Grace time.Duration
}

// DefaultGrace leaves FFmpeg time to close its files, and people no time to
// wonder why Ctrl-C does nothing.
const DefaultGrace = time.Second

// stderrTail is how much of a child's last words are kept.
const stderrTail = 8 << 10

// Limits bound a child. Zero means no limit of that kind.
type Limits struct {
	Wall     time.Duration // from start to end
	CPU      time.Duration // rounded up to whole seconds
	Memory   int64         // address space, in bytes
	FileSize int64         // of any one file it writes, in bytes
	// Progress is how long the child may go without a call of the function
	// that [Run] hands to its caller.
	Progress time.Duration
	// Nice is added to the parent's niceness.
	Nice int
}

// LimitError says that we ended a child because it hit a limit.
type LimitError struct {
	Program string
	Limit   string // "wall", "cpu", "progress", "file size"
	Stderr  string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: stopped at its %s limit: %s", e.Program, e.Limit, e.Stderr)
}

// ExitError says that a child ended by itself with a status other than 0.
type ExitError struct {
	Program string
	Status  int
	Stderr  string // the last 8 KiB
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("%s: exit status %d: %s", e.Program, e.Status, e.Stderr)
}

// SignalError says that a child died of a signal that we did not send: it
// crashed, or somebody else killed it.
type SignalError struct {
	Program string
	Signal  syscall.Signal
	Stderr  string
}

func (e *SignalError) Error() string {
	return fmt.Sprintf("%s: killed by %v: %s", e.Program, e.Signal, e.Stderr)
}

// MissingError says that a program is not installed.
type MissingError struct {
	Program string
	Err     error
}

func (e *MissingError) Error() string { return fmt.Sprintf("%s: not found: %v", e.Program, e.Err) }
func (e *MissingError) Unwrap() error { return e.Err }
