//go:build cgo

package whisper

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/internal/testenv/scripted"
	"github.com/cuepoint/cuepoint/models"
)

const sec = time.Second

// said is a segment without its words.
type said struct {
	Start, End time.Duration
	Text       string
}

func saying(segments []models.Segment) []said {
	var out []said
	for _, s := range segments {
		out = append(out, said{s.Start, s.End, s.Text})
	}
	return out
}

func load(t *testing.T, o Options) *Model {
	t.Helper()
	o.Threads = 1
	m, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func recognize(t *testing.T, m *Model, samples []float32, language string) ([]models.Segment, string) {
	t.Helper()
	segments, heard, err := m.Recognize(t.Context(), samples, language, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	checkWords(t, segments)
	return segments, heard
}

// checkWords checks what is true of any answer.
func checkWords(t *testing.T, segments []models.Segment) {
	t.Helper()
	for _, s := range segments {
		last := s.Start
		var texts []string
		for _, w := range s.Words {
			if w.Start < last || w.End < w.Start || w.End > s.End {
				t.Errorf("word %q at %v–%v is not in its place in %v–%v", w.Text, w.Start, w.End, s.Start, s.End)
			}
			last = w.End
			texts = append(texts, w.Text)
		}
		if got := strings.Join(texts, " "); got != s.Text && strings.Contains(s.Text, " ") {
			t.Errorf("the words of %q are %q", s.Text, got)
		}
		if s.Confidence < 0.99 || s.Confidence > 1 { // a script is certain
			t.Errorf("confidence of %q is %v", s.Text, s.Confidence)
		}
	}
}

func noise(seconds float64) []float32 {
	samples := make([]float32, int(seconds*sampleRate))
	for i := range samples {
		samples[i] = 0.1 * float32(i*7919%200-100) / 100
	}
	return samples
}

func silence(seconds float64) []float32 { return make([]float32, int(seconds*sampleRate)) }

// speech is a synthetic voice that says the text.
func speech(t *testing.T, text string) []float32 {
	t.Helper()
	path := testenv.Clip(t, "speech.f32le", "-f", "lavfi", "-i", "flite=text='"+text+"':voice=slt",
		"-ac", "1", "-ar", "16000", "-f", "f32le")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]float32, len(raw)/4)
	for i := range samples {
		samples[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return samples
}

func two(t *testing.T) string {
	return scripted.Model(t, scripted.Script{Lines: []scripted.Line{
		scripted.Say(0, 10*sec, "hello there my friend"),
		scripted.Say(12*sec, 20*sec, "good bye."),
	}})
}

func TestWordsComeOutAsTheModelSaysThem(t *testing.T) {
	t.Parallel()
	m := load(t, Options{Model: two(t)})
	var progress []float64
	segments, language, err := m.Recognize(t.Context(), noise(55), "", func(f float64) { progress = append(progress, f) })
	if err != nil {
		t.Fatal(err)
	}
	checkWords(t, segments)
	want := []said{
		{0, 10 * sec, "hello there my friend"},
		{12 * sec, 20 * sec, "good bye."},
		{30 * sec, 40 * sec, "hello there my friend"},
		{42 * sec, 50 * sec, "good bye."},
	}
	if diff := cmp.Diff(want, saying(segments)); diff != "" {
		t.Error(diff)
	}
	if language != "en" {
		t.Errorf("language %q", language)
	}
	if len(segments) > 0 && len(segments[0].Words) != 4 {
		t.Errorf("words %v", segments[0].Words)
	}
	if len(progress) == 0 || progress[len(progress)-1] != 1 {
		t.Errorf("progress %v", progress)
	}
}

func TestBytesOfOneCharacterInTwoTokensAreJoined(t *testing.T) {
	t.Parallel()
	m := load(t, Options{Model: scripted.Model(t, scripted.Script{Lines: []scripted.Line{
		{Start: 0, End: 5 * sec, Tokens: []string{" caf", "\xc3", "\xa9", " na\xc3", "\xafve", " \xff"}},
	}})})
	segments, _ := recognize(t, m, noise(6), "en")
	if diff := cmp.Diff([]said{{0, 5 * sec, "café naïve"}}, saying(segments)); diff != "" {
		t.Error(diff)
	}
}

func TestLanguageIsDetectedOrDeclared(t *testing.T) {
	t.Parallel()
	german := 2
	m := load(t, Options{Model: scripted.Model(t, scripted.Script{
		Language: &german,
		Lines:    []scripted.Line{scripted.Say(0, 5*sec, "guten Tag")},
	})})
	for declared, want := range map[string]string{"": "de", "de": "de", "de-AT": "de", "ger": "de", "nb": "nb", "fr": "fr"} {
		segments, language := recognize(t, m, noise(6), declared)
		if language != want {
			t.Errorf("declared %q: heard %q, not %q", declared, language, want)
		}
		if diff := cmp.Diff([]said{{0, 5 * sec, "guten Tag"}}, saying(segments)); diff != "" {
			t.Error(diff)
		}
	}
	for _, wrong := range []string{"tlh", "klingon!", "und", "yue"} {
		_, _, err := m.Recognize(t.Context(), noise(6), wrong, nil)
		if got := models.ErrorCode(err); got != models.CodeInvalidArgument {
			t.Errorf("language %q: %v", wrong, err)
		}
	}
}

func TestEnglishModelRefusesOtherLanguages(t *testing.T) {
	t.Parallel()
	m := load(t, Options{Model: two(t)})
	_, _, err := m.Recognize(t.Context(), noise(6), "de", nil)
	if got := models.ErrorCode(err); got != models.CodeInvalidArgument {
		t.Errorf("got %v", err)
	}
}

func TestVoicesKeepTheirTimesBehindSilence(t *testing.T) {
	t.Parallel()
	fox := speech(t, "The quick brown fox jumps over the lazy dog")
	length := duration(len(fox))
	m := load(t, Options{
		VAD: testenv.Model(t, "ggml-silero-v6.2.0.bin"),
		Model: scripted.Model(t, scripted.Script{Lines: []scripted.Line{
			scripted.Say(0, 2*sec, "one two"),
			scripted.Say(5*sec, 7*sec, "three four"),
		}}),
	})
	var samples []float32
	for _, part := range [][]float32{silence(5), fox, silence(10), fox, silence(3)} {
		samples = append(samples, part...)
	}
	segments, _ := recognize(t, m, samples, "")
	if len(segments) != 2 {
		t.Fatalf("heard %v", saying(segments))
	}
	// The model's times are those of the voices without the silence: the
	// first line lies in the first voice, the second in the second.
	const pad = 500 * time.Millisecond // that detection keeps around a voice
	for i, span := range []struct{ from, to time.Duration }{
		{5 * sec, 5*sec + length},
		{15*sec + length, 15*sec + 2*length},
	} {
		if s := segments[i]; s.Start < span.from-pad || s.End > span.to+pad {
			t.Errorf("%q at %v–%v, the voice is at %v–%v", s.Text, s.Start, s.End, span.from, span.to)
		}
	}
}

func TestNoVoiceNoWords(t *testing.T) {
	t.Parallel()
	m := load(t, Options{Model: two(t), VAD: testenv.Model(t, "ggml-silero-v6.2.0.bin")})
	yes := speech(t, "Yes")
	if segments, _ := recognize(t, m, append(append(silence(4), yes...), silence(4)...), ""); len(segments) == 0 {
		t.Error("a single short word was not listened to")
	}
	for name, samples := range map[string][]float32{"silence": silence(20), "noise": noise(20), "nothing": nil} {
		if segments, _ := recognize(t, m, samples, ""); len(segments) > 0 {
			t.Errorf("heard %v in %s", saying(segments), name)
		}
	}
}

func TestShortSoundIsListenedTo(t *testing.T) {
	t.Parallel()
	m := load(t, Options{Model: two(t)})
	segments, _ := recognize(t, m, noise(0.4), "")
	if len(segments) != 1 || segments[0].End > 400*time.Millisecond {
		t.Errorf("heard %v", saying(segments))
	}
}

func TestCancelIsNoShorterTranscript(t *testing.T) {
	t.Parallel()
	m := load(t, Options{Model: two(t)})
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := m.Recognize(ctx, noise(95), "", func(float64) { cancel() })
	if got := models.ErrorCode(err); got != models.CodeCanceled {
		t.Errorf("got %v", err)
	}
}

func TestBadModelFilesAreNamedBeforeTheyAreLoaded(t *testing.T) {
	t.Parallel()
	good := two(t)
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	file := func(data []byte) string {
		path := filepath.Join(t.TempDir(), "bad.bin")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken := func(at int, value uint32) []byte {
		data := append([]byte(nil), raw...)
		binary.LittleEndian.PutUint32(data[at:], value)
		return data
	}
	for name, tt := range map[string]struct {
		options Options
		want    models.Code
	}{
		"missing":           {Options{Model: good + ".none"}, models.CodeModelMissing},
		"a directory":       {Options{Model: t.TempDir()}, models.CodeModelCorrupt},
		"empty":             {Options{Model: file(nil)}, models.CodeModelCorrupt},
		"something else":    {Options{Model: file([]byte("<html>not found</html>"))}, models.CodeModelCorrupt},
		"truncated":         {Options{Model: file(raw[:len(raw)/2])}, models.CodeModelCorrupt},
		"one byte short":    {Options{Model: file(raw[:len(raw)-1])}, models.CodeModelCorrupt},
		"in the header":     {Options{Model: file(raw[:20])}, models.CodeModelCorrupt},
		"an absurd size":    {Options{Model: file(broken(12, 1<<30))}, models.CodeModelCorrupt},
		"a negative size":   {Options{Model: file(broken(8, 1<<31))}, models.CodeModelCorrupt},
		"a wrong size":      {Options{Model: file(broken(12, 128))}, models.CodeModelCorrupt},
		"trailing garbage":  {Options{Model: file(append(raw[:len(raw):len(raw)], "garbage garbage garbage"...))}, models.CodeModelCorrupt},
		"VAD missing":       {Options{Model: good, VAD: good + ".none"}, models.CodeModelMissing},
		"VAD not a model":   {Options{Model: good, VAD: file([]byte("no"))}, models.CodeModelCorrupt},
		"VAD for the model": {Options{Model: testenv.Model(t, "ggml-silero-v6.2.0.bin")}, models.CodeModelCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := Load(tt.options)
			if err == nil {
				m.Close()
			}
			if got := models.ErrorCode(err); got != tt.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestModelWithoutWeightsSaysNothing(t *testing.T) {
	t.Parallel()
	m := load(t, Options{Model: testenv.Model(t, "for-tests-ggml-tiny.en.bin")})
	if segments, _ := recognize(t, m, silence(5), "en"); len(segments) > 0 {
		t.Errorf("heard %v", saying(segments))
	}
}
