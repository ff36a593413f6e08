package main

import (
	"errors"
	"fmt"

	"github.com/cuepoint/cuepoint/internal/app"
)

type doctorCmd struct{}

// Run tells of every external part whether it is there, and how to get it.
func (doctorCmd) Run(e *env) error {
	parts := app.Doctor(e.ctx, e.config())
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

func describePart(p app.Part) string {
	need := "optional"
	if p.Required {
		need = "required"
	}
	if p.Found {
		return fmt.Sprintf("ok       %s %s (%s)\n         %s\n         %s\n", p.Name, p.Version, need, p.Purpose, p.Path)
	}
	return fmt.Sprintf("missing  %s (%s): %s\n         %s\n         run: %s\n", p.Name, need, p.Problem, p.Purpose, p.Install)
}
