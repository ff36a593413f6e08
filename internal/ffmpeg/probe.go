package ffmpeg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Probe asks ffprobe what a file of an accepted container holds. Its duration
// is the header's claim, 0 where it makes none; [Tools.Scan] knows better.
//
// Besides what [SniffFile] and [Explain] return: NO_MEDIA, CODEC_UNSUPPORTED,
// ENCRYPTED_MEDIA, TRUNCATED_MEDIA, DURATION_EXCEEDED, DIMENSIONS_EXCEEDED,
// TOO_MANY_STREAMS. Streams that FFmpeg cannot decode are of kind other; they
// are an error only where they are all there is.
func (t Tools) Probe(ctx context.Context, path string, l Limits) (*models.MediaInfo, error) {
	container, err := SniffFile(path)
	if err != nil {
		return nil, err
	}
	found, err := t.ffprobe(ctx, container, path, l)
	if err != nil {
		return nil, notOpened(container, path, err)
	}
	if n := len(found.Streams); n > l.Streams {
		return nil, models.Errorf(models.CodeTooManyStreams,
			"the file has %d streams, the limit is %d; remove those that are not needed", n, l.Streams)
	}
	decoders, err := t.decoders(ctx, l)
	if err != nil {
		return nil, err
	}
	media := found.media(container, decoders, l)
	if container == MOV && inFile(path, movEncrypted) {
		return nil, encrypted()
	}
	if err := found.playable(media); err != nil {
		return nil, err
	}
	if err := fits(media, l); err != nil {
		return nil, err
	}
	if err := t.checkDuration(ctx, path, media, l); err != nil {
		return nil, err
	}
	if !estimated[container] {
		media.Claimed = media.Duration
	}
	return media, nil
}

// estimated are the containers whose header claims no duration: what FFmpeg
// says of them is a guess by bit rate or timestamps.
var estimated = map[string]bool{MP3: true, AAC: true, MPEGTS: true, MPEGPS: true}

// ffprobe runs the program of that name.
func (t Tools) ffprobe(ctx context.Context, container, path string, l Limits) (*probed, error) {
	args := []string{
		"-hide_banner", "-loglevel", "error", "-print_format", "json",
		"-show_format", "-show_streams", "-show_chapters",
	}
	args = append(args, InputAs(container, path, "-probesize", "20M", "-analyzeduration", "20M")...)
	out, err := proc.Output(ctx, proc.Command{Path: t.FFprobe, Args: args, Limits: l.Probe})
	if err != nil {
		return nil, err
	}
	var found probed
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, fmt.Errorf("read what ffprobe wrote about %s: %w", path, err)
	}
	return &found, nil
}

// notOpened says why ffprobe could make nothing of a file of a known container.
func notOpened(container, path string, err error) error {
	var limit *proc.LimitError
	if errors.As(err, &limit) {
		return models.Errorf(models.CodeResourceLimit,
			"looking into the file took more than its share (%s); convert it to MP4 and try again", limit.Limit).Because(err)
	}
	if code := models.ErrorCode(Explain(err)); code != models.CodeNoMedia {
		return Explain(err)
	}
	if container == MOV && !inFile(path, hasIndex) {
		return models.Errorf(models.CodeTruncatedMedia,
			"the file ends before its index (the moov box); was the recording or the upload finished?").Because(err)
	}
	return models.Errorf(models.CodeNoMedia,
		"FFmpeg finds nothing to play in this file; it may be damaged: export or download it again").Because(err)
}

// inFile asks a file's bytes; one that cannot be read says no.
func inFile(path string, ask func(r io.ReaderAt, size int64) bool) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	return err == nil && ask(f, info.Size())
}

// decoders returns the names of the codecs that this FFmpeg can decode.
func (t Tools) decoders(ctx context.Context, l Limits) (map[string]bool, error) {
	out, err := proc.Output(ctx, proc.Command{
		Path: t.FFmpeg, Args: []string{"-hide_banner", "-loglevel", "error", "-codecs"}, Limits: l.Probe,
	})
	if err != nil {
		return nil, Explain(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 1 && len(f[0]) == 6 && f[0][0] == 'D' {
			names[f[1]] = true
		}
	}
	return names, nil
}

// playable returns an error where there is no picture and no sound to decode.
func (p *probed) playable(media *models.MediaInfo) error {
	if media.First(models.StreamVideo) != nil || media.First(models.StreamAudio) != nil {
		return nil
	}
	for i := range p.Streams {
		if p.Streams[i].encrypted() {
			return encrypted()
		}
	}
	for i := range p.Streams {
		if s := &p.Streams[i]; s.kind() == models.StreamVideo || s.kind() == models.StreamAudio {
			return models.Errorf(models.CodeCodecUnsupported,
				"this FFmpeg has no decoder for the file's %s codec (%s); convert it to H.264 and AAC", s.kind(), s.codecForPeople())
		}
	}
	return models.Errorf(models.CodeNoMedia, "the file holds neither picture nor sound; give one that does")
}

func encrypted() error {
	return models.Errorf(models.CodeEncryptedMedia, "the file is encrypted (DRM); give one without protection")
}

// fits checks the sizes of pictures.
func fits(media *models.MediaInfo, l Limits) error {
	for i := range media.Streams {
		s := &media.Streams[i]
		if s.Kind == models.StreamVideo && (s.Width > l.Width || s.Height > l.Height || s.Width*s.Height > l.Pixels) {
			return models.Errorf(models.CodeDimensionsExceeded,
				"the picture is %d x %d pixels, the limit is %d x %d and %d megapixels; scale it down",
				s.Width, s.Height, l.Width, l.Height, l.Pixels/1_000_000)
		}
	}
	return nil
}

// checkDuration believes a header that claims more than is allowed only after
// looking at the timestamps, and puts the truth into media.
func (t Tools) checkDuration(ctx context.Context, path string, media *models.MediaInfo, l Limits) error {
	if media.Duration <= l.Duration {
		return nil
	}
	scan, err := t.Scan(ctx, path, media, l)
	if err != nil {
		return err
	}
	if media.Duration = scan.Duration; scan.Duration > l.Duration {
		return models.Errorf(models.CodeDurationExceeded,
			"the file is %.1f hours long, the limit is %.1f; cut it into parts", scan.Duration.Hours(), l.Duration.Hours())
	}
	return nil
}

// HasFilter tells whether this FFmpeg was built with a filter.
func (t Tools) HasFilter(ctx context.Context, name string) (bool, error) {
	out, err := proc.Output(ctx, proc.Command{
		Path: t.FFmpeg, Args: []string{"-hide_banner", "-loglevel", "error", "-filters"}, Limits: DefaultLimits().Probe,
	})
	if err != nil {
		return false, Explain(err)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == name {
			return true, nil
		}
	}
	return false, nil
}
