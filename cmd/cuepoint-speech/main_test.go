//go:build cgo

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/internal/testenv/scripted"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/transcribe"
)

const sec = time.Second

// process is the built engine.
func process(t *testing.T) transcribe.Process {
	t.Helper()
	return transcribe.Process{Path: testenv.Program(t, transcribe.EngineName)}
}

// model says two lines in every 30 s.
func model(t *testing.T) string {
	t.Helper()
	return scripted.Model(t, scripted.Script{Lines: []scripted.Line{
		scripted.Say(0, 10*sec, "hello there my friend"),
		scripted.Say(12*sec, 20*sec, "good bye."),
	}})
}

// noise is a clip of noise as the package stage leaves it.
func noise(t *testing.T, seconds string) string {
	t.Helper()
	return testenv.Clip(t, "noise.flac", "-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.1:s=1:d="+seconds, "-ac", "1")
}

func wantCode(t *testing.T, err error, want models.Code) {
	t.Helper()
	if got := models.ErrorCode(err); got != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestEngineTranscribes(t *testing.T) {
	t.Parallel()
	var events []models.Segment
	progress := 0.0
	got, err := process(t).Transcribe(t.Context(), transcribe.Request{
		Audio: noise(t, "55"), Model: model(t), Duration: 55 * sec, Threads: 1,
	}, transcribe.Handler{
		Progress: func(f float64) { progress = f },
		Segment:  func(s models.Segment) { events = append(events, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := transcribe.Formats()[0].Write(&b, got); err != nil {
		t.Fatal(err)
	}
	want := `WEBVTT

00:00:00.000 --> 00:00:10.000
hello there my friend

00:00:12.000 --> 00:00:20.000
good bye.

00:00:30.000 --> 00:00:40.000
hello there my friend

00:00:42.000 --> 00:00:50.000
good bye.
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	if got.Language != "en" || got.Source != models.SourceRecognized || got.Model != "ggml-scripted" {
		t.Errorf("transcript in %q, %q by %q", got.Language, got.Source, got.Model)
	}
	if diff := cmp.Diff(got.Segments, events); diff != "" {
		t.Errorf("the events are not the result:\n%s", diff)
	}
	if progress != 1 {
		t.Errorf("progress ended at %v", progress)
	}
}

// TestEngineKeepsTimesOverManyWindows listens to more than one window holds,
// without a pause to cut at.
func TestEngineKeepsTimesOverManyWindows(t *testing.T) {
	t.Parallel()
	const length = 11 * time.Minute
	got, err := process(t).Transcribe(t.Context(), transcribe.Request{
		Audio: noise(t, "660"), Model: model(t), Threads: 1,
	}, transcribe.Handler{})
	if err != nil {
		t.Fatal(err)
	}
	last := models.Segment{}
	for _, s := range got.Segments {
		if s.Start < last.End || s.End <= s.Start || s.End > length {
			t.Errorf("%q at %v–%v follows %v–%v", s.Text, s.Start, s.End, last.Start, last.End)
		}
		if s.Start-last.End > 20*sec {
			t.Errorf("nothing is heard from %v to %v", last.End, s.Start)
		}
		last = s
	}
	if length-last.End > 20*sec {
		t.Errorf("nothing is heard after %v", last.End)
	}
}

func TestEngineHearsVoicesOnly(t *testing.T) {
	t.Parallel()
	// A voice, twelve seconds of silence, noise, the same voice.
	clip := testenv.Clip(t, "voices.flac",
		"-f", "lavfi", "-i", "flite=text='The quick brown fox jumps over the lazy dog':voice=slt",
		"-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.05:s=1:d=8",
		"-filter_complex", "[0:a]aresample=16000,asplit[a][b];[a]adelay=3000,apad=pad_dur=12[c];[c][1:a][b]concat=n=3:v=0:a=1",
		"-ac", "1", "-ar", "16000")
	got, err := process(t).Transcribe(t.Context(), transcribe.Request{
		Audio: clip, VAD: testenv.Model(t, "ggml-silero-v6.2.0.bin"), Threads: 1,
		Model: scripted.Model(t, scripted.Script{Lines: []scripted.Line{scripted.Say(0, 3*sec, "a quick fox")}}),
	}, transcribe.Handler{})
	if err != nil {
		t.Fatal(err)
	}
	// The long silence parts two windows, each of which hears one voice.
	if len(got.Segments) != 2 || got.Segments[0].Start < 2*sec || got.Segments[0].End > 7*sec || got.Segments[1].Start < 25*sec {
		t.Errorf("heard %+v", got.Segments)
	}
}

func TestEngineHearsNothingInSilence(t *testing.T) {
	t.Parallel()
	silence := testenv.Clip(t, "silence.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "900")
	got, err := process(t).Transcribe(t.Context(), transcribe.Request{Audio: silence, Model: model(t)}, transcribe.Handler{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Segments) > 0 || got.Language != transcribe.Undetermined {
		t.Errorf("heard %+v in %q", got.Segments, got.Language)
	}
}

func TestCancelEndsTheEngine(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := process(t).Transcribe(ctx, transcribe.Request{
		Audio: noise(t, "660"), Model: model(t), Duration: time.Hour, Threads: 1,
	}, transcribe.Handler{Progress: func(float64) { cancel() }})
	wantCode(t, err, models.CodeCanceled) // and it has ended: the call returns no sooner
}

func TestEngineSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := model(t)
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	truncated := filepath.Join(t.TempDir(), "truncated.bin")
	if err := os.WriteFile(truncated, raw[:len(raw)/3], 0o600); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text.mp4")
	if err := os.WriteFile(text, []byte("no media at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	sound := noise(t, "5")
	mute := testenv.Clip(t, "mute.mp4", "-f", "lavfi", "-i", "color=s=64x64:d=1:r=5", "-c:v", "libx264", "-preset", "ultrafast")
	for name, tt := range map[string]struct {
		request transcribe.Request
		want    models.Code
		says    string
	}{
		"model missing":   {transcribe.Request{Audio: sound, Model: good + ".none"}, models.CodeModelMissing, "cuepoint models pull"},
		"model truncated": {transcribe.Request{Audio: sound, Model: truncated}, models.CodeModelCorrupt, "cuepoint models pull"},
		"audio missing":   {transcribe.Request{Audio: sound + ".none", Model: good}, models.CodeSourceUnavailable, "check the path"},
		"audio no media":  {transcribe.Request{Audio: text, Model: good}, models.CodeNoMedia, ""},
		"no sound in it":  {transcribe.Request{Audio: mute, Model: good}, models.CodeNoMedia, ""},
		"wrong language":  {transcribe.Request{Audio: sound, Model: good, Language: "de"}, models.CodeInvalidArgument, "English"},
		"the engine aborts": {transcribe.Request{Audio: sound, Model: scripted.Model(t, scripted.Script{
			Broken: true, Lines: []scripted.Line{scripted.Say(0, sec, "x")},
		})}, models.CodeEngineCrashed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.request.Threads = 1
			_, err := process(t).Transcribe(t.Context(), tt.request, transcribe.Handler{})
			wantCode(t, err, tt.want)
			if e := models.AsError(err); e != nil && !strings.Contains(e.Message, tt.says) {
				t.Errorf("%q does not say %q", e.Message, tt.says)
			}
		})
	}
	_, err = transcribe.Process{Path: filepath.Join(t.TempDir(), "none")}.Transcribe(t.Context(), transcribe.Request{}, transcribe.Handler{})
	wantCode(t, err, models.CodeEngineMissing)
}

func TestByHand(t *testing.T) {
	t.Parallel()
	sound, model := noise(t, "25"), model(t)
	for name, tt := range map[string]struct {
		args       []string
		status     int
		out, error string
	}{
		"captions":      {[]string{"-m", model, "-t", "1", "-f", "srt", sound}, 0, "2\n00:00:12,000 --> 00:00:20,000\ngood bye.\n", ""},
		"help":          {[]string{"--help"}, 0, "Usage: cuepoint-speech", ""},
		"version":       {[]string{"--version"}, 0, "libwhisper", ""},
		"no file":       {nil, 2, "", "name a file"},
		"no model":      {[]string{sound}, 2, "", "--model"},
		"wrong flag":    {[]string{"--fast", sound}, 2, "", "--fast"},
		"missing model": {[]string{"-m", model + ".none", sound}, 1, "", "MODEL_MISSING"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs strings.Builder
			status := run(t.Context(), tt.args, &out, &errs)
			if status != tt.status || !strings.Contains(out.String(), tt.out) || !strings.Contains(errs.String(), tt.error) {
				t.Errorf("status %d\n%s\n%s", status, out.String(), errs.String())
			}
		})
	}
}
