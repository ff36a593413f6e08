package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnalyzeTakesNoWrongCommandLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		say  string
	}{
		"no file":                    {nil, "<file>"},
		"one captions for two files": {[]string{"--captions", "c.vtt", "a.mp4", "b.mp4"}, "--captions"},
		"a language's name":          {[]string{"--language", "deutsch", "a.mp4"}, "pt-BR"},
		"no language":                {[]string{"--language", "x y", "a.mp4"}, "pt-BR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), append([]string{"analyze", "--data", data}, test.args...), &stdout, &stderr)
			if status != exitUsage || !strings.Contains(stderr.String(), test.say) || stdout.Len() > 0 {
				t.Errorf("status %d, says %q and %q", status, &stderr, &stdout)
			}
			if made, _ := filepath.Glob(data); len(made) > 0 {
				t.Error("it made a library")
			}
		})
	}
}
