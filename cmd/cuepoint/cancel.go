package main

import (
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

type cancelCmd struct {
	IDs []string `arg:"" name:"id" help:"The videos."`
}

// Run stops the work on videos. What was found in them stays.
func (c *cancelCmd) Run(e *env) error {
	return e.each(c.IDs, func(to *library, id string) error {
		video, err := to.Videos.CancelVideo(e.ctx, &cuepointv1.CancelVideoRequest{Name: videoName(id)})
		if err != nil {
			return err
		}
		return e.print(map[string]any{"id": id, "state": stateOf(video.GetState())}, "%s %s\n", id, models.VideoCanceled)
	})
}

// each gives a command for each of some videos, and stops at the first that fails.
func (e *env) each(ids []string, command func(to *library, id string) error) error {
	s, err := e.session(false)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, id := range ids {
		if err := s.do(e.ctx, func(to *library) error { return command(to, id) }); err != nil {
			return err
		}
	}
	return nil
}
