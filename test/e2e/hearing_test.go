package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// slowEngine hears two segments, and goes on when there is a file that lets it.
const slowEngine = `#!/bin/sh
echo '{"hello":{"protocol":1,"engine":"cuepoint-speech","version":"test"}}'
IFS= read -r request
one='{"start":0,"end":1000000000,"text":"Tides come","confidence":0.5}'
two='{"start":1000000000,"end":2000000000,"text":"and go.","confidence":0.5}'
echo "{\"id\":1,\"event\":{\"segment\":$one}}"
echo "{\"id\":1,\"event\":{\"segment\":$two}}"
until [ -e %s/go ]; do sleep 0.05; done
echo "{\"id\":1,\"result\":{\"language\":\"en\",\"source\":\"recognized\",\"segments\":[$one,$two]}}"
`

// TestASegmentIsSeenInAnotherProcessBeforeItsStageEnds listens in the api
// process to what a worker hears, kills the worker, and lets its successor end.
func TestASegmentIsSeenInAnotherProcessBeforeItsStageEnds(t *testing.T) {
	t.Parallel()
	dir, shared := t.TempDir(), t.TempDir()
	c := &cluster{database: testenv.Postgres(t), program: filepath.Join(dir, "cuepoint")}
	copyProgram(t, testenv.Program(t, "cuepoint"), c.program)
	model := filepath.Join(dir, "model.bin")
	for path, text := range map[string]string{filepath.Join(dir, "cuepoint-speech"): fmt.Sprintf(slowEngine, dir), model: "a model"} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(testenv.Program(t, "cuepoint-vision"), filepath.Join(dir, "cuepoint-vision")); err != nil {
		t.Fatal(err)
	}
	c.env = []string{
		"CUEPOINT_MODELS_DIR=", "CUEPOINT_MODEL=" + model, "CUEPOINT_DATABASE_URL=" + c.database, "CUEPOINT_BLOBS_URL=file://" + shared,
	}
	c.api = c.start(t, "api")
	worker := c.start(t, "worker")
	video, _ := talk(t)
	var submitted struct{ ID string }
	r := cuepointWith(t, c.env, "analyze", "--data", c.api.data, "--json", "--no-wait", video)
	if err := json.Unmarshal([]byte(r.stdout), &submitted); err != nil {
		t.Fatal(err, r.stderr)
	}

	answers := c.stream(t, "/v1/videos/"+submitted.ID+"/transcripts/-:stream")
	heard := []string{"segment ? Tides come", "segment ? and go."}
	answers.want(t, heard...)
	worker.Kill()
	c.startIn(t, "worker", worker.data) // which knows what it had
	answers.want(t, append([]string{"restart"}, heard...)...)
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	answers.want(t, "restart", "segment Tides come", "segment and go.", "transcript en", "end")
}

// answers are those of a stream of a transcript, as Server-Sent Events.
type answers struct{ lines *bufio.Scanner }

func (c *cluster) stream(t *testing.T, path string) answers {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.api.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return answers{bufio.NewScanner(response.Body)}
}

// want takes as many answers as are wanted.
func (a answers) want(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for kind := ""; len(got) < len(want) && a.lines.Scan(); {
		field, value, _ := strings.Cut(a.lines.Text(), ": ")
		switch field {
		case "event":
			kind = value
		case "data":
			var data struct {
				Text, LanguageCode string
				Provisional        bool
			}
			if err := json.Unmarshal([]byte(value), &data); err != nil {
				t.Fatal(err)
			}
			if data.Provisional {
				data.Text = "? " + data.Text
			}
			got = append(got, strings.TrimSpace(kind+" "+data.Text+data.LanguageCode))
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("told %q, want %q (%v)", got, want, a.lines.Err())
	}
}
