package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
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
	req, err := c.request()
	if err != nil {
		return err
	}
	return e.each([]string{c.ID}, func(to *library, _ string) error {
		video, err := to.Videos.UpdateVideo(e.ctx, req)
		if err != nil {
			return err
		}
		return e.print(videoEntry(video), "%s %s\n", c.ID, video.GetTitle())
	})
}

// request says what is to be set.
func (c *updateCmd) request() (*cuepointv1.UpdateVideoRequest, error) {
	v := &cuepointv1.Video{Name: videoName(c.ID), Labels: map[string]string{}}
	mask := &fieldmaskpb.FieldMask{}
	for _, text := range []struct {
		path string
		from *string
		to   *string
	}{
		{"title", c.Title, &v.Title}, {"language_code", c.Language, &v.LanguageCode}, {"external_id", c.ExternalID, &v.ExternalId},
	} {
		if text.from != nil {
			*text.to = valid(*text.from)
			mask.Paths = append(mask.Paths, text.path)
		}
	}
	for key, value := range c.Label {
		v.Labels[valid(key)] = valid(value)
		mask.Paths = append(mask.Paths, "labels."+valid(key))
	}
	for _, key := range c.Unlabel {
		mask.Paths = append(mask.Paths, "labels."+valid(key))
	}
	slices.Sort(mask.Paths)
	if err := checkLanguage(v.GetLanguageCode()); err != nil {
		return nil, err
	}
	if len(mask.GetPaths()) == 0 {
		return nil, usageError{errors.New("there is nothing to change; give --title, --label, --unlabel, --external-id or --language")}
	}
	return &cuepointv1.UpdateVideoRequest{Video: v, UpdateMask: mask}, nil
}

// checkLanguage refuses what is no language.
func checkLanguage(tag string) error {
	if _, err := language.Parse(tag); tag != "" && err != nil {
		return usageError{fmt.Errorf("--language %q is no language tag (BCP 47); give one such as de or pt-BR", tag)}
	}
	return nil
}

// valid makes a text of the command line fit for a message of the API.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
