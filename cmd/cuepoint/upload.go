package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

type uploadCmd struct {
	Inputs         []string          `arg:"" name:"file" help:"Files of this machine, or addresses (http://…, https://…) that the server downloads." type:"raw"`
	Title          string            `help:"What people call it; its file's name unless given. Only with one file." placeholder:"TEXT"`
	Language       string            `help:"Language that is spoken (BCP 47); detected unless given." placeholder:"xx"`
	ExternalID     string            `help:"What another system calls it. Only with one file." placeholder:"TEXT"`
	Label          map[string]string `help:"Give it a label; may be repeated." placeholder:"KEY=VALUE" mapsep:"none"`
	AllowDuplicate bool              `help:"Make a video of its own even where the library has one of the same bytes."`
	Wait           bool              `help:"Wait until the videos are analyzed."`
	Timeout        time.Duration     `help:"How long a server that cannot be reached is waited for. The upload can be gone on with afterwards." default:"10m" placeholder:"TIME"`
}

// uploadDocument is what came of an input, in the JSON form that the command line
// prints. Its field names do not change.
type uploadDocument struct {
	File      string            `json:"file"`
	Upload    string            `json:"upload,omitempty"`
	Video     string            `json:"video,omitempty"`
	Duplicate bool              `json:"duplicate"`
	SHA256    string            `json:"sha256,omitempty"`
	State     models.VideoState `json:"state,omitempty"` // where it was waited for
	Error     *errorDocument    `json:"error,omitempty"`
}

// Run takes files in, one after the other. One that fails does not stop the rest.
func (c *uploadCmd) Run(e *env) error {
	if err := c.check(e); err != nil {
		return err
	}
	s, err := e.session(true, client.WithPatience(c.Timeout))
	if err != nil {
		return err
	}
	defer s.Close()
	if c.Wait {
		return s.beside(e.ctx, func(ctx context.Context) error { return c.all(ctx, e, s) })
	}
	return c.all(e.ctx, e, s)
}

// check refuses a wrong command line.
func (c *uploadCmd) check(e *env) error {
	switch {
	case len(c.Inputs) > 1 && (c.Title != "" || c.ExternalID != ""):
		return usageError{errors.New("--title and --external-id go with one file; run the command once per file")}
	case c.AllowDuplicate && e.cli.Server == "":
		return usageError{errors.New("--allow-duplicate is for uploads to a server; name it with --server")}
	}
	return checkLanguage(c.Language)
}

func (c *uploadCmd) all(ctx context.Context, e *env, s *session) error {
	failed := 0
	for _, file := range c.Inputs {
		d := uploadDocument{File: valid(file)}
		err := c.take(ctx, e, s, file, &d)
		var doc *document
		if err == nil && c.Wait {
			doc, err = waitFor(ctx, e, s, &d)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			failed++
		}
		if err := c.report(e, d, doc, err); err != nil {
			return err
		}
	}
	if failed > 0 {
		return told{fmt.Errorf("%d of %d files failed", failed, len(c.Inputs))}
	}
	return nil
}

// take has a video made of a file, and notes which.
func (c *uploadCmd) take(ctx context.Context, e *env, s *session, file string, d *uploadDocument) error {
	if !isAddress(file) && s.app != nil {
		return c.add(ctx, e, s, file, d)
	}
	if isAddress(file) && s.current().holder != nil {
		return models.Errorf(models.CodeServerUnavailable, "addresses are downloaded by a server: run `cuepoint serve` meanwhile, or name one with --server")
	}
	show := newSendProgress(e.stderr, analyzer.DisplayText(file))
	defer show.Close()
	o := client.UploadOptions{Progress: show.Tell, Video: &cuepointv1.VideoSettings{
		Title: valid(c.Title), LanguageCode: valid(c.Language), Labels: c.labels(), ExternalId: valid(c.ExternalID), AllowDuplicate: c.AllowDuplicate,
	}}
	var up *cuepointv1.Upload
	err := s.do(ctx, func(to *library) (err error) {
		if isAddress(file) {
			o.Resume = "import"
			up, err = to.Import(ctx, file, o)
		} else {
			up, err = to.UploadFile(ctx, file, o)
		}
		return err
	})
	d.Upload, d.Video = strings.TrimPrefix(up.GetName(), "uploads/"), videoID(up.GetVideo())
	d.Duplicate, d.SHA256 = up.GetDuplicate(), up.GetSha256()
	return explainUpload(err)
}

// add has the library of this machine take a file in as it is, where it is.
func (c *uploadCmd) add(ctx context.Context, e *env, s *session, file string, d *uploadDocument) error {
	path, err := e.path(file)
	if err != nil {
		return err
	}
	return s.do(ctx, func(to *library) error {
		video, err := to.Videos.CreateVideo(ctx, &cuepointv1.CreateVideoRequest{
			Source: &cuepointv1.CreateVideoRequest_Path{Path: []byte(path)},
			Video:  &cuepointv1.Video{Title: valid(c.Title), LanguageCode: valid(c.Language), Labels: c.labels(), ExternalId: valid(c.ExternalID)},
		})
		d.Video = videoID(video.GetName())
		return err
	})
}

func (c *uploadCmd) labels() map[string]string {
	labels := map[string]string{}
	for key, value := range c.Label {
		labels[valid(key)] = valid(value)
	}
	return labels
}

// isAddress tells an address from a file.
func isAddress(given string) bool {
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	_, err = os.Lstat(given)
	return err != nil
}

// explainUpload says what is to be done about files that cannot be read, and about
// uploads that can be gone on with.
func explainUpload(err error) error {
	var file *fs.PathError
	if errors.As(err, &file) {
		return models.Errorf(models.CodeSourceUnavailable, "%s cannot be read (%v); check the path and its permissions", analyzer.DisplayText(file.Path), file.Err).Because(err)
	}
	var answered *models.Error
	if errors.As(err, &answered) && slices.Contains(away, answered.Code) {
		return models.Errorf(answered.Code, "%s; run the same command again to go on where it stopped", answered.Message).Because(err)
	}
	return err
}

// waitFor waits until all is done with a video.
func waitFor(ctx context.Context, e *env, s *session, d *uploadDocument) (*document, error) {
	show := newProgress(e.stderr, analyzer.DisplayText(d.File))
	defer show.Close()
	doc, err := s.wait(ctx, d.Video, show)
	if doc != nil {
		d.State = doc.State
	}
	return doc, err
}

// report prints what came of a file: a JSON line, or sentences.
func (c *uploadCmd) report(e *env, d uploadDocument, doc *document, err error) error {
	name := analyzer.DisplayText(d.File)
	if err != nil {
		reason := models.AsError(err)
		e.log.Debug("upload failed", "file", d.File, "error", err)
		fmt.Fprintf(e.stderr, "%s: failed: %s: %s\n", name, reason.Code, reason.Message)
		d.Error = &errorDocument{reason.Code, reason.Message}
	}
	switch {
	case e.cli.JSON:
		return e.print(d, "")
	case doc != nil && doc.State != models.VideoFailed:
		return e.summarize(doc)
	case d.Error != nil:
		return nil
	case d.Duplicate:
		return e.print(nil, "%s %s (was there before)\n", d.Video, name)
	case d.Upload == "":
		return e.print(nil, "%s %s (added to the library in %s; `cuepoint analyze %[1]s` analyzes it, and so does `cuepoint serve`)\n", d.Video, name, e.cli.Data)
	}
	return e.print(nil, "%s %s\n", d.Video, name)
}
