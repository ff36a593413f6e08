package models_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

func TestAsErrorShowsNoCause(t *testing.T) {
	t.Parallel()
	known := models.Errorf(models.CodeNoMedia, "nothing to play in %s", "a.mp4").Because(errors.New("secret"))
	for name, test := range map[string]struct {
		err  error
		want models.Code
	}{
		"none":              {nil, ""},
		"ours":              {known, models.CodeNoMedia},
		"ours, wrapped":     {fmt.Errorf("probe: %w", known), models.CodeNoMedia},
		"the context's end": {fmt.Errorf("run: %w", context.Canceled), models.CodeCanceled},
		"a deadline":        {context.DeadlineExceeded, models.CodeStageTimeout},
		"a full disk":       {fmt.Errorf("write: %w", syscall.ENOSPC), models.CodeStorageFull},
		"anything else":     {errors.New("secret"), models.CodeInternal},
	} {
		if got := models.ErrorCode(test.err); got != test.want {
			t.Errorf("%s: code %q, want %q", name, got, test.want)
		}
		if e := models.AsError(test.err); e != nil && strings.Contains(e.Message, "secret") {
			t.Errorf("%s: the message shows the cause: %s", name, e.Message)
		}
	}
	if !errors.Is(models.AsError(context.Canceled), context.Canceled) {
		t.Error("the cause is lost")
	}
}

func TestIDsAreNamesAndDiffer(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{16}$`)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 1000 {
		for name, re := range map[string]*regexp.Regexp{models.NewID(): id, models.NewUUID(): uuid} {
			if !re.MatchString(name) || seen[name] {
				t.Fatalf("%q is no new name", name)
			}
			seen[name] = true
		}
	}
}

func TestInsightsSurviveAsCues(t *testing.T) {
	t.Parallel()
	transcript := models.Transcript{Language: "en", Source: models.SourceRecognized, Model: "base", Segments: []models.Segment{{
		Start: time.Second, End: 2 * time.Second, Text: "bees", Confidence: 0.9, Speaker: "Ann",
		Words: []models.Word{{Text: "bees", Start: time.Second, End: 2 * time.Second, Confidence: 0.9}},
	}}}
	shot := models.Shot{Start: 1, End: 2, Transition: models.TransitionFade, Confidence: 0.5, Over: 3}
	chapter := models.Chapter{Start: 1, End: 2, Title: "Bees", Confidence: 1, Evidence: []models.Evidence{{Kind: "topic", Score: 0.7}}}
	cues := append(transcript.Cues(), shot.Cue(), chapter.Cue())

	gotTranscript, err := models.TranscriptOf(cues)
	if err != nil {
		t.Fatal(err)
	}
	gotShots, err := models.ShotsOf(cues)
	if err != nil {
		t.Fatal(err)
	}
	gotChapters, err := models.ChaptersOf(cues)
	if err != nil {
		t.Fatal(err)
	}
	for name, diff := range map[string]string{
		"transcript": cmp.Diff(transcript, gotTranscript),
		"shots":      cmp.Diff([]models.Shot{shot}, gotShots),
		"chapters":   cmp.Diff([]models.Chapter{chapter}, gotChapters),
	} {
		if diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
	if _, err := models.ShotsOf([]models.Cue{{Kind: models.CueShot, Data: []byte("{")}}); err == nil {
		t.Error("damaged data is read")
	}
}

func TestDisplaySize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		stream        models.Stream
		width, height int
	}{
		{models.Stream{Width: 640, Height: 360}, 640, 360},
		{models.Stream{Width: 640, Height: 360, Rotation: 180}, 640, 360},
		{models.Stream{Width: 640, Height: 360, Rotation: 90}, 360, 640},
		{models.Stream{Width: 640, Height: 360, SampleRatio: models.Ratio{Num: 2, Den: 1}}, 1280, 360},
		{models.Stream{Width: 720, Height: 576, SampleRatio: models.Ratio{Num: 16, Den: 15}, Rotation: 270}, 576, 768},
	} {
		if w, h := test.stream.Display(); w != test.width || h != test.height {
			t.Errorf("%+v displays %d×%d, want %d×%d", test.stream, w, h, test.width, test.height)
		}
	}
}

func TestFirstPrefersTheDefaultStream(t *testing.T) {
	t.Parallel()
	m := models.MediaInfo{Streams: []models.Stream{
		{Index: 0, Kind: models.StreamImage, Default: true}, {Index: 1, Kind: models.StreamAudio},
		{Index: 2, Kind: models.StreamAudio, Default: true}, {Index: 3, Kind: models.StreamVideo},
	}}
	if s := m.First(models.StreamAudio); s == nil || s.Index != 2 {
		t.Errorf("sound is %+v", s)
	}
	if s := m.First(models.StreamVideo); s == nil || s.Index != 3 {
		t.Errorf("picture is %+v", s)
	}
	if s := m.First(models.StreamSubtitle); s != nil {
		t.Errorf("subtitles are %+v", s)
	}
}
