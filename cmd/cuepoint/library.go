package main

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/filter"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

type listCmd struct {
	Filter  string `help:"Which videos, such as 'title:tide AND duration > 90s AND labels.course = physics'." placeholder:"FILTER"`
	OrderBy string `help:"create_time, update_time, title or duration, with ' desc' for the last first; the newest first unless given." placeholder:"FIELD"`
	Deleted bool   `help:"Deleted videos too, as long as they can be brought back."`
}

// Run lists the library.
func (c *listCmd) Run(e *env) error {
	q := store.VideoQuery{Size: 500, Deleted: c.Deleted}
	var err error
	if q.Filter, err = filter.Parse(c.Filter); err != nil {
		return err
	}
	if q.Order, err = filter.ParseOrder(c.OrderBy); err != nil {
		return err
	}
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	out := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for {
		page, err := a.Store.Videos(e.ctx, q)
		if err != nil {
			return err
		}
		for _, v := range page.Videos {
			entry := app.Entry(v)
			if e.cli.JSON {
				if err := e.print(entry, ""); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(out, "%s\t%s\t%v\t%s\n", entry.ID, entry.State, time.Duration(entry.Duration).Round(time.Second), entry.Title)
		}
		if page.Next == "" {
			return out.Flush()
		}
		q.Token = page.Next
	}
}

type showCmd struct {
	ID string `arg:"" help:"The video."`
}

// Run shows everything known of a video.
func (c *showCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	doc, err := a.Document(e.ctx, c.ID)
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.print(doc, "")
	}
	return describe(e.stdout, doc)
}

// describe prints a document for people.
func describe(w io.Writer, d *app.Document) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(out, name+"\t"+format+"\n", args...) }
	row("title", "%s", d.Title)
	row("source", "%s", d.Source)
	row("state", "%s", d.State)
	if d.Error != nil {
		row("error", "%s: %s", d.Error.Code, d.Error.Message)
	}
	row("duration", "%v", time.Duration(d.Duration).Round(time.Millisecond))
	for _, s := range d.Stages {
		row("stage "+s.Name, "%s %.1f s %s", s.Status, time.Duration(s.Seconds).Seconds(), s.Message)
	}
	for _, r := range d.Renditions {
		row("rendition "+r.Name, "%dx%d %d kb/s %s", r.Width, r.Height, r.Bitrate/1000, r.Codecs)
	}
	row("hls", "%s", d.HLS)
	row("dash", "%s", d.DASH)
	for _, c := range d.Chapters {
		row("chapter "+clock(c.Start), "%s", c.Title)
	}
	for _, s := range d.Shots {
		row("shot "+clock(s.Start), "%s", s.Transition)
	}
	for _, s := range d.Transcript.Segments {
		row("speech "+clock(s.Start), "%s", s.Text)
	}
	return out.Flush()
}

// clock writes a time as people read it: 1:02:03.
func clock(s app.Seconds) string {
	t := int(time.Duration(s).Seconds())
	if t >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", t/3600, t/60%60, t%60)
	}
	return fmt.Sprintf("%d:%02d", t/60, t%60)
}

type exportCmd struct {
	ID     string `arg:"" help:"The video."`
	Format string `help:"What to write: captions as vtt, srt, txt; chapters as WebVTT; scores of the shots as CSV; or json with everything." enum:"vtt,srt,txt,chapters,scores,json" default:"json"`
	Output string `help:"File to write; standard output unless given." short:"o" placeholder:"FILE" type:"path"`
}

// Run writes captions, chapters or everything known of a video.
func (c *exportCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	body, err := a.Export(e.ctx, c.ID, c.Format)
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

type deleteCmd struct {
	IDs []string `arg:"" name:"id" help:"The videos."`
}

// Run deletes videos with all that was found in them.
func (c *deleteCmd) Run(e *env) error {
	return e.each(c.IDs, func(to api.Commands, id string) error {
		if err := to.Delete(e.ctx, id); err != nil {
			return err
		}
		return e.print(map[string]any{"id": id, "deleted": true}, "%s deleted\n", id)
	})
}
