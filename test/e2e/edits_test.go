package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rest is who asks a server.
type rest struct{ served }

// ask asks over REST, and fails where the answer is not 200 OK.
func (s rest) ask(t *testing.T, verb, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), verb, s.Address+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s, %v", verb, path, response.StatusCode, answer, err)
	}
	return answer
}

// read asks, and reads the answer into what is to hold it.
func (s rest) read(t *testing.T, verb, path, body string, into any) {
	t.Helper()
	if answer := s.ask(t, verb, path, body); json.Unmarshal(answer, into) != nil {
		t.Fatalf("%s %s: %s", verb, path, answer)
	}
}

// want tells what the transcript should say, and how many moments words find.
func (s rest) want(t *testing.T, transcript, vtt string, found map[string]int) {
	t.Helper()
	if got := string(s.ask(t, http.MethodGet, transcript+":export", "")); got != vtt {
		t.Errorf("captions are\n%s\nwant\n%s", got, vtt)
	}
	for word, want := range found {
		var moments struct{ Moments []any }
		s.read(t, http.MethodGet, "moments:search?kinds=speech&query="+url.QueryEscape(word), "", &moments)
		if len(moments.Moments) != want {
			t.Errorf("%q finds %d moments, want %d", word, len(moments.Moments), want)
		}
	}
}

// importing brings another transcript in, and waits until all is found anew.
func (s rest) importing(t *testing.T, video, vtt string) {
	t.Helper()
	var operation struct {
		Name  string
		Done  bool
		Error *struct{ Message string }
	}
	body := fmt.Sprintf(`{"content": %q}`, base64.StdEncoding.EncodeToString([]byte(vtt)))
	s.read(t, http.MethodPost, "videos/"+video+"/transcripts:import", body, &operation)
	for limit := time.Now().Add(deadline); !operation.Done; s.read(t, http.MethodPost, operation.Name+":wait", "{}", &operation) {
		if time.Now().After(limit) {
			t.Fatalf("%+v goes on and on", operation)
		}
	}
	if operation.Error != nil {
		t.Fatal(operation.Error.Message)
	}
}

// TestEditsOutliveAnotherTranscript corrects what is said, and brings in other
// captions twice: some that say the same elsewhere, and some that do not.
func TestEditsOutliveAnotherTranscript(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	data := t.TempDir()
	doc, r := analyze(t, data, video, "--captions", captions)
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	p, said := startServer(t, data)
	s := rest{said}
	transcript := "videos/" + doc.ID + "/transcripts/en"
	var heard struct{ Segments []struct{ Name string } }
	s.read(t, http.MethodGet, transcript, "", &heard)
	s.ask(t, http.MethodPatch, heard.Segments[0].Name, `{"text": "Wasps make paper & wax."}`)
	s.want(t, transcript, "WEBVTT\n\n00:00:00.500 --> 00:00:02.500\nWasps make paper &amp; wax.\n\n00:00:03.200 --> 00:00:06.000\nA fractal has no end.\n",
		map[string]int{"paper": 1, "honey": 0, "fractal": 1})

	s.importing(t, doc.ID, "WEBVTT\n\n00:01.000 --> 00:03.000\nBees make honey & wax!\n\n00:03.200 --> 00:06.500\nFractals never end.\n")
	s.want(t, transcript, "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nWasps make paper &amp; wax.\n\n00:00:03.200 --> 00:00:06.500\nFractals never end.\n",
		map[string]int{"paper": 1, "honey": 0, "fractal": 1, "never": 1})

	s.importing(t, doc.ID, "1\n00:00:01,000 --> 00:00:03,000\nNothing of that.\n")
	s.want(t, transcript, "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nNothing of that.\n", map[string]int{"paper": 0, "honey": 0, "nothing": 1})
	var history struct {
		Edits []struct {
			Name, State string
			After       []struct{ Text string }
		}
	}
	s.read(t, http.MethodGet, "videos/"+doc.ID+"/edits", "", &history)
	if e := history.Edits; len(e) != 1 || e[0].State != "STATE_ORPHANED" || e[0].After[0].Text != "Wasps make paper & wax." {
		t.Errorf("the history is %+v, want the edit, orphaned", e)
	}
	p.Signal(syscall.SIGTERM)
	if status := p.Wait(t, deadline); status != 0 {
		t.Errorf("serve ended with status %d", status)
	}
	if sound := fsck(t, data); sound.status != 0 || len(sound.findings) > 0 {
		t.Errorf("fsck: status %d, %s%s", sound.status, sound.stdout, sound.stderr)
	}
}
