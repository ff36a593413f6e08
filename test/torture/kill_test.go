package torture

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// seed chooses the moments at which something happens.
func seed(t *testing.T) *rand.Rand {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if given := os.Getenv("CUEPOINT_TORTURE_SEED"); given != "" {
		var err error
		if n, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CUEPOINT_TORTURE_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 0))
}

func TestKilledAtAnyMomentAVideoEndsAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database func(*testing.T) string) {
		clip, model := talk(t)
		chance := seed(t)
		fresh := func() *library {
			l := newLibrary(t, database(t))
			l.env = []string{"CUEPOINT_MODEL=" + model}
			return l
		}

		undisturbed := fresh()
		started := time.Now()
		status, _, stderr := undisturbed.answer(t, "analyze", "--language=en", clip)
		took := time.Since(started)
		if status != 0 {
			t.Fatalf("status %d\n%s", status, stderr)
		}
		db := undisturbed.db(t)
		id := videos(t, db)[0].ID
		want, indexed := outcomeOf(t, db, undisturbed.blobs(t), id), postings(t, db)
		if want.State != models.VideoReady || want.Cues[models.CueSpeech] == 0 || indexed == 0 {
			t.Fatalf("undisturbed: %+v, %d postings", want, indexed)
		}
		undisturbed.wantNothingLoose(t, db)

		moments, hit := of(4, 20), map[string]int{}
		for i := range moments {
			l := fresh()
			// The moments are spread over the whole run; every other time another
			// follows while it is being taken up again.
			kills := 1 + i%2
			for k := range kills {
				at := time.Duration(chance.Int64N(int64(took)))
				if k == 0 {
					at = (time.Duration(i)*took + at) / time.Duration(moments)
				}
				p := l.cuepoint(t, "analyze", "--language=en", clip)
				if !spared(p, at) {
					break
				}
				p.Signal(syscall.SIGKILL)
				<-p.Ended()
				wantNoProcess(t, l.data, 10*time.Second)
				for _, stage := range l.underWay(t) {
					hit[stage]++
				}
			}
			if status, _, stderr := l.answer(t, "analyze", "--language=en", clip); status != 0 {
				t.Fatalf("status %d\n%s", status, stderr)
			}
			db := l.db(t)
			all := videos(t, db)
			if len(all) != 1 {
				t.Fatalf("%d videos", len(all))
			}
			wantSame(t, want, outcomeOf(t, db, l.blobs(t), all[0].ID))
			if n := postings(t, db); n != indexed {
				t.Errorf("%d postings, want %d", n, indexed)
			}
			for _, run := range all[0].Runs {
				if run.Attempt > 1+kills || run.Losses > kills || run.Failures+run.Crashes > 0 {
					t.Errorf("%s: %d attempts, %d lost, %d failed after %d kills", run.Stage, run.Attempt, run.Losses, run.Failures, kills)
				}
			}
			wantOnce(t, db)
			l.wantNothingLoose(t, db)
			wantNoProcess(t, l.data, 10*time.Second)
			if t.Failed() {
				t.Fatalf("after moment %d", i)
			}
		}
		t.Logf("an undisturbed run took %v; %d rounds of kills hit %v", took, moments, hit)
	})
}

// underWay names the stages that a killed process had begun.
func (l *library) underWay(t *testing.T) []string {
	t.Helper()
	running, err := l.db(t).Running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(running) == 0 {
		return []string{"none"}
	}
	var stages []string
	for _, r := range running {
		stages = append(stages, r.Run.Stage)
	}
	return stages
}
