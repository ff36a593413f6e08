package app

import (
	"path/filepath"

	"github.com/cuepoint/cuepoint/models/weights"
)

// Weights are the model files of a configuration: those in the data directory,
// where downloads go, and those in the directory beside it.
func Weights(cfg Config) *weights.Store {
	var extra []string
	if cfg.ModelsDir != "" {
		extra = append(extra, cfg.ModelsDir)
	}
	s := weights.New(filepath.Join(cfg.Data, "models"), extra...)
	s.BaseURL = cfg.ModelsURL
	return s
}

// modelParts tell which model files are here.
func modelParts(cfg Config) []Part {
	store := Weights(cfg)
	var parts []Part
	for _, m := range []struct{ name, purpose string }{
		{cfg.Model, "the Whisper model; without one speech is not transcribed, captions can be imported"},
		{weights.VAD, "tells speech from other sound; without it only silence is passed over"},
	} {
		p := Part{Name: "model " + m.name, Purpose: m.purpose}
		if path, err := store.Path(m.name); err == nil {
			p.Found, p.Path = true, path
		} else {
			p.Problem, p.Install = "not here", "cuepoint models pull "+m.name
		}
		parts = append(parts, p)
	}
	return parts
}
