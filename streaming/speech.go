package streaming

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// checkSpeech sees to it that the sound for engines is on the video's timeline,
// as the rendition of the same soundtrack is. FLAC has no times: where the sound
// begins late, or has holes that a damaged source left, the file that FFmpeg
// wrote lacks them, and is made again from the rendition.
func checkSpeech(ctx context.Context, tools ffmpeg.Tools, dir string, l *Ladder, tracks []*track, limits ffmpeg.Limits) error {
	if len(l.Audio) == 0 {
		return nil
	}
	var first *track
	for _, t := range tracks {
		if t.Name == l.Audio[0].Name {
			first = t
		}
	}
	if first.Lead == 0 && verifySpeech(ctx, tools, dir, first, limits) == nil {
		return nil
	}
	if err := remakeSpeech(ctx, tools, dir, l, first); err != nil {
		return fmt.Errorf("make %s again: %w", SpeechName, err)
	}
	return verifySpeech(ctx, tools, dir, first, limits)
}

// verifySpeech checks that the sound for engines is as long as its rendition.
func verifySpeech(ctx context.Context, tools ffmpeg.Tools, dir string, t *track, limits ffmpeg.Limits) error {
	if err := hasFile(dir, "", SpeechName, -1); err != nil {
		return err
	}
	sound := models.MediaInfo{Container: ffmpeg.FLAC, Streams: []models.Stream{{Kind: models.StreamAudio, Codec: "flac"}}}
	scan, err := tools.Scan(ctx, filepath.Join(dir, SpeechName), &sound, limits)
	if err != nil {
		return fmt.Errorf("verify %s: %w", SpeechName, err)
	}
	const tolerance = 100 * time.Millisecond // frames of AAC and FLAC are not equally long
	if got, want := scan.Duration, t.duration(); (got - want).Abs() > tolerance {
		return fmt.Errorf("verify %s: %v long, not %v", SpeechName, got, want)
	}
	return nil
}

func remakeSpeech(ctx context.Context, tools ffmpeg.Tools, dir string, l *Ladder, t *track) error {
	whole := filepath.Join(dir, "speech.mp4")
	defer os.Remove(whole)
	if err := t.files(dir).Join(whole); err != nil {
		return err
	}
	args := append([]string{"-copyts"}, ffmpeg.InputAs(ffmpeg.MOV, whole)...)
	args = append(args,
		"-af", "aresample="+strconv.Itoa(speechRate)+":async=1:min_hard_comp=0.01:first_pts=0,aformat=sample_fmts=s16:channel_layouts=mono",
		"-c:a", "flac", "-f", "flac", "-map_metadata", "-1", "file:"+filepath.Join(dir, SpeechName))
	return tools.Run(ctx, ffmpeg.Run{Args: args, Limits: l.limits(l.budget())})
}

// files is where a track's segments lie.
func (t *track) files(dir string) *Rendition {
	r := &Rendition{Init: filepath.Join(dir, t.Name, initName)}
	for i := range t.Segments {
		r.Segments = append(r.Segments, Segment{Path: filepath.Join(dir, t.Name, segmentName(i))})
	}
	return r
}
