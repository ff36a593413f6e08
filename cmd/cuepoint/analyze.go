package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/text/language"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

type analyzeCmd struct {
	Files    []string `arg:"" name:"file" help:"Videos or sound files; with --stage, ids of videos in the library." type:"path"`
	Language string   `help:"Language that is spoken (BCP 47); detected unless given." placeholder:"xx"`
	Captions string   `help:"Captions to import instead of listening (WebVTT, SRT or TTML). Only with one file." placeholder:"FILE" type:"path"`
	Stage    []string `help:"Look at this stage again, and at those that rest on it." placeholder:"STAGE"`
	Force    bool     `help:"Run stages again although nothing has changed."`
	NoWait   bool     `help:"Leave the work to others (cuepoint serve), and do not wait for it."`
}

// ahead is how many files are taken in before the first of them is done.
const ahead = 8

// Run has files analyzed, several at a time, and reports on them in their order.
// One that fails does not stop the rest.
func (c *analyzeCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	s, err := e.session(a)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.NoWait {
		return c.submit(e, s)
	}
	ctx, stop := context.WithCancelCause(e.ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		stop(s.work(ctx))
	}()
	defer func() { stop(nil); <-worked }()
	return c.all(ctx, e, s)
}

func (c *analyzeCmd) check() error {
	if c.Captions != "" && len(c.Files) > 1 {
		return usageError{errors.New("--captions goes with one file; run the command once per file")}
	}
	if _, err := language.Parse(c.Language); c.Language != "" && err != nil {
		return usageError{fmt.Errorf("--language %q is no language tag (BCP 47); give one such as de or pt-BR", c.Language)}
	}
	return nil
}

// submitted is an input that was taken in, or refused.
type submitted struct {
	file string
	id   string
	err  error
}

// all has all inputs analyzed.
func (c *analyzeCmd) all(ctx context.Context, e *env, s *session) error {
	inputs := make(chan submitted, ahead)
	taking, stop := context.WithCancel(ctx)
	var taker sync.WaitGroup
	defer taker.Wait() // lest it uses what is closed after this
	defer stop()
	taker.Go(func() {
		defer close(inputs)
		for _, file := range c.Files {
			id, err := c.command(taking, s, file)
			select {
			case inputs <- submitted{file, id, err}:
			case <-taking.Done():
				return
			}
		}
	})
	failed := 0
	for in := range inputs {
		doc, err := c.wait(ctx, e, s.app, in)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed++
		}
		if err := c.report(e, in.file, doc, err); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if failed > 0 {
		return told{fmt.Errorf("%d of %d inputs failed", failed, len(c.Files))}
	}
	return nil
}

// command has an input analyzed, and returns its video's id. It waits for servers
// that are away.
func (c *analyzeCmd) command(ctx context.Context, s *session, input string) (id string, err error) {
	err = s.app.Outlast(ctx, func() error {
		id, err = c.give(ctx, s, input)
		return err
	})
	return id, err
}

// give gives the command to have an input analyzed.
func (c *analyzeCmd) give(ctx context.Context, s *session, input string) (id string, err error) {
	err = s.do(ctx, func(to api.Commands) error {
		if len(c.Stage) > 0 {
			id = filepath.Base(input) // it was read as a path
			_, err := to.Analyze(ctx, id, c.Stage, c.Force)
			return err
		}
		video, err := to.Create(ctx, api.CreateRequest{Path: input, Language: c.Language, Captions: c.Captions})
		if err != nil {
			return err
		}
		id = video.ID
		if c.Force {
			_, err = to.Analyze(ctx, id, nil, true)
		}
		return err
	})
	return id, err
}

// submit has all inputs analyzed by others.
func (c *analyzeCmd) submit(e *env, s *session) error {
	failed := 0
	for _, file := range c.Files {
		id, err := c.command(e.ctx, s, file)
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
		if err != nil {
			failed++
			if err := c.report(e, file, app.Refused(file, err), err); err != nil {
				return err
			}
			continue
		}
		if err := e.print(map[string]string{"id": id, "source": file}, "%s %s\n", id, file); err != nil {
			return err
		}
	}
	if failed > 0 {
		return told{fmt.Errorf("%d of %d inputs failed", failed, len(c.Files))}
	}
	return nil
}

// wait waits until all is done with an input.
func (c *analyzeCmd) wait(ctx context.Context, e *env, a *app.App, in submitted) (*app.Document, error) {
	if in.err != nil {
		return app.Refused(in.file, in.err), in.err
	}
	watch := newProgress(e.stderr, in.file, a.Pipeline.Names())
	defer watch.Close()
	doc, err := a.Wait(ctx, in.id, watch)
	if doc == nil {
		doc = app.Refused(in.file, err)
		doc.ID = in.id
	}
	return doc, err
}

// report prints what came of a file: a JSON line, or sentences.
func (c *analyzeCmd) report(e *env, file string, doc *app.Document, err error) error {
	if err != nil {
		reason := models.AsError(err)
		e.log.Debug("input failed", "file", file, "error", err)
		fmt.Fprintf(e.stderr, "%s: %s: %s: %s\n", file, doc.State, reason.Code, reason.Message)
	}
	if doc.State == models.VideoFailed && !e.cli.JSON {
		return nil
	}
	return e.print(doc, "%s  %s  %s  %v  renditions %d, shots %d, segments %d, chapters %d\n  play %s\n",
		doc.ID, doc.State, doc.Title, time.Duration(doc.Duration).Round(time.Millisecond),
		len(doc.Renditions), len(doc.Shots), len(doc.Transcript.Segments), len(doc.Chapters), doc.HLS)
}
