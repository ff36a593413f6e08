package ffmpeg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// protocols and formats are all that FFmpeg may open and demux: no network, no
// playlists, nothing that names other files. pipe is for its output.
const (
	protocols = "file,pipe"
	formats   = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,aac,flac"
)

// Input returns the arguments that open a file of an accepted container and
// nothing else. The path is one of ours; options may precede it.
func Input(path string, options ...string) []string {
	args := []string{"-protocol_whitelist", protocols, "-format_whitelist", formats}
	args = append(args, options...)
	return append(args, "-i", "file:"+path)
}

// InputAs is [Input] for a file that was sniffed: no other demuxer gets to see
// it, even where the file would pass for several.
func InputAs(container, path string, options ...string) []string {
	args := []string{"-protocol_whitelist", protocols, "-format_whitelist", container, "-f", container}
	args = append(args, options...)
	return append(args, "-i", "file:"+path)
}

// Run is one run of ffmpeg.
type Run struct {
	Args   []string // after the general options, which are set here
	Dir    string
	Stdout io.Writer // nil where the outputs are files
	// Outputs read the outputs pipe:3, pipe:4, …; see [proc.Command].
	Outputs []func(io.Reader) error
	Limits  proc.Limits
	// Progress is called with the time of the last frame written. Only without
	// Stdout, on which FFmpeg would report it.
	Progress func(at time.Duration)
}

// Run runs ffmpeg to its end. An exit status of 0 proves nothing about its
// outputs: verify them. Its errors carry a code; see [Explain].
func (t Tools) Run(ctx context.Context, r Run) error {
	args := []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning", "-y"}
	// glibc reserves address space, which is what is limited, per thread.
	env := []string{"MALLOC_ARENA_MAX=4"}
	c := proc.Command{Path: t.FFmpeg, Env: env, Dir: r.Dir, Stdout: r.Stdout, Outputs: r.Outputs, Limits: r.Limits}
	if r.Stdout != nil {
		c.Args = append(args, r.Args...)
		return Explain(proc.Run(ctx, c))
	}
	c.Args = append(append(args, "-progress", "pipe:1", "-stats_period", "0.25"), r.Args...)
	out, in := io.Pipe()
	defer out.Close()
	c.Stdout = in
	done := make(chan struct{})
	err := proc.RunWatched(ctx, c, func(alive func()) {
		go func() {
			defer close(done)
			readProgress(out, alive, r.Progress)
		}()
	})
	in.Close()
	<-done
	return Explain(err)
}

// readProgress follows the key=value lines of -progress. Only time that moves
// counts as being alive.
func readProgress(r io.Reader, alive func(), progress func(time.Duration)) {
	last := time.Duration(-1)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		value, ok := strings.CutPrefix(lines.Text(), "out_time_us=")
		us, err := strconv.ParseInt(value, 10, 64)
		if !ok || err != nil {
			continue
		}
		if at := time.Duration(us) * time.Microsecond; at > last {
			last = at
			alive()
			if progress != nil {
				progress(at)
			}
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long must not block FFmpeg
}

// Explain turns the end of an FFmpeg program into an error with a code:
// ENGINE_MISSING, STAGE_TIMEOUT, RESOURCE_LIMIT, STORAGE_FULL, ENGINE_CRASHED,
// the context's, or NO_MEDIA where it would not read its input.
func Explain(err error) error {
	var (
		missed *proc.MissingError
		limit  *proc.LimitError
		signal *proc.SignalError
		exit   *proc.ExitError
	)
	switch {
	case err == nil:
		return nil
	case models.ErrorCode(err) != models.CodeInternal:
		return err // it has a code already
	case errors.As(err, &missed):
		return missing(missed.Program, err)
	case errors.As(err, &limit) && (limit.Limit == "wall" || limit.Limit == "progress"):
		return models.Errorf(models.CodeStageTimeout, "FFmpeg made no progress in time and was stopped; run again when the machine is less busy, or convert the file to MP4").Because(err)
	case errors.As(err, &limit):
		return models.Errorf(models.CodeResourceLimit, "FFmpeg was stopped at its %s limit; convert the file to MP4 in a smaller size and try again", limit.Limit).Because(err)
	case errors.As(err, &signal):
		return models.Errorf(models.CodeEngineCrashed, "FFmpeg crashed on this file; convert it to MP4 with another program and try again").Because(err)
	case errors.As(err, &exit) && strings.Contains(exit.Stderr, "No space left on device"):
		return models.StorageFull(err)
	case errors.As(err, &exit) && outOfMemory(exit.Stderr):
		return models.Errorf(models.CodeResourceLimit, "FFmpeg reached its memory limit on this file; convert it to MP4 in a smaller size and try again").Because(err)
	case errors.As(err, &exit):
		return models.Errorf(models.CodeNoMedia, "FFmpeg cannot read this file; it may be damaged: export or download it again").Because(err)
	}
	return fmt.Errorf("run ffmpeg: %w", err)
}

// outOfMemory knows the last words of FFmpeg, x264 and the dynamic loader.
func outOfMemory(stderr string) bool {
	for _, words := range []string{"Cannot allocate memory", "malloc of size", "failed to map segment"} {
		if strings.Contains(stderr, words) {
			return true
		}
	}
	return false
}
