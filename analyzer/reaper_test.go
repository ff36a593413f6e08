package analyzer

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestAReaperThatStoodStillItselfBeginsAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := newWorld(t, db, "tests", dir)
	worker := w.workers[0]
	worker.times = usual
	v, err := w.intake.Add(t.Context(), w.workspace, w.sources[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := newAttempt(worker, w.queue.waiting[0].Task, w.stages[0]).claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	holders, err := worker.holders(t.Context())
	if err != nil || len(holders) != 1 {
		t.Fatalf("%v, %v", holders, err)
	}
	for _, test := range []struct {
		name   string
		looked time.Duration // ago
		want   models.StageStatus
	}{
		{"it stood still, and the attempt with it", time.Minute, models.StageRunning},
		{"the attempt alone stood still", 5 * time.Second, models.StagePending},
	} {
		r := &reaper{Worker: worker, seen: map[holder]sight{holders[0]: {since: time.Now().Add(-time.Minute)}}, looked: time.Now().Add(-test.looked)}
		if err := r.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		now, err := w.db.In(w.workspace).Video(t.Context(), v.ID)
		if err != nil || now.Run("probe").Status != test.want {
			t.Errorf("%s: %+v, %v, want %s", test.name, now.Run("probe"), err, test.want)
		}
	}
}
