package e2e

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

func TestAnalyzeMakesAVideoToPlayReadSkimAndSearch(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	data := t.TempDir()
	doc, r := analyze(t, data, video, "--captions", captions)
	if r.status != 0 || doc.State != "ready" || doc.Error != nil {
		t.Fatalf("status %d, state %s, error %v\n%s", r.status, doc.State, doc.Error, r.stderr)
	}
	if math.Abs(doc.Duration-7) > 0.1 {
		t.Errorf("duration is %v s, want 7", doc.Duration)
	}
	for _, path := range []string{doc.HLS, doc.DASH, doc.Poster, doc.Storyboard} {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 || !filepath.IsAbs(path) {
			t.Errorf("%q: %v", path, err)
		}
	}
	var stages []string
	for _, s := range doc.Stages {
		stages = append(stages, s.Name+" "+s.Status)
	}
	if want := []string{"probe done", "package done", "speech done", "shots done", "thumbs done", "chapters done", "index done"}; !slices.Equal(stages, want) {
		t.Errorf("stages %v, want %v", stages, want)
	}
	if len(doc.Shots) != 2 || math.Abs(doc.Shots[1].Start-3) > 0.041 || doc.Shots[1].Transition != "cut" {
		t.Errorf("shots %+v, want a cut at 3 s", doc.Shots)
	}
	if tr := doc.Transcript; tr.Source != "imported" || tr.Language != "en" || len(tr.Segments) != 2 ||
		tr.Segments[0].Text != "Bees make honey & wax." || tr.Segments[0].Start != 0.5 {
		t.Errorf("transcript %+v", doc.Transcript)
	}
	if len(doc.Chapters) == 0 || doc.Chapters[0].Start != 0 {
		t.Errorf("chapters %+v", doc.Chapters)
	}

	if shown := cuepoint(t, "show", "--data", data, "--json", doc.ID); shown.stdout != r.stdout {
		t.Errorf("show prints something else than analyze:\n%s\n%s", shown.stdout, r.stdout)
	}
	again, second := analyze(t, data, video)
	if again.ID != doc.ID || second.stdout != r.stdout {
		t.Errorf("analyzing again changed the result:\n%s\n%s", second.stdout, r.stdout)
	}
	if vtt := cuepoint(t, "export", "--data", data, "--format", "vtt", doc.ID).stdout; !strings.HasPrefix(vtt, "WEBVTT") || !strings.Contains(vtt, "honey &amp; wax") {
		t.Errorf("captions:\n%s", vtt)
	}

	var found struct{ Hits []hit }
	answer := cuepoint(t, "search", "--data", data, "--json", "Fractals")
	if err := json.Unmarshal([]byte(answer.stdout), &found); err != nil {
		t.Fatal(err)
	}
	speech := slices.IndexFunc(found.Hits, func(h hit) bool { return h.Kind == "speech" })
	if speech < 0 || found.Hits[speech].Start != 3.2 || found.Hits[speech].Video != doc.ID || len(found.Hits[speech].Why) == 0 {
		t.Errorf("search found %+v", found.Hits)
	}

	if listed := cuepoint(t, "list", "--data", data, "--json"); !strings.Contains(listed.stdout, doc.ID) {
		t.Errorf("list: %s", listed.stdout)
	}
	for _, command := range []string{"delete", "undelete", "delete"} {
		if r := cuepoint(t, command, "--data", data, doc.ID); r.status != 0 {
			t.Errorf("%s: %s", command, r.stderr)
		}
		if hidden := cuepoint(t, "search", "--data", data, "--json", "fractal").stdout == `{"hits":[]}`+"\n"; hidden != (command == "delete") {
			t.Errorf("found after %s: %t", command, !hidden)
		}
	}
	if gone := cuepoint(t, "delete", "--purge", "--data", data, doc.ID); gone.status != 0 {
		t.Errorf("delete: %s", gone.stderr)
	}
	for _, pattern := range []string{"videos/*", "sources/*/*", "scratch/*"} {
		if left, err := filepath.Glob(filepath.Join(data, pattern)); err != nil || len(left) > 0 {
			t.Errorf("delete left %v, %v", left, err)
		}
	}
	if answer := cuepoint(t, "search", "--data", data, "--json", "fractal"); strings.TrimSpace(answer.stdout) != `{"hits":[]}` {
		t.Errorf("found after delete: %s", answer.stdout)
	}
}

func TestBadInputsAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	dir, data := t.TempDir(), t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := readFile(t, video)
	inputs := []struct{ path, code string }{
		{filepath.Join(dir, "none.mp4"), "SOURCE_UNAVAILABLE"},
		{dir, "SOURCE_UNAVAILABLE"},
		{write("empty.mp4", ""), "EMPTY_FILE"},
		{write("text.mp4", "this is no video"), "CONTAINER_NOT_ALLOWED"},
		{write("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n"), "CONTAINER_NOT_ALLOWED"},
		{write("concat.mp4", "ffconcat version 1.0\nfile /etc/passwd\n"), "CONTAINER_NOT_ALLOWED"},
		{write("cut.mp4", whole[:len(whole)/3]), "TRUNCATED_MEDIA"},
		{video, ""},
	}
	args := []string{"analyze", "--data", data, "--json"}
	for _, in := range inputs {
		args = append(args, in.path)
	}
	r := cuepoint(t, args...)
	if r.status != 1 {
		t.Errorf("status %d, want 1", r.status)
	}
	docs := documents(t, r)
	if len(docs) != len(inputs) {
		t.Fatalf("%d documents for %d inputs: %s", len(docs), len(inputs), r.stderr)
	}
	for i, in := range inputs {
		doc := docs[i]
		if doc.Source != in.path {
			t.Errorf("document %d is about %s, want %s", i, doc.Source, in.path)
		}
		if in.code == "" {
			if doc.State != "ready" {
				t.Errorf("%s is %s (%v), want ready", in.path, doc.State, doc.Error)
			}
			continue
		}
		if doc.State != "failed" || doc.Error == nil || doc.Error.Code != in.code || doc.Error.Message == "" {
			t.Errorf("%s: state %s, error %+v, want %s", in.path, doc.State, doc.Error, in.code)
		}
		if doc.Error != nil && !strings.Contains(r.stderr, doc.Error.Message) {
			t.Errorf("%s: stderr does not say %q", in.path, doc.Error.Message)
		}
	}
	wantEmpty(t, data)

	doc, r := analyze(t, data, video, "--captions", write("bad.vtt", "\x00\x01 no captions"))
	if r.status != 1 || doc.State != "partial" || doc.Error == nil || doc.Error.Code != "CAPTIONS_INVALID" || doc.HLS == "" {
		t.Errorf("bad captions: status %d, %s, %+v", r.status, doc.State, doc.Error)
	}
	if doc, r = analyze(t, data, video, "--captions", captions); r.status != 0 || doc.State != "ready" || len(doc.Transcript.Segments) == 0 {
		t.Errorf("with good captions then: status %d, %s, %+v", r.status, doc.State, doc.Error)
	}
}

func TestWithoutAModelSpeechIsSkippedAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	video, _ := talk(t)
	// A mirror that refuses connections stands for a machine without the internet.
	r := cuepointWith(t, []string{"CUEPOINT_MODELS_URL=http://127.0.0.1:9"}, "analyze", "--data", t.TempDir(), "--json", video)
	docs := documents(t, r)
	if r.status != 0 || len(docs) != 1 || docs[0].State != "ready" {
		t.Fatalf("status %d, documents %+v\n%s", r.status, docs, r.stderr)
	}
	speech := docs[0].Stages[2]
	if speech.Status != "skipped" || speech.Reason != "MODEL_MISSING" || !strings.Contains(r.stderr, "cuepoint models pull base-q5_1") {
		t.Errorf("speech %+v\n%s", speech, r.stderr)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for name, test := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no command":         {nil, 2, "--help"},
		"no file":            {[]string{"analyze"}, 2, "--help"},
		"unknown flag":       {[]string{"analyze", "--none", "x"}, 2, "--help"},
		"captions for two":   {[]string{"analyze", "--captions", "c.vtt", "a.mp4", "b.mp4"}, 2, "one file"},
		"help":               {[]string{"--help"}, 0, ""},
		"no library":         {[]string{"list", "--data", filepath.Join(data, "none")}, 1, "cuepoint analyze"},
		"unknown video":      {[]string{"show", "--data", data, "none"}, 1, "NOT_FOUND"},
		"taken address":      {[]string{"serve", "--data", data, "--admin=", "--listen", "192.0.2.1:1"}, 1, "--listen"},
		"query without word": {[]string{"search", "--data", data, "!?"}, 1, "INVALID_ARGUMENT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := cuepoint(t, test.args...)
			if r.status != test.status || !strings.Contains(r.stderr, test.says) {
				t.Errorf("status %d, want %d; stderr %q, want %q in it", r.status, test.status, r.stderr, test.says)
			}
		})
	}
}

func TestSharedClipsAreAnalyzed(t *testing.T) {
	t.Parallel()
	doc, r := analyze(t, t.TempDir(), testenv.Media(t, "derived/story_56s.mp4"))
	if r.status != 0 || doc.State != "ready" {
		t.Fatalf("status %d, %s, %+v\n%s", r.status, doc.State, doc.Error, r.stderr)
	}
	if doc.Transcript.Source != "imported" || len(doc.Transcript.Segments) < 14 {
		t.Errorf("transcript %+v, want the embedded captions", doc.Transcript)
	}
	if len(doc.Chapters) != 4 || math.Abs(doc.Chapters[1].Start-15.28) > 0.05 {
		t.Errorf("chapters %+v, want the file's own", doc.Chapters)
	}
	audio := slices.DeleteFunc(slices.Clone(doc.Renditions), func(r rendition) bool { return r.Width > 0 })
	if len(audio) != 2 {
		t.Errorf("sound renditions %+v, want both tracks", audio)
	}
}
