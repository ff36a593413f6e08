package ffmpeg_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

func probe(t *testing.T, path string) *models.MediaInfo {
	t.Helper()
	media, err := testenv.FFmpeg(t).Probe(t.Context(), path, ffmpeg.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return media
}

// refused fails the test unless probing fails with a code and a sentence, which
// it returns.
func refused(t *testing.T, path string, l ffmpeg.Limits, want models.Code) (message string) {
	t.Helper()
	media, err := testenv.FFmpeg(t).Probe(t.Context(), path, l)
	if models.ErrorCode(err) != want {
		t.Fatalf("got %+v, %v; want %s", media, err, want)
	}
	e := models.AsError(err)
	if !strings.ContainsAny(e.Message, ";?") || strings.HasSuffix(e.Message, ".") {
		t.Errorf("%q does not say what to do", e.Message)
	}
	return e.Message
}

func TestProbeFindsEverything(t *testing.T) {
	t.Parallel()
	chapters := filepath.Join(t.TempDir(), "meta.txt")
	text := ";FFMETADATA1\ntitle=A title\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n" +
		"[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Two\n"
	if err := os.WriteFile(chapters, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "all.mp4")
	made := testenv.Clip(t, "probe.mp4", args(both,
		"-f", "lavfi", "-i", "anullsrc=r=48000:cl=5.1", "-shortest", "-map", "0", "-map", "1", "-map", "2",
		"-vf", "setsar=4/3,format=yuv420p10le", "-c:v", "libx264", "-preset", "ultrafast",
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
		"-c:a", "aac", "-metadata:s:a:0", "language=deu", "-metadata:s:a:0", "title=Deutsch",
		"-disposition:a:0", "0", "-disposition:a:1", "default")...)
	if err := testenv.FFmpeg(t).Run(t.Context(), ffmpeg.Run{Args: append(ffmpeg.Input(made),
		"-f", "ffmetadata", "-i", chapters, "-map", "0", "-map_metadata", "1", "-c", "copy", path)}); err != nil {
		t.Fatal(err)
	}
	path = testenv.Rotate(t, path, 90)

	got := probe(t, path)
	want := &models.MediaInfo{
		Container: "mov",
		Duration:  time.Second,
		Streams: []models.Stream{
			{
				Index: 0, Kind: models.StreamVideo, Codec: "h264", Profile: "High 10", Default: true,
				Width: 160, Height: 90, FrameRate: models.Ratio{Num: 25, Den: 1}, SampleRatio: models.Ratio{Num: 4, Den: 3},
				Rotation: 90, PixelFormat: "yuv420p10le",
				Color: models.Color{Primaries: "bt709", Transfer: "bt709", Space: "bt709", Range: "tv"},
			},
			{
				Index: 1, Kind: models.StreamAudio, Codec: "aac", Profile: "LC", Language: "deu",
				SampleRate: 44100, Channels: 1, ChannelLayout: "mono",
			},
			{
				Index: 2, Kind: models.StreamAudio, Codec: "aac", Profile: "LC", Default: true,
				SampleRate: 48000, Channels: 6, ChannelLayout: "5.1",
			},
		},
		Chapters: []models.MediaMark{
			{Start: 0, End: 400 * time.Millisecond, Title: "One"},
			{Start: 400 * time.Millisecond, End: time.Second, Title: "Two"},
		},
	}
	ignore := cmp.Options{
		cmpopts.IgnoreFields(models.MediaInfo{}, "BitRate", "Tags", "Claimed"),
		cmpopts.IgnoreFields(models.Stream{}, "BitRate", "Tags", "Title", "Duration", "Start"),
		cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Duration" }, near(50*time.Millisecond)),
	}
	// The chapters of MP4 are a track of their own.
	if n := len(got.Streams); n == 4 && got.Streams[3].Kind == models.StreamOther {
		got.Streams = got.Streams[:3]
	}
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("MediaInfo (-want +got):\n%s", diff)
	}
	if got.Tags["title"] != "A title" || got.BitRate <= 0 {
		t.Errorf("tags %v, bit rate %d", got.Tags, got.BitRate)
	}
	if w, h := got.Streams[0].Display(); w != 90 || h != 213 {
		t.Errorf("displayed at %d x %d, want 90 x 213", w, h)
	}
}

func near(tolerance time.Duration) cmp.Option {
	return cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= tolerance })
}

func TestProbeTurnsEveryRotationClockwise(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "turn.mp4", args(picture, "-c:v", "libx264", "-preset", "ultrafast")...)
	for _, degrees := range []int{90, 180, 270} {
		if got := probe(t, testenv.Rotate(t, clip, degrees)).Streams[0].Rotation; got != degrees {
			t.Errorf("rotation %d, want %d", got, degrees)
		}
	}
}

func TestCoverArtIsNoVideo(t *testing.T) {
	t.Parallel()
	path := testenv.Clip(t, "cover.mp3", args(sound, "-f", "lavfi", "-i", "color=red:s=200x200:d=1:r=1",
		"-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic")...)
	media := probe(t, path)
	if media.First(models.StreamVideo) != nil || media.First(models.StreamImage) == nil || media.First(models.StreamAudio) == nil {
		t.Errorf("streams %+v", media.Streams)
	}
}

func TestTagsAreTrimmedAndCleaned(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 5000)
	path := testenv.Clip(t, "tags.mkv", args(sound, "-metadata", "title=a\x01b\nc", "-metadata", "comment="+long)...)
	tags := probe(t, path).Tags
	if got := tags["title"]; got != "ab c" {
		t.Errorf("title %q", got)
	}
	for key, value := range tags {
		if len(value) > 4096 || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			t.Errorf("tag %s: %d bytes, %.20q…", key, len(value), value)
		}
		if strings.EqualFold(key, "comment") && len(value) < 4095 {
			t.Errorf("comment cut to %d bytes", len(value))
		}
	}
}

func TestEachLimitOfProbingIsHit(t *testing.T) {
	t.Parallel()
	path := testenv.Clip(t, "limits.mp4", args(both, "-c:v", "libx264", "-preset", "ultrafast")...)
	for name, test := range map[string]struct {
		change func(*ffmpeg.Limits)
		want   models.Code
	}{
		"duration": {func(l *ffmpeg.Limits) { l.Duration = time.Second / 2 }, models.CodeDurationExceeded},
		"width":    {func(l *ffmpeg.Limits) { l.Width = 159 }, models.CodeDimensionsExceeded},
		"height":   {func(l *ffmpeg.Limits) { l.Height = 89 }, models.CodeDimensionsExceeded},
		"pixels":   {func(l *ffmpeg.Limits) { l.Pixels = 14_399 }, models.CodeDimensionsExceeded},
		"streams":  {func(l *ffmpeg.Limits) { l.Streams = 1 }, models.CodeTooManyStreams},
		"wall":     {func(l *ffmpeg.Limits) { l.Probe.Wall = time.Microsecond }, models.CodeResourceLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := ffmpeg.DefaultLimits()
			test.change(&l)
			refused(t, path, l, test.want)
		})
	}
	t.Run("all at once are kept by an ordinary file", func(t *testing.T) {
		t.Parallel()
		probe(t, path)
	})
}

func TestChaptersPastTheLimitAreCut(t *testing.T) {
	t.Parallel()
	meta := ";FFMETADATA1\n"
	for range 5 {
		meta += "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=10\ntitle=c\n"
	}
	file := filepath.Join(os.TempDir(), "cuepoint-five-chapters.txt") // its name is part of the clip's
	if err := os.WriteFile(file, []byte(meta), 0o600); err != nil {
		t.Fatal(err)
	}
	path := testenv.Clip(t, "chapters.mkv", args(sound, "-i", file, "-map", "0", "-map_metadata", "1")...)
	l := ffmpeg.DefaultLimits()
	l.Chapters = 3
	media, err := testenv.FFmpeg(t).Probe(t.Context(), path, l)
	if err != nil || len(media.Chapters) != 3 {
		t.Errorf("got %+v, %v", media, err)
	}
}

// claim changes the duration in an MP4 file's headers, in their own timescales.
func claim(t *testing.T, path string, d time.Duration) string {
	t.Helper()
	return testenv.Patch(t, path, func(data []byte) []byte {
		mvhd := testenv.Box(t, data, "mvhd")
		scale := binary.BigEndian.Uint32(mvhd[12:])
		ticks := uint32(d.Seconds() * float64(scale))
		binary.BigEndian.PutUint32(mvhd[16:], ticks)
		binary.BigEndian.PutUint32(testenv.Box(t, data, "tkhd")[20:], ticks)
		binary.BigEndian.PutUint32(testenv.Box(t, data, "elst")[8:], ticks)
		mdhd := testenv.Box(t, data, "mdhd")
		binary.BigEndian.PutUint32(mdhd[16:], uint32(d.Seconds()*float64(binary.BigEndian.Uint32(mdhd[12:]))))
		return data
	})
}

func TestAClaimOfTooLongIsBelievedOnlyFromTimestamps(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "claim.mp4", args(picture, "-c:v", "libx264", "-preset", "ultrafast", "-video_track_timescale", "1000")...)
	lying := claim(t, clip, 49*24*time.Hour)
	media := probe(t, lying)
	if media.Duration != time.Second {
		t.Errorf("duration %v, want the second that it holds", media.Duration)
	}
}

func TestBadFilesAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	l := ffmpeg.DefaultLimits()
	clip := testenv.Clip(t, "bad.mp4", args(picture, "-c:v", "libx264", "-preset", "ultrafast")...)
	t.Run("cut off before its index", func(t *testing.T) {
		t.Parallel()
		refused(t, testenv.Patch(t, clip, func(b []byte) []byte { return b[:len(b)/2] }), l, models.CodeTruncatedMedia)
	})
	t.Run("with an index of nothing", func(t *testing.T) {
		t.Parallel()
		refused(t, testenv.Patch(t, clip, func([]byte) []byte { return []byte(box("ftyp", "isom....") + box("moov", "")) }), l, models.CodeNoMedia)
	})
	t.Run("of a codec nobody knows", func(t *testing.T) {
		t.Parallel()
		path := testenv.Patch(t, clip, func(b []byte) []byte { return bytes.Replace(b, []byte("avc1\x00\x00"), []byte("zzz9\x00\x00"), 1) })
		if message := refused(t, path, l, models.CodeCodecUnsupported); !strings.Contains(message, "zzz9") {
			t.Errorf("%q does not name the codec", message)
		}
	})
	t.Run("encrypted", func(t *testing.T) {
		t.Parallel()
		refused(t, testenv.Clip(t, "encrypted.mp4", args(picture, "-c:v", "libx264", "-preset", "ultrafast",
			"-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
			"-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")...), l, models.CodeEncryptedMedia)
	})
	t.Run("of captions only", func(t *testing.T) {
		t.Parallel()
		srt := filepath.Join(os.TempDir(), "cuepoint-hello.srt")
		if err := os.WriteFile(srt, []byte("1\n00:00:00,000 --> 00:00:01,000\nhello\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, testenv.Clip(t, "captions.mkv", "-i", srt), l, models.CodeNoMedia)
	})
	t.Run("empty", func(t *testing.T) {
		t.Parallel()
		refused(t, testenv.Patch(t, clip, func([]byte) []byte { return nil }), l, models.CodeEmptyFile)
	})
	t.Run("a playlist renamed", func(t *testing.T) {
		t.Parallel()
		refused(t, testenv.Patch(t, clip, func([]byte) []byte { return []byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n") }),
			l, models.CodeContainerNotAllowed)
	})
}

func TestSharedClipsThatAreBad(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]models.Code{
		"bad_no_moov.mp4":              models.CodeTruncatedMedia,
		"bad_vvc_unsupported.mp4":      models.CodeCodecUnsupported,
		"derived/bad_empty.mp4":        models.CodeEmptyFile,
		"derived/bad_random_64k.mkv":   models.CodeContainerNotAllowed,
		"derived/bad_text_renamed.mp4": models.CodeContainerNotAllowed,
		"derived/bad_trunc_tail60.mp4": models.CodeTruncatedMedia,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, testenv.Media(t, name), ffmpeg.DefaultLimits(), want)
		})
	}
}

func TestAMissingProgramIsSaidToBe(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "bad.mp4", args(picture, "-c:v", "libx264", "-preset", "ultrafast")...)
	_, err := ffmpeg.Tools{FFmpeg: "/nowhere/ffmpeg", FFprobe: "/nowhere/ffprobe"}.Probe(t.Context(), clip, ffmpeg.DefaultLimits())
	if e := models.AsError(err); e == nil || e.Code != models.CodeEngineMissing || !strings.Contains(e.Message, "ffprobe") {
		t.Errorf("error %v", err)
	}
}

func TestNoOtherDemuxerGetsToSeeAFile(t *testing.T) {
	t.Parallel()
	// FFmpeg takes the file for MP4, where it may choose.
	clip := testenv.Clip(t, "bad.mp4", args(picture, "-c:v", "libx264", "-preset", "ultrafast")...)
	tools := testenv.FFmpeg(t)
	run := func(input []string) error {
		return tools.Run(t.Context(), ffmpeg.Run{Args: append(input, "-f", "null", "-")})
	}
	if err := run(ffmpeg.Input(clip)); err != nil {
		t.Errorf("as itself: %v", err)
	}
	for _, container := range all {
		if err := run(ffmpeg.InputAs(container, clip)); (err == nil) != (container == ffmpeg.MOV) {
			t.Errorf("as %s: %v", container, err)
		}
	}
}

func TestAClockThatDoesNotBeginAtZeroIsNoLength(t *testing.T) {
	t.Parallel()
	for _, extension := range []string{"mkv", "flv", "mp4", "ts"} {
		path := testenv.Clip(t, "clock."+extension, "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2",
			"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-avoid_negative_ts", "disabled", "-output_ts_offset", "100")
		media := probe(t, path)
		if (media.Duration - 2*time.Second).Abs() > 100*time.Millisecond {
			t.Errorf("%s: %v long, want 2 s", extension, media.Duration)
		}
		if want := media.Duration; extension != "ts" && media.Claimed != want {
			t.Errorf("%s: claims %v, want %v", extension, media.Claimed, want)
		}
	}
}
