package analyzertest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

func checkResult(t *testing.T, r *run) {
	var duration time.Duration
	switch {
	case r.result.Media != nil:
		duration = r.result.Media.Duration
	case r.job.Video.Media != nil:
		duration = r.job.Video.Media.Duration
	}
	checkCues(t, r.result.Cues, duration)
	checkCues(t, r.provisional, duration)
	checkArtifacts(t, r.result.Artifacts, r.job.Scratch)
	for i, p := range r.result.Search {
		if p.CueID == "" {
			t.Errorf("posting %d names no cue", i)
		}
	}
}

// reporter is the part of testing.TB that the checks need.
type reporter interface {
	Errorf(format string, args ...any)
}

func checkCues(t reporter, cues []models.Cue, duration time.Duration) {
	var last time.Duration
	for i, c := range cues {
		name := fmt.Sprintf("cue %d (%v to %v, %q)", i, c.Start, c.End, c.Text)
		if c.Kind == "" {
			t.Errorf("%s has no kind", name)
		}
		if c.Start < 0 || c.End < c.Start || c.End > duration {
			t.Errorf("%s does not lie inside 0 to %v", name, duration)
		}
		if c.Start < last {
			t.Errorf("%s starts before the one before it", name)
		}
		last = c.Start
		if !(c.Confidence >= 0 && c.Confidence <= 1) {
			t.Errorf("%s has confidence %v, want 0 to 1", name, c.Confidence)
		}
		if !utf8.ValidString(c.Text) {
			t.Errorf("%s is not UTF-8", name)
		}
		if len(c.Data) > 0 && !json.Valid(c.Data) {
			t.Errorf("%s has data that is not JSON: %s", name, c.Data)
		}
	}
}

func checkArtifacts(t reporter, artifacts []models.Artifact, scratch string) {
	seen := map[string]bool{}
	for _, a := range artifacts {
		if a.Kind == "" || a.Type == "" {
			t.Errorf("artifact %q has kind %q and type %q, want both", a.Path, a.Kind, a.Type)
		}
		if !fs.ValidPath(a.Path) || a.Path == "." {
			t.Errorf("artifact path %q is not a plain path within the directory", a.Path)
			continue
		}
		if seen[a.Path] {
			t.Errorf("artifact %q is listed twice", a.Path)
		}
		seen[a.Path] = true
		info, err := os.Lstat(filepath.Join(scratch, filepath.FromSlash(a.Path)))
		switch {
		case err != nil:
			t.Errorf("artifact %q: %v", a.Path, err)
		case !info.Mode().IsRegular():
			t.Errorf("artifact %q is no regular file", a.Path)
		case info.Size() == 0:
			t.Errorf("artifact %q is empty", a.Path)
		}
	}
}

// same is a copy of a result without the names that are random, and what
// may vary.
func (c *contract) same(r *analyzer.Result) analyzer.Result {
	same := *r
	same.Cues = append([]models.Cue(nil), r.Cues...)
	same.Artifacts = append([]models.Artifact(nil), r.Artifacts...)
	for i := range same.Cues {
		same.Cues[i].ID = ""
	}
	if c.measure != nil {
		c.measure(&same)
	}
	return same
}

// sums maps the files below dir to what they hold, as far as that is always the
// same.
func (c *contract) sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if c.files != nil && c.files(path) {
			found[path] = "something"
			return nil
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		sum := sha256.Sum256(content)
		found[path] = fmt.Sprintf("%d bytes, SHA-256 %s", len(content), hex.EncodeToString(sum[:4]))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// surroundings describes all that a run must leave as it was: the video, the
// source, the earlier stages' directories, the scratch directory's neighbours
// and the working directory.
func (r *run) surroundings() map[string]string {
	r.t.Helper()
	found := map[string]string{}
	video, err := json.Marshal(r.job.Video)
	if err != nil {
		r.t.Fatal(err)
	}
	found["video"] = string(video)
	if in, ok := r.job.Inputs.(*Inputs); ok {
		if info, err := os.Stat(in.SourceFile); err == nil {
			found["source"] = describe(info)
		}
		for stage, p := range in.Published {
			list(found, "published by "+stage, p.Dir, true)
		}
	}
	list(found, "beside the scratch directory", filepath.Dir(r.job.Scratch), false)
	list(found, "working directory", ".", false)
	return found
}

// list notes the files of a directory; one that cannot be read has none.
// testdata belongs to the test libraries.
func list(found map[string]string, label, dir string, deep bool) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return nil //nolint:nilerr // gone in the meantime: another test's
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			found[label+": "+path] = describe(info)
		} else if d.IsDir() && d.Name() != "testdata" {
			found[label+": "+path] = "directory"
		}
		if d.IsDir() && !deep {
			return fs.SkipDir
		}
		return nil
	})
}

func describe(info fs.FileInfo) string {
	return strings.Join([]string{info.Mode().String(), fmt.Sprint(info.Size()), info.ModTime().Format(time.RFC3339Nano)}, " ")
}
