package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checked is what fsck prints with --json.
type checked struct {
	result
	findings []finding
	report   struct{ Videos, Blobs, Wrong, Mended int }
}

type finding struct {
	Kind, Video, Stage, Key, Advice string
	Mended                          bool
}

func fsck(t *testing.T, data string, args ...string) checked {
	t.Helper()
	c := checked{result: cuepoint(t, append([]string{"fsck", "--data", data, "--json"}, args...)...)}
	for line := range strings.Lines(c.stdout) {
		var said struct{ Finding *finding }
		read := json.Unmarshal([]byte(line), &said)
		if read == nil && said.Finding != nil {
			c.findings = append(c.findings, *said.Finding)
		} else if read = json.Unmarshal([]byte(line), &struct{ Report any }{&c.report}); read != nil {
			t.Fatalf("not a line of fsck's: %v\n%s", read, line)
		}
	}
	return c
}

// flip changes a byte in the middle of a file.
func flip(t *testing.T, path string) {
	t.Helper()
	content := []byte(readFile(t, path))
	content[len(content)/2] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s is %v, %v", pattern, found, err)
	}
	return found[0]
}

func TestFsckFindsAndMendsWhatIsDamaged(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	data := t.TempDir()
	doc, r := analyze(t, data, video, "--captions", captions)
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	whole := fsck(t, data)
	if whole.status != 0 || len(whole.findings) > 0 || whole.report.Videos != 1 || whole.report.Blobs < 10 {
		t.Fatalf("status %d, %s%s", whole.status, whole.stdout, whole.stderr)
	}

	packaged := filepath.Join(data, "blobs/videos", doc.ID, "package@*")
	segment := only(t, filepath.Join(packaged, "180p/00001.m4s"))
	flip(t, segment)
	if quick := fsck(t, data, "--quick"); quick.status != 0 || len(quick.findings) > 0 {
		t.Errorf("quick: status %d, %s", quick.status, quick.stdout)
	}
	found := fsck(t, data)
	if found.status != 1 || len(found.findings) != 1 || !strings.HasSuffix(segment, found.findings[0].Key) || found.findings[0].Kind != "damaged" {
		t.Errorf("status %d, %s", found.status, found.stdout)
	}
	if mended := fsck(t, data, "--repair"); mended.status != 0 || mended.report.Wrong != 1 || mended.report.Mended != 1 {
		t.Errorf("repair: status %d, %s%s", mended.status, mended.stdout, mended.stderr)
	}
	again, r := analyze(t, data, video) // who analyzes anything does this too
	if r.status != 0 || again.ID != doc.ID || again.HLS == doc.HLS || !strings.Contains(r.stderr, "package done") {
		t.Errorf("again: status %d, %s\n%s", r.status, again.HLS, r.stderr)
	}
	if sound := fsck(t, data); sound.status != 0 || len(sound.findings) > 0 {
		t.Errorf("in the end: status %d, %s%s", sound.status, sound.stdout, sound.stderr)
	}
}

func TestFsckSaysWhichFileToBringBack(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	data := t.TempDir()
	if _, r := analyze(t, data, video, "--captions", captions); r.status != 0 {
		t.Fatal(r.stderr)
	}
	sources, err := filepath.Glob(filepath.Join(data, "blobs/sources/*"))
	if err != nil || len(sources) != 2 {
		t.Fatal(sources, err)
	}
	for _, source := range sources {
		flip(t, source)
	}
	found := fsck(t, data, "--repair")
	if found.status != 1 || len(found.findings) != 2 || found.report.Mended != 0 {
		t.Fatalf("status %d, %s%s", found.status, found.stdout, found.stderr)
	}
	for _, f := range found.findings {
		if f.Kind != "damaged" || !strings.Contains(f.Advice, video) {
			t.Errorf("%+v", f)
		}
	}
	if _, r := analyze(t, data, video, "--captions", captions); r.status != 0 {
		t.Errorf("bringing it back: status %d\n%s", r.status, r.stderr)
	}
	if sound := fsck(t, data); sound.status != 0 || len(sound.findings) > 0 {
		t.Errorf("in the end: status %d, %s%s", sound.status, sound.stdout, sound.stderr)
	}
	told := cuepoint(t, "fsck", "--data", data)
	if told.status != 0 || !strings.HasSuffix(told.stdout, ": all is well\n") || told.stderr != "" {
		t.Errorf("for people: %d %q %q", told.status, told.stdout, told.stderr)
	}
}
