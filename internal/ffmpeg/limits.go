package ffmpeg

import (
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
)

// Limits bound what a source may be and what asking about it may cost.
type Limits struct {
	Duration time.Duration // as its timestamps say, not as its header claims
	Width    int           // of a coded picture, in pixels
	Height   int
	Pixels   int
	Streams  int
	Chapters int // more are cut off
	TagBytes int // of one metadata string; more are cut off

	Probe proc.Limits
}

// DefaultLimits returns the limits that hold unless the configuration says otherwise.
func DefaultLimits() Limits {
	return Limits{
		Duration: 6 * time.Hour,
		Width:    8192,
		Height:   8192,
		Pixels:   36_000_000,
		Streams:  64,
		Chapters: 1000,
		TagBytes: 4 << 10,
		Probe:    proc.Limits{Wall: 30 * time.Second, CPU: 20 * time.Second, Memory: 1 << 30},
	}
}
