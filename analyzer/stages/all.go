package stages

import (
	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/vision"
)

// Config is what the stages work with.
type Config struct {
	FFmpeg ffmpeg.Tools
	Limits ffmpeg.Limits
	Speech SpeechConfig
	Vision vision.Engine
}

// All lists the stages in the order in which they may run. A new analyzer is
// one more line; what writes cues also stands in the index's list.
func All(c Config) []analyzer.Stage {
	return []analyzer.Stage{
		NewProbe(c.FFmpeg, c.Limits),
		NewPackage(c.FFmpeg, c.Limits),
		NewSpeech(c.Speech),
		NewShots(c.Vision),
		NewThumbs(c.Vision),
		NewChapters(),
		NewIndex("package", "speech", "shots", "chapters"),
	}
}
