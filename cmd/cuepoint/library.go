package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

type listCmd struct {
	Filter  string `help:"Which videos, such as 'title:tide AND duration > 90s AND labels.course = physics'." placeholder:"FILTER"`
	OrderBy string `help:"create_time, update_time, title or duration, with ' desc' for the last first; the newest first unless given." placeholder:"FIELD"`
	Deleted bool   `help:"Deleted videos too, as long as they can be brought back."`
}

// Run lists the library.
func (c *listCmd) Run(e *env) error {
	return e.ask(false, func(l *library) error {
		out := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		req := &cuepointv1.ListVideosRequest{PageSize: 500, Filter: valid(c.Filter), OrderBy: valid(c.OrderBy), ShowDeleted: c.Deleted}
		for {
			page, err := l.Videos.ListVideos(e.ctx, req)
			if err != nil {
				return err
			}
			for _, v := range page.GetVideos() {
				entry := videoEntry(v)
				if e.cli.JSON {
					if err := e.print(entry, ""); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(out, "%s\t%s\t%v\t%s\n", entry.ID, entry.State, time.Duration(entry.Duration).Round(time.Second), entry.Title)
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				return out.Flush()
			}
		}
	})
}

type showCmd struct {
	ID string `arg:"" help:"The video."`
}

// Run shows everything known of a video.
func (c *showCmd) Run(e *env) error {
	return e.ask(false, func(l *library) error {
		doc, err := l.document(e.ctx, c.ID)
		if err != nil {
			return err
		}
		if e.cli.JSON {
			return e.print(doc, "")
		}
		return describe(e.stdout, doc)
	})
}

// describe prints a document for people.
func describe(w io.Writer, d *document) error {
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
func clock(s seconds) string {
	t := int(time.Duration(s).Seconds())
	if t >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", t/3600, t/60%60, t%60)
	}
	return fmt.Sprintf("%d:%02d", t/60, t%60)
}
