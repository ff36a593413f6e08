package stages

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer/analyzertest"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

// withTracks is a clip with five subtitle tracks: titles alone, forced, signs,
// German, and English.
func withTracks(t *testing.T, name, codec string) string {
	t.Helper()
	args := []string{"-f", "lavfi", "-i", "color=s=64x64:d=3:r=5"}
	for _, file := range []string{"title", "full", "full", "ganz", "full"} {
		args = append(args, "-i", "testdata/speech/"+file+".srt")
	}
	for i := range 6 {
		args = append(args, "-map", string(rune('0'+i)))
	}
	args = append(args, "-c:v", "libx264", "-preset", "ultrafast", "-c:s", codec,
		"-disposition:s:0", "default", "-disposition:s:1", "forced", "-disposition:s:3", "0", "-disposition:s:4", "0",
		"-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=eng", "-metadata:s:s:2", "language=eng",
		"-metadata:s:s:2", "title=Signs & Songs", "-metadata:s:s:3", "language=ger", "-metadata:s:s:4", "language=eng")
	return testenv.Clip(t, name, args...)
}

func TestSpeechImportsTheBestTrack(t *testing.T) {
	t.Parallel()
	english := []models.Segment{
		{Start: 500 * time.Millisecond, End: 1500 * time.Millisecond, Text: "Every word of it.", Confidence: 1},
		{Start: 2 * time.Second, End: 2500 * time.Millisecond, Text: "The end.", Confidence: 1},
	}
	german := []models.Segment{{Start: 500 * time.Millisecond, End: 1500 * time.Millisecond, Text: "Jedes Wort.", Confidence: 1}}
	for name, tt := range map[string]struct {
		clip     string
		language string
		want     models.Transcript
	}{
		"Matroska, SubRip, declared German": {withTracks(t, "t.mkv", "subrip"), "de",
			models.Transcript{Language: "de", Source: models.SourceImported, Segments: german}},
		"Matroska, SubStation, declared English": {withTracks(t, "t.mkv", "ass"), "en-GB",
			models.Transcript{Language: "en", Source: models.SourceImported, Segments: english}},
		"MP4, nothing declared": {withTracks(t, "t.mp4", "mov_text"), "",
			models.Transcript{Language: "en", Source: models.SourceImported, Segments: english}},
		"Matroska, another language declared": {withTracks(t, "t.mkv", "subrip"), "fr",
			models.Transcript{Language: "en", Source: models.SourceRecognized, Model: "m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupSpeech(t)
			b.engine.heard.Segments = tt.want.Segments
			media, err := b.FFmpeg.Probe(t.Context(), tt.clip, ffmpeg.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			b.job.Video.Media, b.job.Inputs.(*analyzertest.Inputs).SourceFile = media, tt.clip
			b.job.Video.Language = tt.language
			got, _, _ := b.run(t)
			if tt.want.Source == models.SourceRecognized {
				if b.engine.asked.Load() == nil {
					t.Error("the engine was not asked")
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpeechPrefersTheTrackInTheLanguageSpoken(t *testing.T) {
	t.Parallel()
	text := func(index int, language string, d bool) models.Stream {
		return models.Stream{Index: index, Kind: models.StreamSubtitle, Codec: "subrip", Language: language, Default: d}
	}
	media := &models.MediaInfo{Streams: []models.Stream{
		{Kind: models.StreamAudio, Language: "jpn"},
		text(1, "", false), text(2, "eng", true), text(3, "ja", false),
		{Index: 4, Kind: models.StreamSubtitle, Codec: "hdmv_pgs_subtitle", Language: "ja"},
	}}
	for declared, want := range map[string][]int{"": {3, 2, 1}, "en": {2, 1}, "ja": {3, 1}, "fr": {1}} {
		var got []int
		for _, s := range captionTracks(media, declared) {
			got = append(got, s.Index)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("declared %q: %s", declared, diff)
		}
	}
}
