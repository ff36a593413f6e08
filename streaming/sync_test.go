package streaming_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/streaming"
)

// joined returns a rendition as one file.
func joined(t *testing.T, dir, name string) string {
	t.Helper()
	r, err := streaming.OpenRendition(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".mp4")
	if err := r.Join(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func rawOutput(t *testing.T, path string, args ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := testenv.FFmpeg(t).Run(t.Context(), ffmpeg.Run{Args: append(ffmpeg.Input(path), args...), Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// flash is when the picture first turns white.
func flash(t *testing.T, path string, rate int) time.Duration {
	t.Helper()
	frames := rawOutput(t, path, "-vf", "scale=1:1,format=gray", "-f", "rawvideo", "pipe:1")
	n := slices.IndexFunc(frames, func(b byte) bool { return b > 128 })
	return time.Duration(n) * time.Second / time.Duration(rate)
}

// beep is when the sound first is loud, by its times: those of samples that
// players drop are below 0.
func beep(t *testing.T, path string) time.Duration {
	t.Helper()
	const rate = 48000
	raw := rawOutput(t, path, "-copyts", "-af", "aresample="+strconv.Itoa(rate)+":async=1:first_pts=0", "-f", "s16le", "-ac", "1", "pipe:1")
	for i := 0; i+1 < len(raw); i += 2 {
		if math.Abs(float64(int16(binary.LittleEndian.Uint16(raw[i:])))) > 3000 {
			return time.Duration(i/2) * time.Second / rate
		}
	}
	return -1
}

// white is a picture that turns white, tone a sound that turns loud, at %.
const (
	white = "color=black:s=160x90:r=25:d=4,drawbox=c=white:t=fill:enable='gte(t,%)'"
	tone  = "sine=f=1000:r=48000:d=4,volume=8:enable='gte(t,%)',volume=0:enable='lt(t,%)'"
)

// event is an input in which something happens so many seconds from its start.
func event(what, seconds string) []string {
	return []string{"-f", "lavfi", "-i", strings.ReplaceAll(what, "%", seconds)}
}

// A flash and a beep at 2 s of a source must be at 2 s of every rendition,
// whatever the source's streams begin at.
func TestPictureAndSoundStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	const at = 2 * time.Second
	for name, args := range map[string][]string{
		"even.mp4":     slices.Concat(event(white, "2"), event(tone, "2"), x264),
		"even.mkv":     slices.Concat(event(white, "2"), event(tone, "2"), x264),
		"offset.ts":    slices.Concat(event(white, "2"), event(tone, "2"), x264),
		"even.mp3.mkv": slices.Concat(event(white, "2"), event(tone, "2"), x264, []string{"-c:a", "libmp3lame"}),
		// The stream that begins late has its event early.
		"late-sound.mp4":   slices.Concat(event(white, "2"), []string{"-itsoffset", "1.2"}, event(tone, "0.8"), []string{"-map", "0", "-map", "1"}, x264),
		"late-picture.mkv": slices.Concat([]string{"-itsoffset", "1.2"}, event(white, "0.8"), event(tone, "2"), []string{"-map", "0", "-map", "1"}, x264),
		"late-picture.ts":  slices.Concat([]string{"-itsoffset", "1.2"}, event(white, "0.8"), event(tone, "2"), []string{"-map", "0", "-map", "1"}, x264),
		"gap.mkv": slices.Concat(event(white, "2"), event(tone, "2"), []string{"-af", "aselect='lt(t,0.5)+gt(t,1.5)'"}, x264,
			[]string{"-c:a", "pcm_s16le"}),
		// Its decoder makes nothing of the first packet. The muxer moves all by 43 ms.
		"swallowed.wmv": slices.Concat(event(white, "1.96"), event(tone, "1.96"), []string{"-c:v", "wmv2", "-c:a", "wmav2"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, r := packed(t, testenv.Clip(t, name, args...))
			checkEvent(t, dir, r, at)
		})
	}
}

// checkEvent looks for the flash and the beep in all renditions.
func checkEvent(t *testing.T, dir string, r *streaming.Result, at time.Duration) {
	t.Helper()
	const tolerance = 45 * time.Millisecond
	rate := int(math.Round(r.Packaging.Renditions[0].FrameRate))
	if got := flash(t, joined(t, dir, "90p"), rate); (got - at).Abs() > tolerance {
		t.Errorf("flash at %v", got)
	}
	if got := beep(t, joined(t, dir, "audio")); (got - at).Abs() > tolerance {
		t.Errorf("beep at %v", got)
	}
	if got := beep(t, filepath.Join(dir, streaming.SpeechName)); (got - at).Abs() > tolerance {
		t.Errorf("beep for engines at %v", got)
	}
}

// When the channels change, FFmpeg makes the sound's filters anew.
func TestLateSoundWhoseChannelsChangeStaysWhereItIs(t *testing.T) {
	t.Parallel()
	first := testenv.Clip(t, "stereo.ts", slices.Concat(event(white, "9"), []string{"-itsoffset", "1.2"}, event(tone, "9"),
		[]string{"-map", "0", "-map", "1", "-t", "3.2", "-c:v", "libx264", "-preset", "ultrafast", "-ac", "2"})...)
	second := testenv.Clip(t, "mono.ts", slices.Concat(event(white, "1.8"), event(tone, "1.8"),
		[]string{"-c:v", "libx264", "-preset", "ultrafast", "-ac", "1", "-output_ts_offset", "3.2"})...)
	rest, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	dir, r := packed(t, testenv.Patch(t, first, func(b []byte) []byte { return append(b, rest...) }))
	checkEvent(t, dir, r, 5*time.Second)
}
