package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/internal/ingest"
)

func openSystem(t *testing.T, model string) *system {
	t.Helper()
	a, err := Open(t.Context(), Config{Data: t.TempDir(), Model: model, Version: "v1.2.3", Log: slog.New(slog.DiscardHandler)}, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return newSystem(a, nil)
}

func TestCapabilitiesAreThoseOfThisMachine(t *testing.T) {
	t.Parallel()
	s := openSystem(t, filepath.Join("/secret", "my.bin"))
	c, err := s.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range c.Programs {
		names = append(names, p.Name)
		if p.Available == (p.Problem != "") {
			t.Errorf("%+v", p)
		}
	}
	if diff := cmp.Diff([]string{"ffmpeg", "ffprobe", "cuepoint-vision", "cuepoint-speech"}, names); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
	if !c.Programs[0].Available || c.Programs[0].Version == "" {
		t.Errorf("FFmpeg: %+v", c.Programs[0])
	}
	if c.Speech || c.SpeechModel != "my.bin" || c.SpeechLanguages != nil {
		t.Errorf("speech without its model: %+v", c)
	}
	if !slices.Contains(c.Containers, "matroska") || !slices.Contains(c.TextLanguages, "de") || c.Limits.Bytes != ingest.UsualMaxSize {
		t.Errorf("%+v", c)
	}
	if v := s.Version(); v.Version != "v1.2.3" || v.Go == "" || v.Platform == "" {
		t.Errorf("version %+v", v)
	}
	if last := s.Stages()[len(s.Stages())-1]; last.Name != "index" || !slices.Contains(last.Needs, "speech") {
		t.Errorf("last stage %+v", last)
	}
	if len(s.Weights()) < 10 {
		t.Errorf("models %+v", s.Weights())
	}
}

func TestProgramsAreNotLookedAtForEveryCaller(t *testing.T) {
	t.Parallel()
	s := openSystem(t, "base.en-q5_1")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Capabilities(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("for a caller who is gone: %v", err)
	}
	c, err := s.Capabilities(t.Context())
	if err != nil || !c.Programs[0].Available {
		t.Fatalf("after one who was gone: %+v, %v", c, err)
	}
	if diff := cmp.Diff([]string{"en"}, c.SpeechLanguages); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
	s.programs = []Part{{Name: "seen", Found: true}}
	c, err = s.Capabilities(t.Context())
	if diff := cmp.Diff([]api.Program{{Name: "seen", Available: true}}, c.Programs); diff != "" || err != nil {
		t.Errorf("soon after (-want +got):\n%s\n%v", diff, err)
	}
}
