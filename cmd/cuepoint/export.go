package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

type exportCmd struct {
	ID     string `arg:"" help:"The video."`
	Format string `help:"What to write: captions as vtt, srt, ttml, txt; chapters as WebVTT; scores of the shots as CSV; or json with everything." enum:"vtt,srt,ttml,txt,chapters,scores,json" default:"json"`
	Output string `help:"File to write; standard output unless given." short:"o" placeholder:"FILE" type:"path"`
}

// Run writes captions, chapters or everything known of a video.
func (c *exportCmd) Run(e *env) error {
	body, err := c.export(e)
	if err != nil {
		return err
	}
	if c.Output == "" {
		_, err = e.stdout.Write(body)
		return err
	}
	if err := os.WriteFile(c.Output, body, 0o644); err != nil {
		return models.Errorf(models.CodeInvalidArgument, "%s cannot be written; choose another file with --output", c.Output).Because(err)
	}
	return e.print(map[string]string{"id": c.ID, "format": c.Format, "file": c.Output}, "%s\n", c.Output)
}

// formats are those of transcripts.
var formats = map[string]cuepointv1.TranscriptFormat{
	"vtt":  cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_VTT,
	"srt":  cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_SRT,
	"ttml": cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_TTML,
	"txt":  cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_TXT,
}

// export returns what is to be written.
func (c *exportCmd) export(e *env) (body []byte, err error) {
	if c.Format == "scores" {
		return c.scores(e)
	}
	err = e.ask(false, func(l *library) error {
		switch c.Format {
		case "json":
			doc, err := l.document(e.ctx, c.ID)
			if err != nil {
				return err
			}
			body, err = json.MarshalIndent(doc, "", "  ")
			body = append(body, '\n')
			return err
		case "chapters":
			body, err = l.chapters(e.ctx, c.ID)
			return err
		}
		file, err := l.Transcripts.ExportTranscript(e.ctx, &cuepointv1.ExportTranscriptRequest{
			Name: videoName(c.ID) + "/transcripts/-", Format: formats[c.Format],
		})
		body = file.GetData()
		return err
	})
	return body, err
}

// scores returns what a detector is tuned from, which is for who has the library.
func (c *exportCmd) scores(e *env) ([]byte, error) {
	if e.cli.Server != "" {
		return nil, usageError{errors.New("--format=scores is for the machine that has the library; leave --server out there")}
	}
	a, err := e.open(false)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.Scores(e.ctx, c.ID)
}

// chapters returns a video's chapters as WebVTT. NOT_FOUND where it has none.
func (l *library) chapters(ctx context.Context, id string) ([]byte, error) {
	v, err := l.Videos.GetVideo(ctx, &cuepointv1.GetVideoRequest{Name: videoName(id)})
	if err != nil {
		return nil, err
	}
	if len(v.GetChapters()) == 0 {
		return nil, models.Errorf(models.CodeNotFound, "video %s has no chapters; `cuepoint show %s` says why", id, id)
	}
	var f webvtt.File
	for _, c := range v.GetChapters() {
		start, end := c.GetStartOffset().AsDuration(), c.GetEndOffset().AsDuration()
		f.Add(start.Truncate(time.Millisecond), end.Truncate(time.Millisecond), webvtt.Escape(webvtt.Line(c.GetTitle())))
	}
	return []byte(f.String()), nil
}
