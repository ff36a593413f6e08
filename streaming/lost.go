package streaming

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// decodable is a scan of the streams that give at least one picture or sample,
// and a warning that names the others; nil where there are none.
func decodable(ctx context.Context, tools ffmpeg.Tools, source string, media *models.MediaInfo, scan *ffmpeg.Scan, limits ffmpeg.Limits,
) (*ffmpeg.Scan, *models.Error, error) {
	left := &ffmpeg.Scan{Duration: scan.Duration, Streams: map[int]ffmpeg.Span{}}
	lost := map[models.StreamKind]int{}
	for _, s := range media.Streams {
		span, ok := scan.Streams[s.Index]
		if !ok {
			continue
		}
		decodes, err := tools.Decodes(ctx, source, media.Container, s.Index, limits)
		switch {
		case err != nil:
			return nil, nil, err
		case decodes:
			left.Streams[s.Index] = span
		default:
			lost[s.Kind]++
		}
	}
	what := "its picture"
	switch {
	case len(lost) == 0:
		return left, nil, nil
	case len(lost) == 2:
		what = "its picture and a soundtrack"
	case lost[models.StreamAudio] > 0:
		what = "a soundtrack"
	}
	return left, models.Errorf(models.CodeNoMedia,
		"the file is damaged: %s cannot be decoded and was left out; export or download it again to have it", what), nil
}

// empty removes what a failed attempt left in a directory.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}
