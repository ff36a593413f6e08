package analyzer_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
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

func TestTimeoutsFollowTheMedia(t *testing.T) {
	t.Parallel()
	minute := &models.MediaInfo{Duration: time.Minute}
	for name, test := range map[string]struct {
		spec  analyzer.Spec
		media *models.MediaInfo
		want  time.Duration
	}{
		"usual":                {analyzer.Spec{}, minute, 10 * time.Minute},
		"with a pace":          {analyzer.Spec{Pace: 0.5}, minute, 30 * time.Second},
		"before it was probed": {analyzer.Spec{Pace: 1}, nil, 6 * time.Hour},
		"without a duration":   {analyzer.Spec{Pace: 1}, &models.MediaInfo{}, 6 * time.Hour},
	} {
		if got := analyzer.Timeout(test.spec, test.media); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
