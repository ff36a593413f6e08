package torture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

// held is an engine that begins to look for shots when it is let go.
const held = engineScript + `case $request in *'"shots"'*)
	if mkdir "$dir/held" 2>/dev/null; then
		until [ -e "$dir/go" ]; do sleep 0.1; done
	fi;;
esac
again
`

func TestAFrozenWorkerWakesUpToNothing(t *testing.T) {
	t.Parallel()
	for name, freeze := range map[string]func(t *testing.T, w *frozen, signal syscall.Signal){
		// Its engine finishes only when it goes on itself.
		"with all that it started": func(t *testing.T, w *frozen, signal syscall.Signal) {
			for pid := range mine(t, w.data) {
				_ = syscall.Kill(pid, signal)
			}
		},
		// Its engine's answer waits for it: the first it does is to publish that.
		"alone": func(_ *testing.T, w *frozen, signal syscall.Signal) { w.Signal(signal) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t, testenv.Postgres(t))
			clip, model := talk(t)
			l.env = []string{"CUEPOINT_MODEL=" + model, "CUEPOINT_BLOBS_URL=file://" + filepath.Join(l.data, "blobs")}
			engine := l.wrap(t, "cuepoint-vision", held)
			id := l.submit(t, clip)
			workers := map[string]*frozen{}
			for range 2 {
				w := &frozen{data: t.TempDir(), admin: freeAddress(t)}
				w.Process = l.worker(t, w.data, "--admin="+w.admin)
				name, err := os.ReadFile(filepath.Join(w.data, "worker"))
				if err != nil {
					t.Fatal(err)
				}
				workers[strings.TrimSpace(string(name))] = w
			}
			db := l.db(t)
			eventually(t, "an engine is held", patience, func() bool { return exists(engine, "held") })
			first := video(t, db, id).Run("shots")
			late := workers[first.Worker]
			if late == nil {
				t.Fatalf("nobody knows %q", first.Worker)
			}

			freeze(t, late, syscall.SIGSTOP)
			if err := os.WriteFile(filepath.Join(engine, "go"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			awaitEnd(t, db)
			v := video(t, db, id)
			second := v.Run("shots")
			if v.State != models.VideoReady || second.Losses != 1 || second.Result.Run == first.ID || second.Fence <= first.Fence {
				t.Errorf("the video is %s (%v), and shots %+v", v.State, v.Error, second)
			}
			want, told := outcomeOf(t, db, l.blobs(t), id), happened(t, db)

			freeze(t, late, syscall.SIGCONT)
			eventually(t, "the late worker gives up", patience, func() bool { return late.running(t) == 0 })
			wantSame(t, want, outcomeOf(t, db, l.blobs(t), id))
			if diff := cmp.Diff(v, video(t, db, id)); diff != "" {
				t.Errorf("the late worker changed the video (-before +after):\n%s", diff)
			}
			if after := happened(t, db); len(after) != len(told) {
				t.Errorf("it was told of %+v", after[len(told):])
			}
			wantOnce(t, db)

			// It is as good as any other from then on.
			for _, w := range workers {
				if w != late {
					wantEnd(t, w.Process)
				}
			}
			again := l.submit(t, seconds(t, 1)[0])
			awaitEnd(t, db)
			if v := video(t, db, again); v.State != models.VideoReady {
				t.Errorf("the next video is %s: %v", v.State, v.Error)
			}
			wantEnd(t, late.Process)
			l.wantNothingLoose(t, db)
			wantNoProcess(t, late.data, patience)
		})
	}
}

// frozen is a worker that may be.
type frozen struct {
	*testenv.Process
	data, admin string
}

// running asks a worker how many attempts at shots it has under way.
func (w *frozen) running(t *testing.T) (n int) {
	t.Helper()
	_, metrics := get(t, "http://"+w.admin+"/metrics")
	_, line, _ := strings.Cut(metrics, `cuepoint_stage_running{stage="shots"} `)
	if _, err := fmt.Sscan(line, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
