package torture

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// killer kills one of some workers after another, and starts each again.
type killer struct {
	every   time.Duration
	most    int // how often: on a slow machine no stage would ever end
	workers []*testenv.Process
	start   func(i int) *testenv.Process

	kills int
}

// until kills until something is so.
func (k *killer) until(t *testing.T, chance *rand.Rand, what string, within time.Duration, is func() bool) {
	t.Helper()
	next := time.NewTicker(k.every)
	defer next.Stop()
	eventually(t, what, within, func() bool {
		select {
		case <-next.C:
			if k.kills == k.most {
				break
			}
			i := chance.IntN(len(k.workers))
			k.workers[i].Kill()
			k.workers[i] = k.start(i)
			k.kills++
		default:
		}
		return is()
	})
	t.Logf("%d workers were killed", k.kills)
}

func TestManyVideosOutliveTheirWorkers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database func(*testing.T) string) {
		chance, n := seed(t), of(8, 200)
		_, model := talk(t)
		l := newLibrary(t, database(t))
		l.env = []string{"CUEPOINT_MODEL=" + model, "CUEPOINT_BLOBS_URL=file://" + filepath.Join(l.data, "blobs")}
		if status, _, stderr := l.answer(t, append([]string{"analyze", "--no-wait", "--language=en"}, seconds(t, n)...)...); status != 0 {
			t.Fatalf("status %d\n%s", status, stderr)
		}
		k := &killer{every: time.Duration(of(3, 5)) * time.Second, most: of(3, n)}
		dirs := []string{l.data}
		if l.database != "" {
			dirs = []string{t.TempDir(), t.TempDir()}
		}
		k.start = func(i int) *testenv.Process { return l.worker(t, dirs[i]) }
		for i := range dirs {
			k.workers = append(k.workers, k.start(i))
		}
		db := l.db(t)
		began := time.Now()
		k.until(t, chance, "all videos are done", time.Duration(n)*10*time.Second+patience, func() bool {
			return count(t, db, unfinished) == 0
		})
		for _, worker := range k.workers {
			wantEnd(t, worker)
		}
		t.Logf("%d videos took %v", n, time.Since(began))
		wantAllDone(t, db, n, k.kills)
		l.wantNothingLoose(t, db)
		for _, dir := range dirs {
			wantNoProcess(t, dir, patience)
		}
	})
}

// unfinished counts the videos that somebody is to work on.
const unfinished = "SELECT count(*) FROM videos WHERE state IN ('queued', 'processing')"

// wantAllDone holds n videos to having been done once, with no more attempts
// than kills explain.
func wantAllDone(t *testing.T, db store.Store, n, kills int) {
	t.Helper()
	all := videos(t, db)
	if len(all) != n {
		t.Errorf("%d videos, want %d", len(all), n)
	}
	most := 0
	for _, v := range all {
		if v.State != models.VideoReady {
			t.Errorf("%s is %s: %v", v.ID, v.State, v.Error)
		}
		for _, run := range v.Runs {
			most = max(most, run.Attempt)
			if run.Status != models.StageDone || run.Attempt != 1+run.Losses || run.Losses > kills || run.Failures+run.Crashes > 0 {
				t.Errorf("%s of %s is %s: %d attempts, %d lost, %d failed after %d kills", run.Stage, v.ID, run.Status, run.Attempt, run.Losses, run.Failures, kills)
			}
		}
	}
	t.Logf("at most %d attempts", most)
	wantOnce(t, db)
}
