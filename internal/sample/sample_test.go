package sample

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/analyzertest"
	"github.com/cuepoint/cuepoint/analyzer/stages"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

// The size to which frames are shrunk to be looked at.
const lookWidth, lookHeight = 64, 36

// TestSampleIsWhatItSays makes the sample once and looks at it from all sides.
func TestSampleIsWhatItSays(t *testing.T) {
	t.Parallel()
	tools := testenv.FFmpeg(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "sample.mp4")
	truth, err := Make(t.Context(), tools, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("it leaves two files", func(t *testing.T) {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 2 || truth.Captions != filepath.Join(dir, "sample.vtt") {
			t.Errorf("left %v (%v), captions %s", left, err, truth.Captions)
		}
	})
	t.Run("it is a minute to a minute and a half of six topics", func(t *testing.T) {
		if truth.Duration < time.Minute || truth.Duration > 90*time.Second || len(truth.Topics) != 6 {
			t.Errorf("%d topics in %v", len(truth.Topics), truth.Duration)
		}
	})
	t.Run("its shots are there to the frame", func(t *testing.T) {
		checkShots(t, decode(t, tools, path, "-map", "0:v", "-vf", "scale=64:36", "-pix_fmt", "gray", "-f", "rawvideo"), truth)
	})
	t.Run("its captions are there while somebody speaks", func(t *testing.T) {
		checkNarration(t, decode(t, tools, path, "-map", "0:a", "-ar", "16000", "-ac", "1", "-f", "s16le"), truth)
		checkCaptions(t, truth)
	})
	t.Run("its topics become its chapters", func(t *testing.T) { checkChapters(t, truth) })
}

func decode(t *testing.T, tools ffmpeg.Tools, path string, args ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	run := ffmpeg.Run{Args: append(append(ffmpeg.Input(path), args...), "pipe:1"), Stdout: &out}
	if err := tools.Run(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// checkShots compares the video's frames with the shots.
func checkShots(t *testing.T, pixels []byte, truth Truth) {
	t.Helper()
	const size = lookWidth * lookHeight
	if n := len(pixels) / size; n != frames(truth.Duration) {
		t.Fatalf("%d frames, want %d", n, frames(truth.Duration))
	}
	at := func(n int) []byte { return pixels[n*size : (n+1)*size] }
	gradual := map[models.Transition]int{}
	cuts, within := map[int]bool{}, map[int]bool{}
	for i, shot := range truth.Shots {
		first, half := frames(shot.Start), frames(shot.Over)/2
		switch shot.Transition {
		case models.TransitionCut:
			cuts[first] = i > 0
			continue
		case models.TransitionFade:
			if dark := brightness(at(first)); dark > 40 {
				t.Errorf("the fade at %v has brightness %.0f in its middle, want black", shot.Start, dark)
			}
		case models.TransitionDissolve:
		}
		gradual[shot.Transition]++
		for n := first - half; n <= first+half; n++ {
			within[n] = true
		}
		if d := difference(at(first-half-1), at(first+half)); d < 20 {
			t.Errorf("%s at %v: its ends differ by %.0f, want two pictures", shot.Transition, shot.Start, d)
		}
	}
	if gradual[models.TransitionFade] != 1 || gradual[models.TransitionDissolve] != 1 {
		t.Errorf("gradual transitions %v, want one of each", gradual)
	}
	for n := 1; n < frames(truth.Duration); n++ {
		if d := difference(at(n-1), at(n)); !within[n] && (d > 12) != cuts[n] {
			t.Errorf("frame %d differs by %.1f from the one before; cut: %v", n, d, cuts[n])
		}
	}
}

func difference(a, b []byte) float64 {
	sum := 0
	for i := range a {
		sum += abs(int(a[i]) - int(b[i]))
	}
	return float64(sum) / float64(len(a))
}

func brightness(frame []byte) float64 { return difference(frame, make([]byte, len(frame))) }

// checkNarration compares the loudness of the sound with the sentences.
func checkNarration(t *testing.T, raw []byte, truth Truth) {
	t.Helper()
	loud := func(from, to time.Duration) int {
		most := 0
		for i := int(from * 16 / time.Millisecond); i < min(int(to*16/time.Millisecond), len(raw)/2); i++ {
			most = max(most, abs(int(int16(binary.LittleEndian.Uint16(raw[2*i:])))))
		}
		return most
	}
	const margin = 60 * time.Millisecond // of the codec
	var end time.Duration
	for _, topic := range truth.Topics {
		for _, s := range topic.Sentences {
			if l := loud(end+margin, s.Start-margin); l > 600 {
				t.Errorf("between %v and %v there is sound of %d, want silence", end, s.Start, l)
			}
			for _, edge := range []time.Duration{s.Start, s.End - 5*margin} {
				if l := loud(edge, edge+5*margin); l < 600 {
					t.Errorf("%q: nothing but %d is heard at %v", s.Text, l, edge)
				}
			}
			end = s.End
		}
	}
}

func checkCaptions(t *testing.T, truth Truth) {
	t.Helper()
	vtt, err := os.ReadFile(truth.Captions)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(vtt), "WEBVTT\n\n00:00:00.400 --> ") {
		t.Errorf("captions begin %.40q", vtt)
	}
	for _, topic := range truth.Topics {
		for _, s := range topic.Sentences {
			if want := webvtt.Timestamp(s.Start) + " --> " + webvtt.Timestamp(s.End) + "\n" + s.Text + "\n"; !strings.Contains(string(vtt), want) {
				t.Errorf("captions lack %q", want)
			}
		}
	}
}

// checkChapters runs the chapters stage on what the other stages should find.
func checkChapters(t *testing.T, truth Truth) {
	t.Helper()
	var found analyzertest.Inputs
	for _, topic := range truth.Topics {
		for _, s := range topic.Sentences {
			data := json.RawMessage(`{"language":"en"}`)
			found.Moments = append(found.Moments, models.Cue{Kind: models.CueSpeech, Start: s.Start, End: s.End, Text: s.Text, Data: data})
		}
	}
	for _, s := range truth.Shots {
		data, err := json.Marshal(models.ShotData{Transition: s.Transition, Over: s.Over})
		if err != nil {
			t.Fatal(err)
		}
		found.Moments = append(found.Moments, models.Cue{Kind: models.CueShot, Start: s.Start, End: s.End, Data: data})
	}
	result, _ := analyzertest.Run(t, stages.NewChapters(), analyzer.Job{
		Video: &models.Video{Media: &models.MediaInfo{Duration: truth.Duration}}, Inputs: &found,
	})
	if len(result.Cues) != len(truth.Topics) {
		t.Fatalf("%d chapters, want %d: %+v", len(result.Cues), len(truth.Topics), result.Cues)
	}
	for i, topic := range truth.Topics {
		c := result.Cues[i]
		if (c.Start-topic.Start).Abs() > 2*time.Second || !strings.Contains(strings.ToLower(c.Text), topic.Word) {
			t.Errorf("chapter %q at %v, want one about %q at %v", c.Text, c.Start, topic.Word, topic.Start)
		}
	}
}

func TestMakeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := Make(t.Context(), testenv.FFmpeg(t), filepath.Join(t.TempDir(), "nowhere", "sample.mp4"))
	if models.ErrorCode(err) != models.CodeSourceUnavailable {
		t.Errorf("into a folder that is not there: %v, want %s", err, models.CodeSourceUnavailable)
	}
	_, err = Make(t.Context(), ffmpeg.Tools{FFmpeg: "/nowhere/ffmpeg"}, filepath.Join(t.TempDir(), "sample.mp4"))
	if models.ErrorCode(err) != models.CodeEngineMissing {
		t.Errorf("without FFmpeg: %v, want %s", err, models.CodeEngineMissing)
	}
}

func TestFilterEscapes(t *testing.T) {
	t.Parallel()
	got := filter("drawtext", "text", `It's 5:00, [now]; a\b`)
	const want = `drawtext=text=It\\\'s 5\\:00\, \[now\]\; a\\\\b`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
