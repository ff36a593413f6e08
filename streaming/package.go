package streaming

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// The files that [Package] writes beside the directories of the renditions.
const (
	MasterName   = "master.m3u8"
	ManifestName = "manifest.mpd"
	SpeechName   = "speech.flac"
)

// Options of [Package].
type Options struct {
	Limits   ffmpeg.Limits
	Progress func(fraction float64) // 0 to 1; nil where nobody looks
}

// Result is what [Package] made.
type Result struct {
	Packaging models.Packaging
	Media     *models.MediaInfo // as given, with what was measured put right
	Speech    bool              // whether there is sound, and a file of it for engines
	// Warning says what of the source is missing: its end (TRUNCATED_MEDIA), or
	// streams of which nothing can be decoded (NO_MEDIA). nil where nothing is.
	Warning *models.Error
}

// Package encodes a source that was probed into an empty directory and
// verifies what came out. On an error the directory's contents mean nothing.
// The codes of its errors: NO_MEDIA, DURATION_EXCEEDED, RESOURCE_LIMIT,
// STAGE_TIMEOUT, STORAGE_FULL, ENGINE_MISSING, ENGINE_CRASHED, INTERNAL.
func Package(ctx context.Context, tools ffmpeg.Tools, source, dir string, media *models.MediaInfo, o Options) (*Result, error) {
	scan, err := tools.Scan(ctx, source, media, o.Limits)
	if err != nil {
		return nil, err
	}
	if scan.Duration > o.Limits.Duration {
		return nil, models.Errorf(models.CodeDurationExceeded, "the file is %.1f hours long, the limit is %.1f; cut it into parts",
			scan.Duration.Hours(), o.Limits.Duration.Hours())
	}
	result, err := attempt(ctx, tools, source, dir, media, scan, o)
	if models.ErrorCode(err) != models.CodeNoMedia {
		return result, onDisk(dir, err)
	}
	left, warning, failed := decodable(ctx, tools, source, media, scan, o.Limits)
	switch {
	case failed != nil:
		return nil, failed
	case warning == nil || len(left.Streams) == 0:
		return nil, err
	}
	if err := empty(dir); err != nil {
		return nil, err
	}
	result, err = attempt(ctx, tools, source, dir, media, left, o)
	if err != nil {
		return nil, onDisk(dir, err)
	}
	result.Warning = warning
	return result, nil
}

// attempt packages the streams of a scan.
func attempt(ctx context.Context, tools ffmpeg.Tools, source, dir string, media *models.MediaInfo, scan *ffmpeg.Scan, o Options) (*Result, error) {
	ladder, err := Plan(media, scan)
	if err != nil {
		return nil, err
	}
	tracks, err := encode(ctx, tools, source, dir, ladder, o)
	if err != nil {
		return nil, err
	}
	if err := verify(dir, tracks); err != nil {
		return nil, err
	}
	if err := checkSpeech(ctx, tools, dir, ladder, tracks, o.Limits); err != nil {
		return nil, err
	}
	if err := writePlaylists(dir, ladder, tracks); err != nil {
		return nil, err
	}
	return conclude(media, scan, ladder, tracks), nil
}

// encode runs the one FFmpeg process and cuts what it writes.
func encode(ctx context.Context, tools ffmpeg.Tools, source, dir string, l *Ladder, o Options) ([]*track, error) {
	toneMap := false
	if l.Video != nil && l.Video.hdr() {
		var err error
		if toneMap, err = tools.HasFilter(ctx, "zscale"); err != nil {
			return nil, err
		}
	}
	budget := l.budget()
	tracks, outputs := l.outputs(dir, budget.spend)
	const mostThreads = 16 // more gain nothing, and each takes memory in every encoder
	args := l.Args(source, filepath.Join(dir, SpeechName), Encoding{
		Threads: min(runtime.NumCPU(), mostThreads), ToneMap: toneMap,
	})
	run := ffmpeg.Run{Args: args, Outputs: outputs, Limits: l.limits(budget)}
	if o.Progress != nil {
		run.Progress = func(at time.Duration) {
			o.Progress(max(0, min(1, at.Seconds()/l.Duration.Seconds())))
		}
	}
	return tracks, tools.Run(ctx, run)
}

// outputs returns the tracks of a ladder, and what reads each of them.
func (l *Ladder) outputs(dir string, spend func(int64) error) ([]*track, []func(io.Reader) error) {
	var tracks []*track
	var outputs []func(io.Reader) error
	if v := l.Video; v != nil {
		for _, r := range v.Rungs {
			t := &track{Name: r.Name, Kind: models.StreamVideo, FrameRate: v.FrameRate, GOP: v.GOP}
			t.Width, t.Height = r.shown()
			tracks = append(tracks, t)
			outputs = append(outputs, newVideoSegmenter(t, dir, spend).read)
		}
	}
	for _, a := range l.Audio {
		t := &track{Name: a.Name, Kind: models.StreamAudio, Channels: a.Channels, Language: a.Language, Label: a.Label}
		tracks = append(tracks, t)
		s := newAudioSegmenter(t, dir, l.segment(), spend)
		outputs = append(outputs, func(r io.Reader) error {
			if err := s.read(r); err != nil {
				return err
			}
			return s.finish()
		})
	}
	return tracks, outputs
}

// shown is a rung's size in square pixels.
func (r Rung) shown() (width, height int) {
	return max(1, int(float64(r.Width)*r.SampleRatio.Float()+0.5)), r.Height
}

// limits bound the process in proportion to what there is to do.
func (l *Ladder) limits(b *byteBudget) proc.Limits {
	wall := 10*l.Duration + 120*time.Second
	return proc.Limits{
		Wall:     wall,
		CPU:      wall * time.Duration(runtime.NumCPU()),
		Progress: 60 * time.Second,
		Memory:   6 << 30,
		FileSize: b.left.Load(),
		Nice:     5,
	}
}

// byteBudget bounds what is written to disk: three times what the ladder's
// ceilings allow, and some for headers.
type byteBudget struct{ left atomic.Int64 }

func (l *Ladder) budget() *byteBudget {
	bits := 0
	if l.Video != nil {
		for _, r := range l.Video.Rungs {
			bits += r.Ceiling
		}
	}
	for _, a := range l.Audio {
		bits += a.Bitrate
	}
	const headers = 16 << 20
	b := &byteBudget{}
	b.left.Store(int64(3*float64(bits)/8*l.Duration.Seconds()) + headers)
	return b
}

func (b *byteBudget) spend(bytes int64) error {
	if b.left.Add(-bytes) < 0 {
		return models.Errorf(models.CodeResourceLimit,
			"encoding this file takes more space than three times what its length allows; it may be damaged: export it again")
	}
	return nil
}

// onDisk finds out whether the disk being full is why something failed, which
// FFmpeg does not always tell.
func onDisk(dir string, err error) error {
	if err == nil {
		return nil
	}
	const nothing = 1 << 20
	var fs syscall.Statfs_t
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if !full && models.ErrorCode(err) == models.CodeInternal && syscall.Statfs(dir, &fs) == nil {
		full = int64(fs.Bavail)*fs.Bsize < nothing
	}
	if !full {
		return err
	}
	return models.StorageFull(err)
}

// writePlaylists writes what players load first, last of all.
func writePlaylists(dir string, l *Ladder, tracks []*track) error {
	files := map[string]string{MasterName: masterPlaylist(tracks), ManifestName: manifest(tracks)}
	for _, t := range tracks {
		files[t.playlistPath()] = mediaPlaylist(t)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// conclude puts what was measured into words.
func conclude(media *models.MediaInfo, scan *ffmpeg.Scan, l *Ladder, tracks []*track) *Result {
	r := &Result{Speech: len(l.Audio) > 0}
	for _, t := range tracks {
		r.Packaging.Duration = max(r.Packaging.Duration, t.duration())
		r.Packaging.Renditions = append(r.Packaging.Renditions, t.rendition())
	}
	measured := *media
	measured.Duration = r.Packaging.Duration
	measured.Streams = append([]models.Stream(nil), media.Streams...)
	for i := range measured.Streams {
		s := &measured.Streams[i]
		span, ok := scan.Streams[s.Index]
		if s.Kind == models.StreamVideo && ok && span.Step > 0 {
			s.VariableFPS = !span.Steady
		}
	}
	r.Media = &measured
	if l.Video != nil || len(l.Audio) > 0 {
		r.Warning = truncated(media, measured.Duration)
	}
	return r
}

func (t *track) rendition() models.Rendition {
	return models.Rendition{
		Name: t.Name, Kind: t.Kind, Width: t.Width, Height: t.Height, FrameRate: t.FrameRate.Float(),
		Bitrate: t.peak(), Average: t.average(), Codecs: t.Codec, Language: t.Language, Channels: t.Channels,
	}
}

// truncated compares a header's claim with what was there.
func truncated(media *models.MediaInfo, real time.Duration) *models.Error {
	slack := max(time.Second, media.Claimed/50)
	if media.Claimed-real <= slack {
		return nil
	}
	return models.Errorf(models.CodeTruncatedMedia,
		"the file says it is %s long but ends after %s; was the recording or the upload finished?",
		media.Claimed.Round(time.Second), real.Round(time.Second))
}
