package sample

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

// Truth is what is in a sample video.
type Truth struct {
	Duration time.Duration
	Captions string // path of the WebVTT file beside the video
	Topics   []Topic
	Shots    []models.Shot // to the frame
}

// Topic is a chapter that is there to be found.
type Topic struct {
	Start     time.Duration
	Word      string // in small letters and the singular; a good title holds it
	Sentences []models.Segment
}

// Make writes the sample video to path, which ends in .mp4, and its captions
// beside it with the ending .vtt, replacing what is there. It takes some
// seconds of two cores. ENGINE_MISSING where FFmpeg or the font is not installed,
// INVALID_ARGUMENT for another ending, SOURCE_UNAVAILABLE where nothing can be
// written.
func Make(ctx context.Context, tools ffmpeg.Tools, path string) (Truth, error) {
	if filepath.Ext(path) != ".mp4" {
		return Truth{}, models.Errorf(models.CodeInvalidArgument, "%s does not end in .mp4, which the sample is; give it that ending", path)
	}
	f, err := findFonts()
	if err != nil {
		return Truth{}, err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(path), ".sample-")
	if err != nil {
		return Truth{}, models.Errorf(models.CodeSourceUnavailable,
			"cannot write to %s; choose another place", filepath.Dir(path)).Because(err)
	}
	defer os.RemoveAll(scratch)

	topics := script()
	spoken, err := speak(ctx, tools, scratch, topics)
	if err != nil {
		return Truth{}, err
	}
	s := plan(topics, spoken)
	s.Captions = strings.TrimSuffix(path, filepath.Ext(path)) + ".vtt"
	if err := s.track(filepath.Join(scratch, "narration.pcm")); err != nil {
		return Truth{}, fmt.Errorf("write narration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(scratch, "sample.vtt"), s.captions(), 0o600); err != nil {
		return Truth{}, fmt.Errorf("write captions: %w", err)
	}
	if err := tools.Run(ctx, ffmpeg.Run{Args: s.encode(f), Dir: scratch}); err != nil {
		return Truth{}, fmt.Errorf("make sample video: %w", err)
	}
	for made, place := range map[string]string{"sample.mp4": path, "sample.vtt": s.Captions} {
		made = filepath.Join(scratch, made)
		if info, err := os.Stat(made); err != nil || info.Size() == 0 {
			return Truth{}, fmt.Errorf("make sample video: %s was not written: %w", filepath.Base(made), err)
		}
		if err := os.Rename(made, place); err != nil {
			return Truth{}, fmt.Errorf("put sample video in place: %w", err)
		}
	}
	return s.Truth, nil
}

// encode returns FFmpeg's arguments: one process that draws, joins and encodes.
func (s *show) encode(f fonts) []string {
	return []string{
		"-f", "s16le", "-ar", fmt.Sprint(sampleRate), "-ac", "1", "-i", "narration.pcm",
		"-filter_complex", s.graph(f), "-map", "[show]", "-map", "0:a",
		"-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-g", fmt.Sprint(2 * frameRate), "-pix_fmt", "yuv420p",
		"-c:a", "aac", "-b:a", "96k", "-metadata", "title=Six small wonders",
		"-movflags", "+faststart", "sample.mp4",
	}
}

// captions are the sentences as WebVTT.
func (s *show) captions() []byte {
	var f webvtt.File
	for _, t := range s.Topics {
		for _, said := range t.Sentences {
			f.Add(said.Start, said.End, webvtt.Escape(said.Text))
		}
	}
	return []byte(f.String())
}

// findFonts looks for DejaVu Sans where systems keep fonts.
func findFonts() (fonts, error) {
	places := []string{"/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/opt/homebrew/share/fonts"}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, ".local/share/fonts"), filepath.Join(home, "Library/Fonts"))
	}
	var f fonts
	for _, place := range places {
		_ = filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return fs.SkipDir
			case d.Name() == "DejaVuSans.ttf":
				f.regular = path
			case d.Name() == "DejaVuSans-Bold.ttf":
				f.bold = path
			}
			return nil
		})
		if f.regular != "" && f.bold != "" {
			return f, nil
		}
	}
	return fonts{}, models.Errorf(models.CodeEngineMissing,
		"the font DejaVu Sans is not installed; run `apt-get install fonts-dejavu-core`").Because(errors.New("looked in " + strings.Join(places, ", ")))
}
