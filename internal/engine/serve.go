package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
)

// Method answers one kind of request. Its result is encoded as JSON; an error
// that is not a [models.Error] is answered as INTERNAL.
type Method func(ctx context.Context, params json.RawMessage, reply Reply) (result any, err error)

// Reply is how a method speaks before its result.
type Reply interface {
	Progress(fraction float64)
	Event(v any)
}

// Main is an engine's whole main function: it answers requests until the input
// ends and returns the exit status. Standard output is kept aside first and
// then points to standard error, so that a chatty library cannot corrupt the
// protocol.
func Main(name, version string, methods map[string]Method) int {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	fd, err := unix.Dup(1)
	if err == nil {
		err = unix.Dup3(2, 1, 0)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: keep standard output aside: %v\n", name, err)
		return 1
	}
	out := os.NewFile(uintptr(fd), "protocol")
	defer out.Close()
	if err := Serve(ctx, os.Stdin, out, name, version, methods); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// Serve answers the requests read from r on w until r ends.
func Serve(ctx context.Context, r io.Reader, w io.Writer, name, version string, methods map[string]Method) error {
	out := &replies{w: json.NewEncoder(w)}
	if err := out.send(message{Hello: &hello{Protocol: Version, Engine: name, Version: version}}); err != nil {
		return err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			return fmt.Errorf("not a request: %w", err)
		}
		if err := out.send(answer(ctx, req, methods, out)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer runs the method of a request and returns the closing message.
func answer(ctx context.Context, req request, methods map[string]Method, out *replies) message {
	method, ok := methods[req.Method]
	var result any
	err := error(models.Errorf(models.CodeInvalidArgument, "no method %q", req.Method))
	if ok {
		result, err = method(ctx, req.Params, reply{out: out, id: req.ID})
	}
	var encoded json.RawMessage
	if err == nil {
		encoded, err = json.Marshal(result)
	}
	if err != nil {
		e := models.AsError(err)
		w := &wireError{Code: e.Code, Message: e.Message}
		if e.Err != nil {
			w.Cause = e.Err.Error()
		}
		return message{ID: req.ID, Error: w}
	}
	return message{ID: req.ID, Result: encoded}
}

// replies writes one message per line, whole, from any goroutine.
type replies struct {
	mu sync.Mutex
	w  *json.Encoder
}

func (r *replies) send(m message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.w.Encode(m)
}

type reply struct {
	out *replies
	id  int64
}

// A reply that cannot be written is no error of the method's: the one who
// asked is gone, and the closing message will say so.

func (r reply) Progress(fraction float64) {
	_ = r.out.send(message{ID: r.id, Progress: &fraction})
}

func (r reply) Event(v any) {
	if encoded, err := json.Marshal(v); err == nil {
		_ = r.out.send(message{ID: r.id, Event: encoded})
	}
}
