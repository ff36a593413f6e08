package main

import (
	"github.com/cuepoint/cuepoint/models"
)

type cancelCmd struct {
	IDs []string `arg:"" name:"id" help:"The videos."`
}

// Run stops the work on videos. What was found in them stays.
func (c *cancelCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	switch err := a.Files.Lock(); {
	case err == nil:
		return models.Errorf(models.CodeNotRunning, "nothing works in %s, so there is nothing to cancel", e.cli.Data)
	case models.ErrorCode(err) != models.CodeDataInUse:
		return err
	}
	holder, err := dial(e.ctx, e.cli.Data)
	if err != nil {
		return err
	}
	defer holder.Close()
	for _, id := range c.IDs {
		video, err := holder.Cancel(e.ctx, id)
		if err != nil {
			return err
		}
		if err := e.print(map[string]any{"id": video.ID, "state": video.State}, "%s %s\n", video.ID, video.State); err != nil {
			return err
		}
	}
	return nil
}
