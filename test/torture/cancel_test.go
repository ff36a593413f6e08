package torture

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

// stubborn hangs the first time, with a child, and neither hears what it is
// told: it has to be killed.
const stubborn = `if mkdir "$dir/hangs" 2>/dev/null; then
trap '' TERM
sleep 600 &
sleep 600
fi
`

// cancelWithin is what is promised of a cancellation.
const cancelWithin = 5 * time.Second

func TestCancelStopsARunningVideo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database func(*testing.T) string) {
		for stage, hang := range map[string]func(l *library) (dir string){
			"package": func(l *library) string {
				return l.wrap(t, "ffmpeg", `case "$*" in *libx264*) `+stubborn+`;; esac
exec "$real" "$@"
`)
			},
			"speech": func(l *library) string { return l.wrap(t, "cuepoint-speech", engineScript+stubborn+"again\n") },
			"shots":  func(l *library) string { return l.wrap(t, "cuepoint-vision", engineScript+stubborn+"again\n") },
		} {
			t.Run(stage, func(t *testing.T) {
				t.Parallel()
				clip, model := talk(t)
				l := newLibrary(t, database(t))
				l.env = []string{"CUEPOINT_MODEL=" + model}
				hangs := hang(l)
				server, worker := l.serve(t)
				id := l.submit(t, clip)
				db := l.db(t)
				eventually(t, stage+" runs", patience, func() bool {
					run := video(t, db, id).Run(stage)
					return run.Status == models.StageRunning && exists(hangs, "hangs") && len(mine(t, worker.data)) > 1
				})
				run := video(t, db, id).Run(stage)

				asked := time.Now()
				status, stdout, stderr := l.answer(t, "cancel", id)
				if status != 0 || !strings.Contains(stdout, `"state":"canceled"`) {
					t.Errorf("status %d\n%s%s", status, stdout, stderr)
				}
				eventually(t, "all it started is gone", cancelWithin-time.Since(asked), func() bool { return len(mine(t, worker.data)) == 1 })
				t.Logf("%s stopped after %v", stage, time.Since(asked))
				if v := video(t, db, id); v.State != models.VideoCanceled || v.Run(stage).Status != models.StageCanceled {
					t.Errorf("the video is %s, %s %s", v.State, stage, v.Run(stage).Status)
				}
				for range 2 { // twice is once too often, every time
					if status, _, stderr := l.answer(t, "cancel", id); status != 1 || !strings.Contains(stderr, string(models.CodeNotRunning)) {
						t.Errorf("canceled again: status %d\n%s", status, stderr)
					}
				}
				l.wantUnreachable(t, server.address, *run, id)

				status, _, stderr = l.answer(t, "analyze", "--language=en", clip)
				if v := video(t, db, id); status != 0 || v.State != models.VideoReady {
					t.Errorf("analyzed again: status %d, %s %v\n%s", status, v.State, v.Error, stderr)
				}
				if status, _, stderr := l.answer(t, "cancel", id); status != 1 || !strings.Contains(stderr, string(models.CodeNotRunning)) {
					t.Errorf("canceled after the end: status %d\n%s", status, stderr)
				}
				wantEnd(t, server.Process)
				wantEnd(t, worker.Process)
				l.wantNothingLoose(t, db)
				wantNoProcess(t, l.data, patience)
				wantNoProcess(t, worker.data, patience)
			})
		}
	})
}

// server is a running `cuepoint serve`.
type server struct {
	*testenv.Process
	data, address string
}

// serve starts what serves the library and what works on it: one process where
// the database is a file, else two that share only the database and the files.
func (l *library) serve(t *testing.T) (api, worker server) {
	t.Helper()
	role := "all"
	if l.database != "" {
		role = "api"
		l.env = append(l.env, "CUEPOINT_BLOBS_URL=file://"+filepath.Join(l.data, "blobs"))
	}
	api = server{Process: l.cuepoint(t, "serve", "--role="+role, "--auth=none", "--listen=127.0.0.1:0", "--admin=", "--heavy=1", "--cpu=2"), data: l.data}
	var said struct{ Address string }
	if err := json.Unmarshal([]byte(api.Await(t, &api.Stdout, "{", patience)), &said); err != nil {
		t.Fatal(err)
	}
	api.address = said.Address
	if role == "all" {
		return api, api
	}
	worker.data = t.TempDir()
	worker.Process = l.worker(t, worker.data, "--heavy=1", "--cpu=2")
	return api, worker
}

// wantUnreachable looks for what a run that was stopped may have left to be read.
func (l *library) wantUnreachable(t *testing.T, address string, run models.StageRun, id string) {
	t.Helper()
	_, stdout, _ := l.answer(t, "show", id)
	if run.ID == "" || strings.Contains(stdout, run.ID) {
		t.Errorf("the run %q is shown", run.ID)
	}
	for _, file := range []string{"master.m3u8", "180p/index.m3u8", "scores.csv", "captions.en.vtt"} {
		if status, body := get(t, address+"/play/"+id+"/"+run.Stage+"@"+run.ID+"/"+file); status != http.StatusNotFound {
			t.Errorf("%s: %d %.100s", file, status, body)
		}
	}
}

// wantEnd asks a server to end, which it does cleanly.
func wantEnd(t *testing.T, p *testenv.Process) {
	t.Helper()
	p.Signal(syscall.SIGTERM)
	if status := p.Wait(t, patience); status != 0 {
		t.Errorf("status %d\n%s", status, p.Stderr.String())
	}
}
