package analyzer

import (
	"fmt"
	"slices"
)

// Pipeline is a checked list of stages.
type Pipeline struct {
	stages []Stage
}

// NewPipeline checks the stages: specs that are valid, names that stand once,
// and needs that stand earlier in the list, which rules out cycles. What is
// required may not rest on what is optional.
func NewPipeline(stages ...Stage) (*Pipeline, error) {
	seen := map[string]Spec{}
	for _, stage := range stages {
		spec := stage.Spec()
		if err := spec.Validate(); err != nil {
			return nil, err
		}
		if _, ok := seen[spec.Name]; ok {
			return nil, fmt.Errorf("stage %s stands twice in the list", spec.Name)
		}
		for _, need := range spec.Needs {
			needed, ok := seen[need]
			if !ok {
				return nil, fmt.Errorf("stage %s needs %s, which does not stand before it", spec.Name, need)
			}
			if needed.Optional && !spec.Optional {
				return nil, fmt.Errorf("stage %s is required but needs %s, which is optional", spec.Name, need)
			}
		}
		seen[spec.Name] = spec
	}
	return &Pipeline{stages: slices.Clone(stages)}, nil
}

// Names lists the stages in order.
func (p *Pipeline) Names() []string {
	names := make([]string, len(p.stages))
	for i, s := range p.stages {
		names[i] = s.Spec().Name
	}
	return names
}

// Specs describes the stages in order.
func (p *Pipeline) Specs() []Spec {
	specs := make([]Spec, len(p.stages))
	for i, s := range p.stages {
		specs[i] = s.Spec()
	}
	return specs
}

// Class returns the class of the stage of that name. ok is false where there is
// none.
func (p *Pipeline) Class(name string) (class Class, ok bool) {
	if s := p.stage(name); s != nil {
		return s.Spec().Class, true
	}
	return "", false
}

// stage returns the stage of that name, or nil.
func (p *Pipeline) stage(name string) Stage {
	for _, s := range p.stages {
		if s.Spec().Name == name {
			return s
		}
	}
	return nil
}

// dependents lists the stages that rest on one, directly or not, in order.
func (p *Pipeline) dependents(name string) []string {
	stale := []string{name}
	for _, s := range p.stages {
		spec := s.Spec()
		if slices.ContainsFunc(spec.Needs, func(need string) bool { return slices.Contains(stale, need) }) {
			stale = append(stale, spec.Name)
		}
	}
	return stale[1:]
}
