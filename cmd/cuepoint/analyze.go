package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

type analyzeCmd struct {
	Inputs   []string `arg:"" name:"file" help:"Videos or sound files, or ids of videos in the library. With --server, files are the server's own." type:"raw"`
	Language string   `help:"Language that is spoken (BCP 47); detected unless given." placeholder:"xx"`
	Captions string   `help:"Captions to import instead of listening (WebVTT, SRT or TTML). Only with one file." placeholder:"FILE" type:"raw"`
	Stage    []string `help:"Look at this stage again, and at those that rest on it. The arguments are ids then." placeholder:"STAGE"`
	Force    bool     `help:"Run stages again although nothing has changed."`
	NoWait   bool     `help:"Leave the work to others (cuepoint serve), and do not wait for it."`
}

// ahead is how many files are taken in before the first of them is done.
const ahead = 8

// Run has files analyzed, several at a time, and reports on them in their order.
// One that fails does not stop the rest.
func (c *analyzeCmd) Run(e *env) error {
	inputs, err := c.inputs(e)
	if err != nil {
		return err
	}
	s, err := e.session(true)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.NoWait {
		return c.submit(e, s, inputs)
	}
	return s.beside(e.ctx, func(ctx context.Context) error { return c.all(ctx, e, s, inputs) })
}

// inputs checks the command line, and returns what it names.
func (c *analyzeCmd) inputs(e *env) ([]input, error) {
	if c.Captions != "" && len(c.Inputs) > 1 {
		return nil, usageError{errors.New("--captions goes with one file; run the command once per file")}
	}
	if err := checkLanguage(c.Language); err != nil {
		return nil, err
	}
	for i, stage := range c.Stage {
		c.Stage[i] = valid(stage)
	}
	var all []input
	for _, given := range c.Inputs {
		in, err := e.input(given, len(c.Stage) > 0)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	if c.Captions != "" {
		captions, err := e.path(c.Captions)
		if err != nil {
			return nil, err
		}
		c.Captions = captions
	}
	return all, nil
}

// submitted is an input that was taken in, or refused.
type submitted struct {
	input
	video string // its id
	err   error
}

// all has all inputs analyzed.
func (c *analyzeCmd) all(ctx context.Context, e *env, s *session, inputs []input) error {
	taken := make(chan submitted, ahead)
	taking, stop := context.WithCancel(ctx)
	var taker sync.WaitGroup
	defer taker.Wait() // lest it uses what is closed after this
	defer stop()
	taker.Go(func() {
		defer close(taken)
		for _, in := range inputs {
			id, err := c.give(taking, s, in)
			select {
			case taken <- submitted{in, id, err}:
			case <-taking.Done():
				return
			}
		}
	})
	failed := 0
	for in := range taken {
		doc, err := c.wait(ctx, e, s, in)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed++
		}
		if err := c.report(e, in.input, doc, err); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if failed > 0 {
		return told{fmt.Errorf("%d of %d inputs failed", failed, len(inputs))}
	}
	return nil
}

// give has an input analyzed, and returns its video's id. It waits for servers
// that are away.
func (c *analyzeCmd) give(ctx context.Context, s *session, in input) (id string, err error) {
	err = s.patiently(ctx, func(to *library) (err error) {
		if id = in.id; id == "" {
			if id, err = c.create(ctx, to, in); err != nil || !c.Force {
				return err
			}
		}
		_, err = to.Videos.AnalyzeVideo(ctx, &cuepointv1.AnalyzeVideoRequest{Name: videoName(id), Stages: c.Stage, Force: c.Force})
		return err
	})
	return id, in.explain(err)
}

// create has a file taken in, and returns its video's id.
func (c *analyzeCmd) create(ctx context.Context, to *library, in input) (id string, err error) {
	video, err := to.Videos.CreateVideo(ctx, &cuepointv1.CreateVideoRequest{
		Source:       &cuepointv1.CreateVideoRequest_Path{Path: []byte(in.path)},
		CaptionsPath: []byte(c.Captions),
		Video:        &cuepointv1.Video{LanguageCode: valid(c.Language)},
	})
	return videoID(video.GetName()), err
}

// submit has all inputs analyzed by others.
func (c *analyzeCmd) submit(e *env, s *session, inputs []input) error {
	failed := 0
	for _, in := range inputs {
		id, err := c.give(e.ctx, s, in)
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
		if err != nil {
			failed++
			if err := c.report(e, in, refused(in.String(), err), err); err != nil {
				return err
			}
			continue
		}
		if err := e.print(map[string]string{"id": id, "source": in.String()}, "%s %s\n", id, in); err != nil {
			return err
		}
	}
	if failed > 0 {
		return told{fmt.Errorf("%d of %d inputs failed", failed, len(inputs))}
	}
	return nil
}

// wait waits until all is done with an input.
func (c *analyzeCmd) wait(ctx context.Context, e *env, s *session, in submitted) (*document, error) {
	if in.err != nil {
		return refused(in.String(), in.err), in.err
	}
	show := newProgress(e.stderr, in.String())
	defer show.Close()
	doc, err := s.wait(ctx, in.video, show)
	if doc == nil {
		doc = refused(in.String(), err)
		doc.ID = in.video
	}
	return doc, err
}

// report prints what came of a file: a JSON line, or sentences.
func (c *analyzeCmd) report(e *env, in input, doc *document, err error) error {
	if err != nil {
		reason := models.AsError(err)
		e.log.Debug("input failed", "file", in, "error", err)
		fmt.Fprintf(e.stderr, "%s: %s: %s: %s\n", in, doc.State, reason.Code, reason.Message)
	}
	if doc.State == models.VideoFailed && !e.cli.JSON {
		return nil
	}
	return e.summarize(doc)
}

// summarize prints a document, in short for people.
func (e *env) summarize(doc *document) error {
	return e.print(doc, "%s  %s  %s  %v  renditions %d, shots %d, segments %d, chapters %d\n  play %s\n",
		doc.ID, doc.State, doc.Title, time.Duration(doc.Duration).Round(time.Millisecond),
		len(doc.Renditions), len(doc.Shots), len(doc.Transcript.Segments), len(doc.Chapters), doc.HLS)
}
