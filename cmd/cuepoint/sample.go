package main

import (
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/sample"
)

type sampleCmd struct {
	File string `arg:"" help:"Where to write it; ends in .mp4. Captions are written beside it." type:"path"`
}

// Run makes the sample video.
func (c *sampleCmd) Run(e *env) error {
	tools, err := ffmpeg.Find()
	if err != nil {
		return err
	}
	truth, err := sample.Make(e.ctx, tools, c.File)
	if err != nil {
		return err
	}
	return e.print(map[string]string{"video": c.File, "captions": truth.Captions}, "%s\n%s\n", c.File, truth.Captions)
}
