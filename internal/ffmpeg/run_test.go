package ffmpeg_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

func TestEveryEndOfFFmpegHasItsCode(t *testing.T) {
	t.Parallel()
	endless := []string{"-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=5", "-f", "null", "-"}
	busy := []string{"-f", "lavfi", "-i", "testsrc2=s=1280x720", "-c:v", "libx264", "-f", "null", "-"}
	for name, test := range map[string]struct {
		run  ffmpeg.Run
		want models.Code
	}{
		"well":            {ffmpeg.Run{Args: append(args(picture), "-f", "null", "-")}, ""},
		"no such input":   {ffmpeg.Run{Args: append(ffmpeg.Input("/nowhere.mp4"), "-f", "null", "-")}, models.CodeNoMedia},
		"too long":        {ffmpeg.Run{Args: endless, Limits: proc.Limits{Wall: 300 * time.Millisecond}}, models.CodeStageTimeout},
		"too much CPU":    {ffmpeg.Run{Args: busy, Limits: proc.Limits{CPU: time.Second}}, models.CodeResourceLimit},
		"too much memory": {ffmpeg.Run{Args: busy, Limits: proc.Limits{Memory: 300 << 20}}, models.CodeResourceLimit},
		// A frame a minute: the first one is all there is to see.
		"no progress": {ffmpeg.Run{
			Args:   []string{"-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=1/60", "-f", "null", "-"},
			Limits: proc.Limits{Progress: time.Second},
		}, models.CodeStageTimeout},
		"disk full": {ffmpeg.Run{Args: append(args(picture), "-c:v", "rawvideo", "-f", "rawvideo", "/dev/full")}, models.CodeStorageFull},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := testenv.FFmpeg(t).Run(t.Context(), test.run); models.ErrorCode(err) != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestCancelEndsFFmpegWithTheContextsError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := testenv.FFmpeg(t).Run(ctx, ffmpeg.Run{
		Args:     []string{"-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25", "-f", "null", "-"},
		Progress: func(time.Duration) { cancel() },
	})
	if !errors.Is(err, context.Canceled) || models.ErrorCode(err) != models.CodeCanceled {
		t.Errorf("error %v", err)
	}
}
