package main

import (
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/models"
)

type cancelCmd struct {
	IDs []string `arg:"" name:"id" help:"The videos."`
}

// Run stops the work on videos. What was found in them stays.
func (c *cancelCmd) Run(e *env) error {
	return e.each(c.IDs, func(to api.Commands, id string) error {
		video, err := to.Cancel(e.ctx, id)
		if err != nil {
			return err
		}
		return e.print(map[string]any{"id": video.ID, "state": video.State}, "%s %s\n", video.ID, models.VideoCanceled)
	})
}

// each gives a command for each of some videos, and stops at the first that fails.
func (e *env) each(ids []string, command func(to api.Commands, id string) error) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	s, err := e.session(a)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, id := range ids {
		if err := s.do(e.ctx, func(to api.Commands) error { return command(to, id) }); err != nil {
			return err
		}
	}
	return nil
}
