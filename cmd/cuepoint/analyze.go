package main

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/language"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

type analyzeCmd struct {
	Files    []string `arg:"" name:"file" help:"Videos or sound files." type:"path"`
	Language string   `help:"Language that is spoken (BCP 47); detected unless given." placeholder:"xx"`
	Captions string   `help:"Captions to import instead of listening (WebVTT, SRT or TTML). Only with one file." placeholder:"FILE" type:"path"`
}

// Run analyzes one file after the other. One that fails does not stop the rest.
func (c *analyzeCmd) Run(e *env) error {
	if c.Captions != "" && len(c.Files) > 1 {
		return usageError{errors.New("--captions goes with one file; run the command once per file")}
	}
	if _, err := language.Parse(c.Language); c.Language != "" && err != nil {
		return usageError{fmt.Errorf("--language %q is no language tag (BCP 47); give one such as de or pt-BR", c.Language)}
	}
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Lock(e.ctx); err != nil {
		return err
	}
	failed := 0
	for _, file := range c.Files {
		doc, err := c.analyze(e, a, file)
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
		if err != nil {
			failed++
		}
		if err := c.report(e, file, doc, err); err != nil {
			return err
		}
	}
	if failed > 0 {
		return told{fmt.Errorf("%d of %d inputs failed", failed, len(c.Files))}
	}
	return nil
}

func (c *analyzeCmd) analyze(e *env, a *app.App, file string) (*app.Document, error) {
	watch := newProgress(e.stderr, file, a.Pipeline.Names())
	defer watch.Close()
	return a.Analyze(e.ctx, file, analyzer.Options{Language: c.Language, Captions: c.Captions}, watch)
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
