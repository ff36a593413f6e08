package streaming

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

// lay writes files of the sizes that tracks claim.
func lay(t *testing.T, all []*track) string {
	t.Helper()
	dir := t.TempDir()
	write := func(tr *track, name string, size int64) {
		if err := os.WriteFile(filepath.Join(dir, tr.Name, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tr := range all {
		if err := os.Mkdir(filepath.Join(dir, tr.Name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(tr, initName, 100)
		for i, s := range tr.Segments {
			write(tr, segmentName(i), s.Bytes)
		}
	}
	return dir
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(dir string, all []*track) error{
		"":                      func(string, []*track) error { return nil },
		"no such file":          func(dir string, _ []*track) error { return os.Remove(filepath.Join(dir, "360p", "00002.m4s")) },
		"has 0 bytes":           func(dir string, _ []*track) error { return os.Truncate(filepath.Join(dir, "360p", "init.mp4"), 0) },
		"has 5 bytes":           func(dir string, _ []*track) error { return os.Truncate(filepath.Join(dir, "audio", "00003.m4s"), 5) },
		"keyframe":              func(_ string, all []*track) error { all[1].Segments[2].Key = false; return nil },
		"not at 288288":         func(_ string, all []*track) error { all[1].Segments[2].Start += 1001; return nil },
		"has no duration":       func(_ string, all []*track) error { all[0].Segments[2].Duration = 0; return nil },
		"3 segments of":         func(_ string, all []*track) error { all[1].Segments[2].Duration -= 1001; return nil },
		"2 segments of":         func(_ string, all []*track) error { all[1].Segments = all[1].Segments[:2]; return nil },
		"could be decoded":      func(_ string, all []*track) error { all[3].Segments = nil; return nil },
		"segment 1 begins at 6": func(_ string, all []*track) error { moveBorder(all[1], 1001); return nil },
		"segment 1 begins at 5": func(_ string, all []*track) error { moveBorder(all[2], -3*1024); return nil },
	} {
		all := tracks()
		dir := lay(t, all)
		if err := spoil(dir, all); err != nil {
			t.Fatal(err)
		}
		err := verify(dir, all)
		if name == "" && err != nil || name != "" && (err == nil || !strings.Contains(err.Error(), name)) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}

// moveBorder makes the first segment longer and the second shorter.
func moveBorder(t *track, ticks int64) {
	t.Segments[0].Duration += ticks
	t.Segments[1].Start += ticks
	t.Segments[1].Duration -= ticks
}

func TestTruncatedIsWhatEndsBeforeItsHeaderSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		claimed, real time.Duration
		want          bool
	}{
		{56 * time.Second, 28 * time.Second, true},
		{49 * 24 * time.Hour, 2 * time.Second, true},
		{10 * time.Second, 9500 * time.Millisecond, false},
		{2 * time.Second, 10 * time.Second, false},
		{0, 10 * time.Second, false},
	} {
		got := truncated(&models.MediaInfo{Claimed: test.claimed, Duration: time.Hour}, test.real)
		if (got != nil) != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// clip is 8 s of a small picture with sound.
func clip(t *testing.T) (ffmpeg.Tools, string, *models.MediaInfo) {
	t.Helper()
	tools := testenv.FFmpeg(t)
	path := testenv.Clip(t, "eight.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8", "-f", "lavfi", "-i", "sine=d=8",
		"-c:v", "libx264", "-preset", "ultrafast")
	media, err := tools.Probe(t.Context(), path, ffmpeg.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return tools, path, media
}

func TestAFullDiskIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	tools, source, media := clip(t)
	// Whichever file does not fit, FFmpeg's or ours. All of them take about 400k.
	for size, fits := range map[string]bool{"64k": false, "200k": false, "300k": false, "2m": true} {
		dir := t.TempDir()
		err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)
		testenv.Require(t, "the right to mount a tmpfs", err == nil)
		t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
		_, err = Package(t.Context(), tools, source, dir, media, Options{Limits: ffmpeg.DefaultLimits()})
		if code := models.ErrorCode(err); (err == nil) != fits || err != nil && code != models.CodeStorageFull {
			t.Errorf("on a disk of %s: %v", size, err)
		}
	}
}

func TestSpeechThatIsCutShortIsFound(t *testing.T) {
	t.Parallel()
	tools := testenv.FFmpeg(t)
	whole := testenv.Clip(t, "speech.flac", "-f", "lavfi", "-i", "sine=r=16000:d=4")
	sound := &track{Name: "audio", Kind: models.StreamAudio, Timescale: 48000, Segments: []segment{{Duration: 4 * 48000}}}
	for _, keep := range []int{1, 2} {
		dir := t.TempDir()
		half := testenv.Patch(t, whole, func(b []byte) []byte { return b[:len(b)/keep] })
		if err := os.Rename(half, filepath.Join(dir, SpeechName)); err != nil {
			t.Fatal(err)
		}
		err := verifySpeech(t.Context(), tools, dir, sound, ffmpeg.DefaultLimits())
		if (err == nil) != (keep == 1) {
			t.Errorf("of 1/%d: %v", keep, err)
		}
	}
	if err := verifySpeech(t.Context(), tools, t.TempDir(), sound, ffmpeg.DefaultLimits()); err == nil {
		t.Error("no file is no error")
	}
}

func TestErrorsOfAFullDiskAreKnownWhereverTheyCome(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		if err := onDisk(t.TempDir(), &os.PathError{Err: cause}); models.ErrorCode(err) != models.CodeStorageFull {
			t.Errorf("%v: %v", cause, err)
		}
	}
	other := errors.New("something else")
	if err := onDisk(t.TempDir(), other); !errors.Is(err, other) || models.ErrorCode(err) != models.CodeInternal {
		t.Errorf("error %v", err)
	}
}

func TestLimitsGrowWithTheSource(t *testing.T) {
	t.Parallel()
	l := plan(t, spans(time.Minute, time.Minute), video(640, 360), audioStream(2, ""))
	got := l.limits(l.budget())
	want := proc.Limits{
		Wall: 720 * time.Second, CPU: time.Duration(runtime.NumCPU()) * 720 * time.Second, Progress: time.Minute, Memory: 6 << 30, Nice: 5,
		FileSize: 3*(800_000+128_000)/8*60 + 16<<20,
	}
	if got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	tools, source, media := clip(t)
	scan, err := tools.Scan(t.Context(), source, media, ffmpeg.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	l, err := Plan(media, scan)
	if err != nil {
		t.Fatal(err)
	}
	want := int64(3*(800_000+96_000)/8*8) + 16<<20
	if got := l.budget().left.Load(); got < want || got > want+1<<20 {
		t.Errorf("%d bytes are allowed, want about %d", got, want)
	}
	b := &byteBudget{}
	b.left.Store(50_000)
	tracks, outputs := l.outputs(t.TempDir(), b.spend)
	speech := filepath.Join(t.TempDir(), SpeechName)
	err = tools.Run(t.Context(), ffmpeg.Run{Args: l.Args(source, speech, Encoding{Threads: 1}), Outputs: outputs})
	if models.ErrorCode(err) != models.CodeResourceLimit {
		t.Errorf("error %v", err)
	}
	if n := len(tracks[0].Segments); n > 0 {
		t.Errorf("%d segments were counted", n)
	}
}

func TestBoxesThatMakeNoSenseAreErrors(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string]string{
		"unexpected EOF":        "\x00\x00",
		"segment v: unexpected": "\x00\x00\x00\x10moov",
		"a box of":              "\x00\x00\x00\x04moov",
		"without a fragment":    "\x00\x00\x00\x09mdat.",
		"a header of":           "\x7f\xff\xff\xffmoov",
	} {
		s := newVideoSegmenter(&track{Name: "v", Kind: models.StreamVideo}, t.TempDir(), func(int64) error { return nil })
		err := s.read(strings.NewReader(stream))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}
