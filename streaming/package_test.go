package streaming_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"context"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
)

var x264 = []string{"-c:v", "libx264", "-preset", "ultrafast"}

// picture and sound are inputs of generated media; lavfi takes any expression.
func picture(spec string) []string { return []string{"-f", "lavfi", "-i", "testsrc2=" + spec} }
func sound(spec string) []string   { return []string{"-f", "lavfi", "-i", "sine=" + spec} }

// pack probes and packages a file and returns where its ladder lies.
func pack(t *testing.T, path string, o streaming.Options) (dir string, r *streaming.Result, err error) {
	t.Helper()
	tools := testenv.FFmpeg(t)
	if o.Limits == (ffmpeg.Limits{}) {
		o.Limits = ffmpeg.DefaultLimits()
	}
	media, err := tools.Probe(t.Context(), path, ffmpeg.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	r, err = streaming.Package(t.Context(), tools, path, dir, media, o)
	return dir, r, err
}

// packed is [pack] of what must go well, held to the rules of HLS.
func packed(t *testing.T, path string) (dir string, r *streaming.Result) {
	t.Helper()
	dir, r, err := pack(t, path, streaming.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkHLS(t, dir, r.Packaging)
	return dir, r
}

// ladder describes renditions in a line: sizes of pictures, channels of sound.
func ladder(p models.Packaging) string {
	var out []string
	for _, r := range p.Renditions {
		if r.Kind == models.StreamVideo {
			out = append(out, fmt.Sprintf("%s %dx%d@%.4g", r.Name, r.Width, r.Height, r.FrameRate))
		} else {
			out = append(out, fmt.Sprintf("%s %dch", r.Name, r.Channels))
		}
	}
	return strings.Join(out, ", ")
}

func TestPackage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		args     []string
		want     string
		duration time.Duration
	}{
		{
			"1080p.mp4", slices.Concat(picture("s=1920x1080:r=24:d=1"), sound("d=1"), x264, []string{"-ac", "2"}),
			"1080p 1920x1080@24, 720p 1280x720@24, 480p 854x480@24, 360p 640x360@24, audio 2ch", time.Second,
		},
		{
			"several segments.mp4", slices.Concat(picture("s=320x180:r=24000/1001:d=14"), sound("d=14"), x264),
			"180p 320x180@23.98, audio 1ch", 14 * time.Second,
		},
		{
			"29.97.mkv", slices.Concat(picture("s=320x180:r=30000/1001:d=7"), sound("r=48000:d=7"), x264),
			"180p 320x180@29.97, audio 1ch", 7 * time.Second,
		},
		{"60.mp4", slices.Concat(picture("s=320x180:r=60:d=7"), x264), "180p 320x180@60", 7 * time.Second},
		{"120.mp4", slices.Concat(picture("s=320x180:r=120:d=2"), x264), "180p 320x180@60", 2 * time.Second},
		{
			"variable.mkv", slices.Concat(picture("s=320x180:r=30:d=7"),
				[]string{"-vf", "select='lt(t,2)+not(mod(n,10))'", "-fps_mode", "vfr"}, x264),
			"180p 320x180@30", 6700 * time.Millisecond,
		},
		{"portrait.mp4", slices.Concat(picture("s=360x640:r=25:d=1"), x264), "360p 360x640@25", time.Second},
		{"anamorphic.mp4", slices.Concat(picture("s=320x360:r=25:d=1,setsar=2/1"), x264), "360p 640x360@25", time.Second},
		{"odd.mkv", slices.Concat(picture("s=121x81:r=25:d=1"), []string{"-c:v", "ffv1"}), "80p 120x80@25", time.Second},
		{"ten bits.mp4", slices.Concat(picture("s=320x180:r=25:d=1"), x264, []string{"-pix_fmt", "yuv420p10le"}), "180p 320x180@25", time.Second},
		{
			"HDR.mkv", slices.Concat(picture("s=320x180:r=25:d=1"), x264,
				[]string{"-pix_fmt", "yuv420p10le", "-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"}),
			"180p 320x180@25", time.Second,
		},
		{"RGB, full range.mkv", slices.Concat(picture("s=320x180:r=25:d=1"), []string{"-c:v", "ffv1", "-pix_fmt", "bgr0"}), "180p 320x180@25", time.Second},
		{
			"interlaced.mpg", slices.Concat(picture("s=352x288:r=25:d=1"),
				[]string{"-c:v", "mpeg2video", "-vf", "setfield=tff", "-flags", "+ildct+ilme"}),
			"288p 352x288@25", time.Second,
		},
		{"sound.wav", sound("d=7"), "audio 1ch", 7 * time.Second},
		{
			"ten channels.wav", []string{"-f", "s16le", "-ar", "8000", "-ac", "10", "-t", "1", "-i", "/dev/zero"},
			"audio 1ch", time.Second,
		},
		{
			"cover.mp3", slices.Concat(sound("d=2"), []string{"-f", "lavfi", "-i", "color=red:s=200x200:d=1:r=1", "-map", "0", "-map", "1",
				"-c:v", "mjpeg", "-disposition:v", "attached_pic"}),
			"audio 1ch", 2 * time.Second,
		},
		{"one frame.mp4", slices.Concat(picture("s=320x180:r=25:d=1"), []string{"-frames:v", "1"}, x264), "180p 320x180@25", 40 * time.Millisecond},
		{
			"one frame with sound.mkv", slices.Concat(picture("s=320x180:r=25:d=0.04"), sound("d=3"), x264),
			"180p 320x180@25, audio 1ch", 3 * time.Second,
		},
		{"slides.mkv", slices.Concat(picture("s=320x180:r=1/4:d=8"), x264), "180p 320x180@10", 8 * time.Second},
		{
			"surround, languages.mkv", slices.Concat(picture("s=320x180:r=25:d=1"),
				[]string{"-f", "lavfi", "-i", "anoisesrc=d=1:a=0.1,aformat=channel_layouts=5.1"}, sound("d=1"),
				[]string{"-map", "0", "-map", "1", "-map", "2", "-c:a", "ac3", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra"}, x264),
			"180p 320x180@25, audio-en 2ch, audio-fr 1ch", time.Second,
		},
		{"short sound.mp4", slices.Concat(picture("s=320x180:r=25:d=7"), sound("d=2"), x264), "180p 320x180@25, audio 1ch", 7 * time.Second},
		{"short picture.mp4", slices.Concat(picture("s=320x180:r=25:d=2"), sound("d=7"), x264), "180p 320x180@25, audio 1ch", 7 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, r := packed(t, testenv.Clip(t, strings.ReplaceAll(test.name, " ", "-"), test.args...))
			if got := ladder(r.Packaging); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if (r.Packaging.Duration-test.duration).Abs() > 60*time.Millisecond || r.Media.Duration != r.Packaging.Duration {
				t.Errorf("lasts %v, the media %v, want %v", r.Packaging.Duration, r.Media.Duration, test.duration)
			}
			if r.Warning != nil {
				t.Error(r.Warning)
			}
			_, err := os.Stat(filepath.Join(dir, streaming.SpeechName))
			if want := strings.Contains(test.want, "audio"); (err == nil) != want || r.Speech != want {
				t.Errorf("speech %v, its file: %v", r.Speech, err)
			}
		})
	}
}

func TestARotatedPictureIsTurned(t *testing.T) {
	t.Parallel()
	// Blue above, red below; turned by 90 degrees the red is at the left.
	clip := testenv.Clip(t, "turned.mp4", slices.Concat([]string{"-f", "lavfi", "-i",
		"color=blue:s=320x90:r=25:d=1[b];color=red:s=320x90:r=25:d=1[r];[b][r]vstack"}, x264)...)
	dir, r := packed(t, testenv.Rotate(t, clip, 90))
	if got := ladder(r.Packaging); got != "180p 180x320@25" {
		t.Errorf("got %s", got)
	}
	left, right := colorAt(t, dir, "180p", 45, 160), colorAt(t, dir, "180p", 135, 160)
	if left[0] < 150 || left[2] > 100 || right[2] < 150 || right[0] > 100 {
		t.Errorf("left %v, right %v; want red and blue", left, right)
	}
}

func TestAllRungsAreMarkedWithOneColourSpace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"unmarked.mp4", slices.Concat(picture("s=1280x720:r=30:d=0.2"), x264), "bt709"},
		{"small.mp4", slices.Concat(picture("s=640x480:r=30:d=0.2"), x264), "smpte170m"},
		{"marked.mp4", slices.Concat(picture("s=1280x720:r=30:d=0.2"), x264, []string{"-colorspace", "smpte170m"}), "smpte170m"},
	} {
		dir, r := packed(t, testenv.Clip(t, test.name, test.args...))
		for _, rung := range r.Packaging.Renditions {
			media, err := testenv.FFmpeg(t).Probe(t.Context(), joined(t, dir, rung.Name), ffmpeg.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if got := media.Streams[0].Color.Space; got != test.want {
				t.Errorf("%s: %s is marked with %q, want %q", test.name, rung.Name, got, test.want)
			}
		}
	}
}

func TestUltraWideStaysWithinLevel(t *testing.T) {
	t.Parallel()
	_, r := packed(t, testenv.Clip(t, "wide.mp4", slices.Concat(picture("s=2560x1080:r=60:d=0.05"), x264)...))
	if top := r.Packaging.Renditions[0]; top.Height != 958 || top.Codecs != "avc1.64002a" {
		t.Errorf("the highest rung is %+v", top)
	}
}

// colorAt returns a pixel of a rendition's first frame.
func colorAt(t *testing.T, dir, name string, x, y int) [3]byte {
	t.Helper()
	raw := rawOutput(t, joined(t, dir, name), "-frames:v", "1", "-vf", fmt.Sprintf("crop=2:2:%d:%d,format=rgb24", x, y), "-f", "rawvideo", "pipe:1")
	return [3]byte(raw[:3])
}

func TestAPictureThatChangesItsSizeKeepsItsTimeline(t *testing.T) {
	t.Parallel()
	for name, codec := range map[string][]string{
		"progressive": x264,
		"interlaced":  {"-c:v", "mpeg2video", "-vf", "setfield=tff", "-flags", "+ildct+ilme", "-c:a", "mp2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part := func(number, size, offset, channels string) []byte {
				path := testenv.Clip(t, number+".ts", slices.Concat(picture("s="+size+":r=25:d=3"), sound("d=3"), codec,
					[]string{"-ac", channels, "-output_ts_offset", offset})...)
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return data
			}
			path := filepath.Join(t.TempDir(), "changes.ts")
			data := slices.Concat(part("first", "320x180", "0", "2"), part("second", "160x120", "3", "1"))
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, r := packed(t, path)
			if got := ladder(r.Packaging); got != "180p 320x180@25, audio 2ch" || (r.Packaging.Duration-6*time.Second).Abs() > 100*time.Millisecond {
				t.Errorf("got %s of %v", got, r.Packaging.Duration)
			}
		})
	}
}

func TestNoDurationInTheHeader(t *testing.T) {
	t.Parallel()
	// What a pipe gets cannot be completed at its end.
	path := testenv.Clip(t, "live.webm", slices.Concat(picture("s=160x90:r=15:d=3"), sound("d=3"),
		[]string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-live", "1"})...)
	_, r := packed(t, path)
	if (r.Packaging.Duration - 3*time.Second).Abs() > 100*time.Millisecond {
		t.Errorf("lasts %v", r.Packaging.Duration)
	}
}

func TestATruncatedSourceGivesWhatItHolds(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "whole.mp4", slices.Concat(picture("s=320x180:r=25:d=8"), sound("d=8"), x264, []string{"-movflags", "+faststart"})...)
	_, r := packed(t, testenv.Patch(t, clip, func(b []byte) []byte { return b[:len(b)/2] }))
	if r.Warning == nil || r.Warning.Code != models.CodeTruncatedMedia {
		t.Fatalf("warning %v", r.Warning)
	}
	if d := r.Packaging.Duration; d < 3*time.Second || d > 5*time.Second {
		t.Errorf("lasts %v of 8 s", d)
	}
}

func TestDamagedFramesAreGotOver(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "sound.ts", slices.Concat(picture("s=320x180:r=25:d=4"), sound("d=4"), x264)...)
	_, r := packed(t, testenv.Patch(t, clip, func(b []byte) []byte {
		for i := len(b) / 3; i < len(b)/3+2000; i += 10 {
			b[i] ^= 0x55
		}
		return b
	}))
	if (r.Packaging.Duration - 4*time.Second).Abs() > 500*time.Millisecond {
		t.Errorf("lasts %v", r.Packaging.Duration)
	}
}

func TestCeilingsHoldForEverySegment(t *testing.T) {
	t.Parallel()
	// Noise cannot be compressed.
	_, r := packed(t, testenv.Clip(t, "noise.mp4", slices.Concat([]string{"-f", "lavfi", "-i",
		"color=gray:s=640x360:r=25:d=7,noise=alls=60:allf=t"}, x264, []string{"-crf", "30"})...))
	if got := r.Packaging.Renditions[0].Bitrate; got > 800_000*105/100 || got < 400_000 {
		t.Errorf("%d bits per second, the ceiling is 800000", got)
	}
}

func TestLimitsAreHit(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "whole.mp4", slices.Concat(picture("s=320x180:r=25:d=8"), sound("d=8"), x264, []string{"-movflags", "+faststart"})...)
	l := ffmpeg.DefaultLimits()
	l.Duration = 5 * time.Second
	if _, _, err := pack(t, clip, streaming.Options{Limits: l}); models.ErrorCode(err) != models.CodeDurationExceeded {
		t.Errorf("duration: %v", err)
	}
}

func TestProgressGrowsToTheEnd(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "whole.mp4", slices.Concat(picture("s=320x180:r=25:d=8"), sound("d=8"), x264, []string{"-movflags", "+faststart"})...)
	var mu sync.Mutex
	var seen []float64
	_, _, err := pack(t, clip, streaming.Options{Progress: func(f float64) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, f)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 || !slices.IsSorted(seen) || seen[0] < 0 || seen[len(seen)-1] < 0.9 || seen[len(seen)-1] > 1 {
		t.Errorf("progress %v", seen)
	}
}

func TestCancelStopsPackaging(t *testing.T) {
	t.Parallel()
	tools := testenv.FFmpeg(t)
	clip := testenv.Clip(t, "long.mp4", slices.Concat(picture("s=640x360:r=25:d=60"), x264)...)
	media, err := tools.Probe(t.Context(), clip, ffmpeg.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = streaming.Package(ctx, tools, clip, t.TempDir(), media, streaming.Options{
		Limits:   ffmpeg.DefaultLimits(),
		Progress: func(float64) { cancel() },
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSharedClips(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"audio_only_2x_5p1.mp4":             "audio 2ch, audio-2 2ch",
		"bad_corrupted_10fps.mp4":           "720p 1280x720@10, 480p 854x480@10, 360p 640x360@10",
		"bird_4s.avi":                       "360p 864x360@23.98, audio 2ch",
		"cea608_frag.mp4":                   "234p 416x234@29.97",
		"chapters_2_bbb.mp4":                "180p 320x180@24, audio 2ch",
		"h263_qcif.3gp":                     "144p 176x144@15",
		"h264.flv":                          "180p 320x180@24",
		"mp3_cover_art.mp3":                 "audio 2ch",
		"odd_121x81_mpeg2.mp4":              "80p 120x80@25",
		"portrait_720x1080.mp4":             "720p 720x1080@29.97, 480p 480x720@29.97, 360p 360x540@29.97, audio 1ch",
		"sar_2x1.mp4":                       "360p 1280x360@30",
		"silent_black_25s.mp4":              "240p 320x240@30, audio 1ch",
		"speech_digits_8s.wav":              "audio 1ch",
		"subs_srt.mkv":                      "720p 1080x720@30, 480p 720x480@30, 360p 540x360@30, audio 1ch",
		"subs_vobsub.mkv":                   "720p 1080x720@30, 480p 720x480@30, 360p 540x360@30, audio 1ch",
		"tiny_1x1_444.mp4":                  "2p 2x2@1",
		"derived/bad_trunc_story_50pct.mp4": "360p 640x360@25, audio-en 1ch, audio-es 1ch",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, r := packed(t, testenv.Media(t, name))
			if got := ladder(r.Packaging); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if truncated := strings.Contains(name, "trunc"); (r.Warning != nil) != truncated {
				t.Errorf("warning %v", r.Warning)
			}
			if math.Abs(r.Packaging.Duration.Seconds()) < 0.3 {
				t.Errorf("lasts %v", r.Packaging.Duration)
			}
		})
	}
}
