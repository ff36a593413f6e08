package streaming

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// golden compares text with a file of the testdata folder. With CUEPOINT_UPDATE
// set it writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("CUEPOINT_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func video(width, height int) models.Stream {
	return models.Stream{
		Kind: models.StreamVideo, Codec: "h264", Width: width, Height: height,
		FrameRate: models.Ratio{Num: 25, Den: 1}, SampleRatio: models.Ratio{Num: 1, Den: 1}, PixelFormat: "yuv420p",
	}
}

// spans says that all streams of a source last as long as given.
func spans(lengths ...time.Duration) *ffmpeg.Scan {
	s := &ffmpeg.Scan{Streams: map[int]ffmpeg.Span{}}
	for i, d := range lengths {
		s.Streams[i] = ffmpeg.Span{End: d, Packets: int(d / (40 * time.Millisecond)), Step: 40 * time.Millisecond, Steady: true}
		s.Duration = max(s.Duration, d)
	}
	return s
}

func plan(t *testing.T, scan *ffmpeg.Scan, streams ...models.Stream) *Ladder {
	t.Helper()
	media := &models.MediaInfo{Container: ffmpeg.MOV, Streams: streams}
	for i := range media.Streams {
		media.Streams[i].Index = i
	}
	l, err := Plan(media, scan)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRungsGoByTheShorterSideAndNeverAboveTheSource(t *testing.T) {
	t.Parallel()
	with := func(s models.Stream, change func(*models.Stream)) models.Stream {
		change(&s)
		return s
	}
	for _, test := range []struct {
		name   string
		source models.Stream
		want   string
	}{
		{"1080p", video(1920, 1080), "1080p 1920x1080, 720p 1280x720, 480p 854x480, 360p 640x360"},
		{"2160p", video(3840, 2160), "1080p 1920x1080, 720p 1280x720, 480p 854x480, 360p 640x360"},
		{"720p", video(1280, 720), "720p 1280x720, 480p 854x480, 360p 640x360"},
		{"between rungs", video(960, 540), "480p 854x480, 360p 640x360"},
		{"360p", video(640, 360), "360p 640x360"},
		{"below the lowest rung", video(320, 180), "180p 320x180"},
		{"portrait", video(720, 1280), "720p 720x1280, 480p 480x854, 360p 360x640"},
		{"portrait by rotation", with(video(1280, 720), func(s *models.Stream) { s.Rotation = 90 }), "720p 720x1280, 480p 480x854, 360p 360x640"},
		{"upside down", with(video(1280, 720), func(s *models.Stream) { s.Rotation = 180 }), "720p 1280x720, 480p 854x480, 360p 640x360"},
		{"PAL widescreen", with(video(720, 576), func(s *models.Stream) { s.SampleRatio = models.Ratio{Num: 64, Den: 45} }), "480p 854x480, 360p 640x360"},
		{"wide", video(2560, 1080), "958p 2270x958, 720p 1706x720, 480p 1138x480, 360p 854x360"},
		{"too wide for decoders", video(8000, 1080), "544p 4034x544, 480p 3556x480, 360p 2666x360"},
		{"a banner", video(8192, 200), "100p 4096x100"},
		{"odd", video(121, 81), "80p 120x80"},
		{"a pixel", video(1, 1), "2p 2x2"},
		{"a line", video(3, 101), "2p 2x100 at 150:101"},
	} {
		var got []string
		for _, r := range plan(t, spans(time.Second), test.source).Video.Rungs {
			text := fmt.Sprintf("%s %dx%d", r.Name, r.Width, r.Height)
			if r.SampleRatio != (models.Ratio{Num: 1, Den: 1}) {
				text += " at " + fraction(r.SampleRatio, ":")
			}
			got = append(got, text)
		}
		if s := strings.Join(got, ", "); s != test.want {
			t.Errorf("%s: %s, want %s", test.name, s, test.want)
		}
	}
}

func TestRungsKeepShapeOfAnySource(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := video(rapid.IntRange(1, 8192).Draw(t, "width"), rapid.IntRange(1, 8192).Draw(t, "height"))
		s.SampleRatio = models.Ratio{Num: rapid.IntRange(1, 20).Draw(t, "num"), Den: rapid.IntRange(1, 20).Draw(t, "den")}
		s.Rotation = 90 * rapid.IntRange(0, 3).Draw(t, "turns")
		width, height := s.Display()
		width, height = max(width, 1), max(height, 1)
		shape := float64(width) / float64(height)
		last := math.MaxInt
		v := planVideo(s, ffmpeg.Span{})
		if len(v.Rungs) == 0 {
			t.Fatal("no rungs")
		}
		for _, r := range v.Rungs {
			if blocks(r.Width)*blocks(r.Height) > 8704 {
				t.Errorf("%d x %d is beyond level 4.2", r.Width, r.Height)
			}
			if r.Width%2 != 0 || r.Height%2 != 0 || r.Width < 2 || r.Height < 2 || max(r.Width, r.Height) > maxSide {
				t.Errorf("rung of %d x %d", r.Width, r.Height)
			}
			if r.Width > max(width, 2) || r.Height > max(height, 2) {
				t.Errorf("%d x %d scaled up to %d x %d", width, height, r.Width, r.Height)
			}
			if r.Width*r.Height >= last {
				t.Errorf("rung %s is not lower than the one before", r.Name)
			}
			last = r.Width * r.Height
			shown := float64(r.Width) * r.SampleRatio.Float() / float64(r.Height)
			if math.Abs(shown/shape-1) > 0.01 {
				t.Errorf("shape %.4f became %.4f at %+v", shape, shown, r)
			}
		}
	})
}

func TestFrameRatesBecomeConstantAndSane(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		step    float64 // seconds
		steady  bool
		claimed models.Ratio
		want    string
	}{
		{"film on television", 1001.0 / 24000, true, models.Ratio{Num: 24000, Den: 1001}, "24000/1001"},
		{"the same from milliseconds", 0.0417, true, models.Ratio{Num: 24000, Den: 1001}, "24000/1001"},
		{"cinema", 1.0 / 24, true, models.Ratio{Num: 24, Den: 1}, "24/1"},
		{"NTSC", 1001.0 / 30000, true, models.Ratio{Num: 30000, Den: 1001}, "30000/1001"},
		{"NTSC doubled", 1001.0 / 60000, true, models.Ratio{Num: 60000, Den: 1001}, "60000/1001"},
		{"a clock for a rate", 1.0 / 30, true, models.Ratio{Num: 90000, Den: 1}, "30/1"},
		{"an odd rate", 1 / 12.34, true, models.Ratio{Num: 1234, Den: 100}, "617/50"},
		{"120", 1.0 / 120, true, models.Ratio{Num: 120, Den: 1}, "60/1"},
		{"119.88", 1001.0 / 120000, true, models.Ratio{Num: 120000, Den: 1001}, "60000/1001"},
		{"144", 1.0 / 144, true, models.Ratio{Num: 144, Den: 1}, "48/1"},
		{"240", 1.0 / 240, true, models.Ratio{Num: 240, Den: 1}, "60/1"},
		{"1000", 0.001, true, models.Ratio{Num: 1000, Den: 1}, "30/1"},
		{"variable", 1.0 / 29.8, false, models.Ratio{Num: 12, Den: 1}, "30000/1001"},
		{"variable and fast", 1.0 / 90, false, models.Ratio{Num: 61, Den: 1}, "50/1"},
		{"once a second", 1, true, models.Ratio{Num: 1, Den: 1}, "1/1"},
		{"slides", 5, true, models.Ratio{Num: 1, Den: 5}, "10/1"},
		{"a single picture", 0, false, models.Ratio{}, "10/1"},
		{"a single picture of a film", 0, false, models.Ratio{Num: 24, Den: 1}, "24/1"},
	} {
		s := models.Stream{FrameRate: test.claimed}
		span := ffmpeg.Span{Packets: 100, Step: time.Duration(test.step * float64(time.Second)), Steady: test.steady}
		if test.step == 0 {
			span.Packets = 1
		}
		if got := fraction(gridRate(s, span), "/"); got != test.want {
			t.Errorf("%s: %s frames per second, want %s", test.name, got, test.want)
		}
	}
}

func TestFrameRatesStayBetweenOneAndSixty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := models.Stream{FrameRate: models.Ratio{Num: rapid.IntRange(0, 1e6).Draw(t, "num"), Den: rapid.IntRange(0, 2e4).Draw(t, "den")}}
		span := ffmpeg.Span{Step: time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "step")), Steady: rapid.Bool().Draw(t, "steady")}
		if got := gridRate(s, span).Float(); got < 0.98 || got > maxRate+0.01 {
			t.Errorf("%v frames per second", got)
		}
	})
}

func TestSegmentsAreSixSecondsAtEveryRate(t *testing.T) {
	t.Parallel()
	rates := append(slices.Clone(standardRates[:17]), models.Ratio{Num: 617, Den: 50}, models.Ratio{Num: 48, Den: 1})
	for _, rate := range rates {
		step := time.Duration(float64(time.Second) / rate.Float())
		v := planVideo(models.Stream{Kind: models.StreamVideo, Width: 64, Height: 36, FrameRate: rate},
			ffmpeg.Span{End: time.Minute, Packets: 100, Step: step, Steady: true, Regular: true})
		l := &Ladder{Video: v}
		if gop := float64(v.GOP) / v.FrameRate.Float(); math.Abs(gop-2) > 0.5/v.FrameRate.Float()+1e-9 {
			t.Errorf("%v: a keyframe every %v s", rate, gop)
		}
		if s := l.segment().Float(); math.Abs(s-6) > 1.5/v.FrameRate.Float()+1e-9 {
			t.Errorf("%v: segments of %v s", rate, s)
		}
	}
}

func TestPicturesAreMovedByHalfAFrameAtMost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom(standardRates[8:17]).Draw(t, "rate")
		frame := time.Duration(float64(time.Second) / rate.Float())
		n := rapid.SampledFrom([]time.Duration{1, 2}).Draw(t, "pictures to a frame")
		span := ffmpeg.Span{
			Start: time.Duration(rapid.Int64Range(-int64(time.Second), int64(time.Minute)).Draw(t, "start")),
			Step:  frame / n, Steady: true, Regular: true,
		}
		moved := shift(rate, span)
		if moved.Abs() > frame/2+span.Step/2+2*time.Millisecond {
			t.Errorf("moved by %v", moved)
		}
		border := (span.Start + moved + frame/2 + 100*frame) % frame // 0 at a border between frames
		if border = min(border, frame-border); n == 1 && border < frame/2-time.Millisecond || border < frame/5 {
			t.Errorf("starts %v from a border", border)
		}
		span.Regular = false
		if moved := shift(rate, span); moved != 0 {
			t.Errorf("moved what keeps to no grid by %v", moved)
		}
	})
}

func audioStream(channels int, language string) models.Stream {
	return models.Stream{Kind: models.StreamAudio, Codec: "aac", Channels: channels, SampleRate: 48000, Language: language}
}

func TestSoundtracksAreNamedAndOrdered(t *testing.T) {
	t.Parallel()
	german := audioStream(6, "ger")
	german.ChannelLayout = "5.1"
	german.Default = true
	titled := audioStream(2, "eng")
	titled.Title = `Director "X"`
	l := plan(t, spans(time.Second, time.Second, time.Second, time.Second, time.Second),
		audioStream(1, "eng"), german, audioStream(2, "xx-invalid-"), titled, audioStream(1, ""))
	var got []string
	for _, a := range l.Audio {
		got = append(got, fmt.Sprintf("%d %s %q %q %d %d", a.Stream.Index, a.Name, a.Language, a.Label, a.Channels, a.Bitrate))
	}
	want := []string{
		`1 audio-de "de" "Deutsch" 2 192000`,
		`0 audio-en "en" "English" 1 96000`,
		`2 audio "" "Audio 3" 2 128000`,
		`3 audio-en-2 "en" "Director \"X\"" 2 128000`,
		`4 audio-2 "" "Audio 5" 1 96000`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("soundtracks (-want +got):\n%s", diff)
	}
}

func TestNoMoreSoundtracksThanEight(t *testing.T) {
	t.Parallel()
	var streams []models.Stream
	var lengths []time.Duration
	for range 12 {
		streams, lengths = append(streams, audioStream(2, "")), append(lengths, time.Second)
	}
	if n := len(plan(t, spans(lengths...), streams...).Audio); n != maxAudio {
		t.Errorf("%d soundtracks", n)
	}
}

func TestStreamsWithoutAPacketAreLeftOut(t *testing.T) {
	t.Parallel()
	scan := spans(time.Second, time.Second)
	delete(scan.Streams, 0)
	if l := plan(t, scan, video(640, 360), audioStream(1, "")); l.Video != nil || len(l.Audio) != 1 {
		t.Errorf("planned %+v", l)
	}
	delete(scan.Streams, 1)
	_, err := Plan(&models.MediaInfo{Streams: []models.Stream{video(640, 360)}}, scan)
	if models.ErrorCode(err) != models.CodeNoMedia {
		t.Errorf("error %v", err)
	}
}

func TestTheShorterStreamIsFilledUp(t *testing.T) {
	t.Parallel()
	l := plan(t, spans(3*time.Second, 5*time.Second), video(640, 360), audioStream(1, ""))
	if l.Video.Hold != 2*time.Second || l.Audio[0].Pad != 0 || l.Duration != 5*time.Second {
		t.Errorf("hold %v, pad %v of %v", l.Video.Hold, l.Audio[0].Pad, l.Duration)
	}
	l = plan(t, spans(5*time.Second, 3*time.Second), video(640, 360), audioStream(1, ""))
	if l.Video.Hold != 0 || l.Audio[0].Pad != 2*time.Second {
		t.Errorf("hold %v, pad %v", l.Video.Hold, l.Audio[0].Pad)
	}
}
