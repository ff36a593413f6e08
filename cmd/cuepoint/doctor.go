package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/app"
)

type doctorCmd struct{}

// Run tells of every external part whether it is there, and how to get it; of a
// server that is named what it says of itself.
func (doctorCmd) Run(e *env) error {
	parts, err := e.parts()
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := e.print(p, "%s", describePart(p)); err != nil {
			return err
		}
	}
	if !app.Healthy(parts) {
		return told{errors.New("something required is missing")}
	}
	return nil
}

// parts are those of this machine, or of the server that is named.
func (e *env) parts() (parts []app.Part, err error) {
	if e.cli.Server == "" {
		return app.Doctor(e.ctx, e.config()), nil
	}
	err = e.ask(false, func(l *library) error {
		can, err := l.System.GetCapabilities(e.ctx, &cuepointv1.GetCapabilitiesRequest{})
		if err != nil {
			return err
		}
		for _, p := range can.GetPrograms() {
			parts = append(parts, app.Part{
				Name: p.GetName(), Purpose: p.GetPurpose(), Required: p.GetRequired(), Found: p.GetAvailable(), Version: p.GetVersion(), Problem: p.GetProblem(),
			})
		}
		speech := app.Part{Name: "model " + can.GetSpeech().GetModel(), Purpose: "the Whisper model, and the engine that uses it", Found: can.GetSpeech().GetAvailable()}
		if !speech.Found {
			speech.Problem = "not on the server"
		}
		parts = append(parts, speech)
		return nil
	})
	return parts, err
}

func describePart(p app.Part) string {
	need := "optional"
	if p.Required {
		need = "required"
	}
	rows := []string{fmt.Sprintf("ok       %s %s (%s)", p.Name, p.Version, need), p.Purpose, p.Path}
	if !p.Found {
		rows = []string{fmt.Sprintf("missing  %s (%s): %s", p.Name, need, p.Problem), p.Purpose}
		if p.Install != "" {
			rows = append(rows, "run: "+p.Install)
		}
	}
	rows = slices.DeleteFunc(rows, func(row string) bool { return row == "" })
	return strings.Join(rows, "\n         ") + "\n"
}
