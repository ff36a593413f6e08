package analyzer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Sources keeps the bytes of sources: see store/blob/disk.
type Sources interface {
	PutSource(ctx context.Context, r io.Reader, limit int64) (sum string, size int64, err error)
}

// Intake lets files into the library.
type Intake struct {
	Pipeline *Pipeline
	Store    store.Library
	Sources  Sources
	MaxSize  int64 // of a source, in bytes

	MaxCaptions int64 // of a captions file, in bytes
}

// Add copies a file into the library and returns its video, which is the one
// that is there already if the same bytes came before; options given now
// replace those given then. Errors: SOURCE_UNAVAILABLE, EMPTY_FILE,
// CONTAINER_NOT_ALLOWED, SOURCE_TOO_LARGE, CAPTIONS_INVALID, STORAGE_FULL.
func (in *Intake) Add(ctx context.Context, path string, opt Options) (*models.Video, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > in.MaxSize {
		return nil, models.Errorf(models.CodeSourceTooLarge,
			"%s has %d bytes, more than the limit of %d; cut it into parts", displayText(path), size, in.MaxSize)
	}
	if _, err := ffmpeg.Sniff(f, size); err != nil {
		return nil, err
	}
	captions, err := in.sidecar(ctx, opt.Captions)
	if err != nil {
		return nil, err
	}
	sum, size, err := in.Sources.PutSource(ctx, f, in.MaxSize) // it may have grown
	if err != nil {
		return nil, err
	}
	source := displayText(path)
	video, err := in.Store.VideoBySHA256(ctx, sum)
	if models.ErrorCode(err) == models.CodeNotFound {
		base := filepath.Base(source)
		now := time.Now().UTC()
		return in.create(ctx, &models.Video{
			ID: models.NewID(), Title: strings.TrimSuffix(base, filepath.Ext(base)), Source: source,
			State: models.VideoQueued, Blob: sourceKey(sum), SHA256: sum, Size: size,
			Language: opt.Language, Captions: captions, Created: now, Updated: now,
		})
	}
	if err != nil {
		return nil, err
	}
	update := store.VideoUpdate{Source: &source, Captions: captions}
	if opt.Language != "" {
		update.Language = &opt.Language
	}
	if err := in.Store.UpdateVideo(ctx, video.ID, update); err != nil {
		return nil, err
	}
	return in.Store.Video(ctx, video.ID)
}

// create adds a video with all its stages pending.
func (in *Intake) create(ctx context.Context, video *models.Video) (*models.Video, error) {
	if err := in.Store.CreateVideo(ctx, video); err != nil {
		return nil, err
	}
	for _, stage := range in.Pipeline.Names() {
		if err := in.Store.SetRun(ctx, video.ID, models.StageRun{Stage: stage, Status: models.StagePending}); err != nil {
			return nil, err
		}
	}
	return in.Store.Video(ctx, video.ID)
}

// sidecar keeps a caption file as sources are kept.
func (in *Intake) sidecar(ctx context.Context, path string) (*models.Sidecar, error) {
	if path == "" {
		return nil, nil
	}
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > in.MaxCaptions {
		return nil, models.Errorf(models.CodeCaptionsInvalid,
			"%s has %d bytes, more than any captions; give a WebVTT, SRT or TTML file", displayText(path), size)
	}
	sum, _, err := in.Sources.PutSource(ctx, f, in.MaxCaptions) // it may have grown
	if err != nil {
		return nil, fmt.Errorf("captions %s: %w", path, err)
	}
	return &models.Sidecar{Name: displayText(filepath.Base(path)), Blob: sourceKey(sum), SHA256: sum}, nil
}

// sourceKey is the key of bytes that are kept under their hash.
func sourceKey(sum string) string { return "sources/" + sum[:2] + "/" + sum }

// open opens a regular file for reading, and nothing that would hang.
func open(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s: there is no such file; check the path", displayText(path)).Because(err)
	case err != nil:
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check the path", displayText(path)).Because(err)
	case info.IsDir():
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s is a directory; name the files in it", displayText(path))
	case !info.Mode().IsRegular():
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s is not a regular file; copy its content to one first", displayText(path))
	}
	f, err = os.Open(path)
	if err != nil {
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check its permissions", displayText(path)).Because(err)
	}
	return f, info.Size(), nil
}

// displayText makes a file's name fit for terminals, logs and JSON: at most
// 4 KiB of valid UTF-8 without control characters and direction overrides.
func displayText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > 4<<10 {
		s = strings.ToValidUTF8(s[:4<<10], "")
	}
	return s
}
