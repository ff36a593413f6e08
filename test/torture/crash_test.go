package torture

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

// crashers are scripts that let a program die of a signal while it works for a
// stage. WHERE
// stands for a test that is true where it is to die.
var crashers = map[string]struct{ program, script string }{
	"probe":   {"ffprobe", fileScript + "if WHERE; then kill -SEGV $$; fi\nexec \"$real\" \"$@\"\n"},
	"package": {"ffmpeg", fileScript + "if WHERE; then kill -ABRT $$; fi\nexec \"$real\" \"$@\"\n"},
	"speech":  {"cuepoint-speech", engineScript + pathScript + "if WHERE; then kill -ABRT $$; fi\nagain\n"},
	"shots":   {"cuepoint-vision", engineScript + pathScript + "if WHERE; then kill -SEGV $$; fi\nagain\n"},
	"thumbs":  {"cuepoint-vision", engineScript + pathScript + "if WHERE; then kill -ABRT $$; fi\nagain\n"},
}

// fileScript and pathScript find the file that FFmpeg or an engine is to read: $file.
const (
	fileScript = "for a; do case $a in file:*) file=${a#file:}; break;; esac; done\n"
	pathScript = "file=$(printf '%s' \"$request\" | sed -n 's/.*\"\\(audio\\|input\\)\":\"\\([^\"]*\\)\".*/\\2/p')\n"
)

// crash has a stage's program die where a test of the shell is true.
func (l *library) crash(t *testing.T, stage, where string) {
	t.Helper()
	c := crashers[stage]
	// One program works for several stages: for which, it is told.
	asked := map[string]string{"package": `"$*" in *libx264*`, "shots": `$request in *'"shots"'*`, "thumbs": `$request in *'"thumbs"'*`}
	if words := asked[stage]; words != "" {
		where = "case " + words + ") " + where + ";; *) false;; esac"
	}
	l.wrap(t, c.program, strings.Replace(c.script, "WHERE", where, 1))
}

func TestACrashCostsOneAttempt(t *testing.T) {
	t.Parallel()
	clip, model := talk(t)
	for stage := range crashers {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t, "")
			l.env = []string{"CUEPOINT_MODEL=" + model}
			l.crash(t, stage, `mkdir "$dir/first" 2>/dev/null`)
			status, stdout, stderr := l.answer(t, "analyze", "--language=en", clip)
			if status != 0 || !strings.Contains(stdout, `"state":"ready"`) {
				t.Fatalf("status %d\n%s", status, stderr)
			}
			db := l.db(t)
			for _, run := range videos(t, db)[0].Runs {
				want := 1
				if run.Stage == stage {
					want = 2
				}
				if run.Attempt != want || run.Crashes != want-1 || run.Failures != want-1 || run.Losses != 0 {
					t.Errorf("%s: %d attempts, %d crashes, %d failures, %d lost; want %d attempts", run.Stage, run.Attempt, run.Crashes, run.Failures, run.Losses, want)
				}
			}
			wantOnce(t, db)
			l.wantNothingLoose(t, db)
		})
	}
}

func TestTwoCrashesSpoilTheVideoAndNoOther(t *testing.T) {
	t.Parallel()
	poison, model := talk(t)
	for stage := range crashers {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t, "")
			l.env = []string{"CUEPOINT_MODEL=" + model}
			l.crash(t, stage, `[ "$(stat -c %s "$file")" -gt 30000 ]`)
			files := append([]string{poison}, seconds(t, of(2, 5))...)
			status, stdout, stderr := l.answer(t, append([]string{"analyze", "--language=en"}, files...)...)
			if status != 1 {
				t.Fatalf("status %d\n%s", status, stderr)
			}
			for i, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
				var doc struct {
					State  models.VideoState
					Stages []struct {
						Name, Status string
						Reason       models.Code
					}
				}
				if err := json.Unmarshal([]byte(line), &doc); err != nil {
					t.Fatal(err)
				}
				if i > 0 {
					if doc.State != models.VideoReady {
						t.Errorf("another video: %+v", doc)
					}
					continue
				}
				want := models.VideoPartial
				if stage == "probe" || stage == "package" {
					want = models.VideoFailed
				}
				if doc.State != want {
					t.Errorf("the video is %s, want %s", doc.State, want)
				}
				for _, s := range doc.Stages {
					if s.Name == stage && (s.Status != "failed" || s.Reason != models.CodePoisonInput) {
						t.Errorf("%s %s %s, want POISON_INPUT", s.Name, s.Status, s.Reason)
					}
				}
			}
			db := l.db(t)
			for _, v := range videos(t, db) {
				if run := v.Run(stage); v.Source == poison && (run.Attempt != 2 || run.Crashes != 2) {
					t.Errorf("%d attempts, %d crashes", run.Attempt, run.Crashes)
				}
			}
			l.wantNothingLoose(t, db)
		})
	}
}
