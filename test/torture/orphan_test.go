package torture

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// endless is a script that becomes a program which does not end by itself.
const endless = "touch \"$dir/hangs\"\nexec sleep 600\n"

func TestNothingOutlivesAProcessThatIsKilled(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]func(t *testing.T, l *library) (dir string){
		"FFmpeg": func(t *testing.T, l *library) string {
			return l.wrap(t, "ffmpeg", "case \"$*\" in *libx264*) "+endless+";; esac\nexec \"$real\" \"$@\"\n")
		},
		"an engine": func(t *testing.T, l *library) string { return l.wrap(t, "cuepoint-vision", endless) },
		"an engine's FFmpeg": func(t *testing.T, l *library) string {
			l.wrap(t, "ffmpeg", "exec \"$real\" \"$@\"\n") // which cuepoint itself prefers
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), fmt.Appendf(nil, "#!/bin/sh\ndir=%s\n%s", dir, endless), 0o700); err != nil {
				t.Fatal(err)
			}
			l.env = append(l.env, "PATH="+dir+":"+os.Getenv("PATH"))
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clip, model := talk(t)
			l := newLibrary(t, "")
			l.env = []string{"CUEPOINT_MODEL=" + model}
			hangs := hang(t, l)
			t.Cleanup(func() {
				for pid := range mine(t, l.data) {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			})
			analyze := l.cuepoint(t, "analyze", clip)
			eventually(t, "it hangs", patience, func() bool { return exists(hangs, "hangs") && len(mine(t, l.data)) > 1 })
			analyze.Signal(syscall.SIGKILL)
			<-analyze.Ended()
			wantNoProcess(t, l.data, 10*time.Second)
		})
	}
}
