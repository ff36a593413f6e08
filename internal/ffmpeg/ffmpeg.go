package ffmpeg

import (
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Tools are the paths of FFmpeg's programs.
type Tools struct {
	FFmpeg  string
	FFprobe string
}

// Find looks for FFmpeg's programs. ENGINE_MISSING where one is not installed.
func Find() (Tools, error) {
	var t Tools
	for name, path := range map[string]*string{"ffmpeg": &t.FFmpeg, "ffprobe": &t.FFprobe} {
		found, err := proc.Look(name)
		if err != nil {
			return Tools{}, missing(name, err)
		}
		*path = found
	}
	return t, nil
}

func missing(name string, err error) error {
	return models.Errorf(models.CodeEngineMissing,
		"%s is not installed; run `cuepoint doctor` to see how to install it", name).Because(err)
}
