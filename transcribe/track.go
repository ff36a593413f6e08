package transcribe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// trackTime bounds how long reading a track may take: the whole file is read.
const trackTime = 15 * time.Minute

// trackMemory bounds the address space that takes.
const trackMemory = 4 << 30

// IsText tells whether a subtitle stream holds text that [ReadTrack] can read,
// rather than pictures of it.
func IsText(s models.Stream) bool {
	switch s.Codec {
	case "subrip", "mov_text", "webvtt", "ass", "ssa", "text":
		return s.Kind == models.StreamSubtitle
	}
	return false
}

// ReadTrack reads a text subtitle stream of a file, as segments in order of
// time with confidence 1, cut to a video of a duration. A track without words
// gives none and no error. Errors are those of [ffmpeg.Tools.Run].
func ReadTrack(ctx context.Context, tools ffmpeg.Tools, container, path string, stream int, duration time.Duration) ([]models.Segment, error) {
	var out bounded
	err := tools.Run(ctx, ffmpeg.Run{
		Args:   append(ffmpeg.InputAs(container, path), "-map", "0:"+strconv.Itoa(stream), "-c:s", "webvtt", "-f", "webvtt", "pipe:1"),
		Stdout: &out,
		Limits: proc.Limits{Wall: trackTime, CPU: trackTime, Memory: trackMemory, FileSize: MaxCaptions, Nice: engineNice},
	})
	if err != nil {
		return nil, fmt.Errorf("read subtitle stream %d: %w", stream, err)
	}
	return Fit(parseLines(out.String(), true), duration), nil
}

// bounded is a buffer that takes as much as a captions file may hold.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > MaxCaptions {
		return 0, models.Errorf(models.CodeResourceLimit, "a subtitle track is too large").
			Because(errors.New("more text than a captions file may hold"))
	}
	return b.Buffer.Write(p)
}
