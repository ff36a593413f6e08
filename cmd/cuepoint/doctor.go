package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cuepoint/cuepoint/internal/app"
)

type doctorCmd struct {
	JSON bool `help:"Print one JSON object per part, one per line." name:"json"`
}

// Run tells of every external part whether it is there, and how to get it.
func (c *doctorCmd) Run(e *env) error {
	parts := app.Doctor(e.ctx, e.config())
	for _, p := range parts {
		if c.JSON {
			if err := json.NewEncoder(e.stdout).Encode(p); err != nil {
				return err
			}
			continue
		}
		printPart(e, p)
	}
	if !app.Healthy(parts) {
		return told{errors.New("something required is missing")}
	}
	return nil
}

func printPart(e *env, p app.Part) {
	need := "optional"
	if p.Required {
		need = "required"
	}
	if p.Found {
		fmt.Fprintf(e.stdout, "ok       %s %s (%s)\n         %s\n         %s\n", p.Name, p.Version, need, p.Purpose, p.Path)
		return
	}
	fmt.Fprintf(e.stdout, "missing  %s (%s): %s\n         %s\n         run: %s\n", p.Name, need, p.Problem, p.Purpose, p.Install)
}
