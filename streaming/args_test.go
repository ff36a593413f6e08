package streaming

import (
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

func TestArgs(t *testing.T) {
	t.Parallel()
	hdr := video(3840, 2160)
	hdr.PixelFormat, hdr.Color.Transfer = "yuv420p10le", "smpte2084"
	field := video(720, 576)
	field.Interlaced, field.SampleRatio = true, models.Ratio{Num: 16, Den: 15}
	screen := video(320, 180)
	screen.PixelFormat, screen.Rotation = "gbrp", 90
	late := spans(6*time.Second, 4*time.Second)
	late.Streams[1] = ffmpeg.Span{Start: time.Second, End: 4 * time.Second, Packets: 10}
	for name, test := range map[string]struct {
		ladder *Ladder
		e      Encoding
	}{
		"1080p": {plan(t, spans(6*time.Second, 6*time.Second, 6*time.Second), video(1920, 1080), audioStream(2, "eng"), audioStream(4, "deu")), Encoding{Threads: 2}},
		// Sound begins late and ends early.
		"late":       {plan(t, late, screen, audioStream(1, "")), Encoding{Threads: 4}},
		"hdr":        {plan(t, spans(time.Second), hdr), Encoding{Threads: 2, ToneMap: true}},
		"interlaced": {plan(t, spans(time.Second, 2*time.Second), field, audioStream(1, "")), Encoding{Threads: 2}},
		"sound":      {plan(t, spans(time.Second), audioStream(2, "")), Encoding{Threads: 2}},
	} {
		got := test.ladder.Args("/in/source", "/out/speech.flac", test.e)
		golden(t, name+".args", strings.Join(got, "\n")+"\n")
	}
}

func TestHDRWithoutTheFilterIsConvertedPlainly(t *testing.T) {
	t.Parallel()
	hdr := video(640, 360)
	hdr.Color.Transfer = "arib-std-b67"
	l := plan(t, spans(time.Second), hdr)
	if text := strings.Join(l.Args("in", "out", Encoding{Threads: 1}), " "); strings.Contains(text, "zscale") {
		t.Error(text)
	}
}
