package analyzer_test

import (
	"slices"
	"testing"

	"github.com/cuepoint/cuepoint/analyzer"
)

func TestPipelineRefuses(t *testing.T) {
	t.Parallel()
	stage := func(name string, optional bool, needs ...string) analyzer.Stage {
		return &fake{spec: analyzer.Spec{Name: name, Version: 1, Class: analyzer.Light, Optional: optional, Needs: needs}}
	}
	for name, stages := range map[string][]analyzer.Stage{
		"a name twice":                     {stage("a", false), stage("a", false)},
		"a need that is unknown":           {stage("a", false, "b")},
		"a need that stands later":         {stage("a", false, "b"), stage("b", false, "a")},
		"a name that is no file name":      {stage("../a", false)},
		"no version":                       {&fake{spec: analyzer.Spec{Name: "a", Class: analyzer.Light}}},
		"a need that is itself":            {stage("a", false, "a")},
		"no class":                         {&fake{spec: analyzer.Spec{Name: "a", Version: 1}}},
		"a need twice":                     {stage("a", false), stage("b", false, "a", "a")},
		"required resting on the optional": {stage("a", true), stage("b", false, "a")},
	} {
		if _, err := analyzer.NewPipeline(stages...); err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
	p, err := analyzer.NewPipeline(stage("a", false), stage("b", true, "a"))
	if err != nil || !slices.Equal(p.Names(), []string{"a", "b"}) {
		t.Errorf("pipeline %v, %v", p.Names(), err)
	}
}
