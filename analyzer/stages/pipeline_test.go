package stages_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/stages"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

var update = flag.Bool("update", false, "write docs/pipeline.md as the stages say it is")

// TestPipelinePageIsCurrent compares the page about the stages with the stages.
func TestPipelinePageIsCurrent(t *testing.T) {
	t.Parallel()
	all := stages.All(stages.Config{})
	if _, err := analyzer.NewPipeline(all...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(testenv.Root(t), "docs", "pipeline.md")
	page := pipelinePage(all)
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page, string(written)); diff != "" {
		t.Errorf("docs/pipeline.md is not current; go test ./analyzer/stages -run PipelinePage -update (-stages +page):\n%s", diff)
	}
}

func pipelinePage(all []analyzer.Stage) string {
	var b strings.Builder
	b.WriteString("# The stages\n\nA stage starts when all that it needs have ended. Written by a test from what the stages say of themselves.\n\n")
	b.WriteString("| stage | version | needs | |\n|---|---|---|---|\n")
	for _, stage := range all {
		spec := stage.Spec()
		kind := "required"
		if spec.Optional {
			kind = "optional"
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", spec.Name, spec.Version, strings.Join(spec.Needs, ", "), kind)
	}
	b.WriteString("\n```mermaid\ngraph LR\n")
	for _, stage := range all {
		spec := stage.Spec()
		for _, need := range spec.Needs {
			fmt.Fprintf(&b, "  %s --> %s\n", need, spec.Name)
		}
	}
	b.WriteString("```\n")
	return b.String()
}
