package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Client starts an engine for each call: what a call leaked, or was about to
// crash on, ends with it.
type Client struct {
	Name   string // of the executable, looked for beside our own and on PATH
	Path   string // where it is known already; else empty
	Limits proc.Limits
	Env    []string
}

// Handler hears what an engine says while it works. Nil functions are skipped.
type Handler struct {
	Progress func(fraction float64)
	Event    func(json.RawMessage) error // an error ends the call
}

// Call runs one method to its end and decodes its result into result. Errors
// are the engine's own, ENGINE_MISSING when it is not installed,
// ENGINE_CRASHED when it died or broke the protocol, RESOURCE_LIMIT or
// STAGE_TIMEOUT when it hit a limit, and the context's.
func (c Client) Call(ctx context.Context, method string, params, result any, on Handler) error {
	path, err := c.look()
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("encode parameters of %s: %w", method, err)
	}
	line, err := json.Marshal(request{ID: 1, Method: method, Params: encoded})
	if err != nil {
		return fmt.Errorf("encode request %s: %w", method, err)
	}

	running, cancel := context.WithCancel(ctx)
	defer cancel()
	out, in := io.Pipe()
	call := &call{client: c, on: on, alive: func() {}}
	answered := make(chan error, 1)
	go func() {
		err := call.read(out)
		if err != nil {
			cancel() // nothing it says from here on counts
		}
		out.CloseWithError(io.ErrClosedPipe)
		answered <- err
	}()
	runErr := proc.RunWatched(running, proc.Command{
		Path:   path,
		Stdin:  bytes.NewReader(append(line, '\n')),
		Stdout: in,
		Env:    c.Env,
		Limits: c.Limits,
	}, func(alive func()) { call.alive = alive })
	in.Close()
	readErr := <-answered

	// An engine that is told to stop may still answer: that is not the reason.
	var limit *proc.LimitError
	switch {
	case call.refused != nil:
		return call.refused
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(runErr, &limit):
		return c.explain(runErr, nil)
	case call.err != nil:
		return call.err
	case call.result != nil && readErr == nil:
		return json.Unmarshal(call.result, result)
	}
	return c.explain(runErr, readErr)
}

// Identity is what an engine says of itself.
type Identity struct {
	Path    string
	Name    string
	Version string // its own or its library's, for people
}

// Identify starts the engine, lets it say hello, and ends it. ENGINE_MISSING or
// ENGINE_CRASHED.
func (c Client) Identify(ctx context.Context) (Identity, error) {
	path, err := c.look()
	if err != nil {
		return Identity{}, err
	}
	out, err := proc.Output(ctx, proc.Command{Path: path, Limits: c.Limits, Env: c.Env})
	if err != nil {
		return Identity{}, c.explain(err, nil)
	}
	var m message
	line, _, _ := bytes.Cut(out, []byte("\n"))
	if err := json.Unmarshal(line, &m); err != nil || m.Hello == nil || m.Hello.Protocol != Version {
		return Identity{}, c.explain(nil, fmt.Errorf("it said %q", line))
	}
	return Identity{Path: path, Name: m.Hello.Engine, Version: m.Hello.Version}, nil
}

func (c Client) look() (string, error) {
	if c.Path != "" {
		return c.Path, nil
	}
	path, err := proc.Look(c.Name)
	if err != nil {
		return "", c.missing(err)
	}
	return path, nil
}

// call is the state of one request.
type call struct {
	client  Client
	on      Handler
	alive   func()
	result  json.RawMessage
	err     error // the engine's own
	refused error // the handler's
}

// read takes the engine's lines until its answer, then drains the rest.
func (c *call) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	greeted := false
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return fmt.Errorf("%s broke the protocol: %w", c.client.Name, err)
		}
		c.alive()
		switch {
		case m.Hello != nil:
			if m.Hello.Protocol != Version {
				return fmt.Errorf("%s speaks protocol %d, not %d", c.client.Name, m.Hello.Protocol, Version)
			}
			greeted = true
		case !greeted:
			return fmt.Errorf("%s did not say hello", c.client.Name)
		case m.Error != nil:
			e := &models.Error{Code: m.Error.Code, Message: m.Error.Message}
			if m.Error.Cause != "" {
				e.Err = errors.New(m.Error.Cause)
			}
			c.err = e
		case m.Result != nil:
			c.result = m.Result
		case m.Event != nil && c.on.Event != nil:
			if err := c.on.Event(m.Event); err != nil {
				c.refused = err
				return err
			}
		case m.Progress != nil && c.on.Progress != nil:
			c.on.Progress(*m.Progress)
		}
	}
	return lines.Err()
}

func (c Client) missing(err error) error {
	return models.Errorf(models.CodeEngineMissing,
		"%s is not installed; run `cuepoint doctor` to see how to install it", c.Name).Because(err)
}

// explain says why there was no answer: runErr is how the process ended,
// readErr what was wrong with its output.
func (c Client) explain(runErr, readErr error) error {
	if readErr != nil {
		return models.Errorf(models.CodeEngineCrashed,
			"%s does not speak our protocol; build it from the same sources as cuepoint", c.Name).Because(errors.Join(readErr, runErr))
	}
	var missing *proc.MissingError
	var limit *proc.LimitError
	switch {
	case errors.As(runErr, &missing):
		return c.missing(runErr)
	case errors.As(runErr, &limit):
		code := models.CodeResourceLimit
		if limit.Limit == "wall" || limit.Limit == "progress" {
			code = models.CodeStageTimeout
		}
		return models.Errorf(code, "%s was stopped at its %s limit; run again, or cut the file into parts",
			c.Name, limit.Limit).Because(runErr)
	case errors.Is(runErr, context.Canceled), errors.Is(runErr, context.DeadlineExceeded):
		return runErr
	case runErr == nil:
		runErr = errors.New("ended without an answer")
	}
	return models.Errorf(models.CodeEngineCrashed, "%s crashed while working on this file; run again, and report the file where it crashes again", c.Name).Because(runErr)
}
