package main

import (
	"errors"
	"fmt"

	"golang.org/x/text/language"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/internal/app"
)

type updateCmd struct {
	ID         string            `arg:"" help:"The video."`
	Title      *string           `help:"What people call it; empty for its file's name." placeholder:"TEXT"`
	Language   *string           `help:"Language that is spoken (BCP 47); empty to have it detected. What was found by another is found anew." placeholder:"xx"`
	ExternalID *string           `help:"What another system calls it; empty for nothing." placeholder:"TEXT"`
	Label      map[string]string `help:"Give it a label; may be repeated." placeholder:"KEY=VALUE" mapsep:"none"`
	Unlabel    []string          `help:"Take a label away; may be repeated." placeholder:"KEY"`
}

// Run changes what is known of a video by its owner.
func (c *updateCmd) Run(e *env) error {
	details, err := c.details()
	if err != nil {
		return err
	}
	return e.each([]string{c.ID}, func(to api.Commands, id string) error {
		video, err := to.Update(e.ctx, id, details)
		if err != nil {
			return err
		}
		return e.print(app.Entry(video), "%s %s\n", video.ID, video.Title)
	})
}

func (c *updateCmd) details() (analyzer.Details, error) {
	d := analyzer.Details{Title: c.Title, Language: c.Language, ExternalID: c.ExternalID, Label: map[string]*string{}}
	for key, value := range c.Label {
		d.Label[key] = &value
	}
	for _, key := range c.Unlabel {
		d.Label[key] = nil
	}
	if c.Language != nil {
		if _, err := language.Parse(*c.Language); *c.Language != "" && err != nil {
			return d, usageError{fmt.Errorf("--language %q is no language tag (BCP 47); give one such as de or pt-BR", *c.Language)}
		}
	}
	if d.Title == nil && d.Language == nil && d.ExternalID == nil && len(d.Label) == 0 {
		return d, usageError{errors.New("there is nothing to change; give --title, --label, --unlabel, --external-id or --language")}
	}
	return d, nil
}
