package main

import (
	"time"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

type deleteCmd struct {
	IDs   []string `arg:"" name:"id" help:"The videos."`
	Purge bool     `help:"Forget them at once, with their files; deleted ones too. Nothing brings them back."`
}

// Run deletes videos with all that was found in them.
func (c *deleteCmd) Run(e *env) error {
	return e.each(c.IDs, func(to *library, id string) error {
		video, err := to.Videos.DeleteVideo(e.ctx, &cuepointv1.DeleteVideoRequest{Name: videoName(id), Purge: c.Purge})
		if err != nil {
			return err
		}
		if c.Purge {
			return e.print(map[string]any{"id": id, "purged": true}, "%s purged\n", id)
		}
		until := video.GetPurgeTime().AsTime()
		return e.print(map[string]any{"id": id, "deleted": true, "until": until},
			"%s deleted; `cuepoint undelete %[1]s` brings it back until %s\n", id, until.Local().Format(time.DateTime))
	})
}

type undeleteCmd struct {
	IDs []string `arg:"" name:"id" help:"The videos."`
}

// Run brings deleted videos back.
func (c *undeleteCmd) Run(e *env) error {
	return e.each(c.IDs, func(to *library, id string) error {
		video, err := to.Videos.UndeleteVideo(e.ctx, &cuepointv1.UndeleteVideoRequest{Name: videoName(id)})
		if err != nil {
			return err
		}
		return e.print(videoEntry(video), "%s %s\n", id, stateOf(video.GetState()))
	})
}
