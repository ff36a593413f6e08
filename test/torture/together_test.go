package torture

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

func TestFiftyAtOnceMakeOneVideoWithOnePipeline(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database func(*testing.T) string) {
		l := newLibrary(t, database(t))
		clip, model := talk(t)
		l.env = []string{"CUEPOINT_MODEL=" + model} // who finds a stage skipped has it tried again
		all := make([]*testenv.Process, 50)
		for i := range all {
			all[i] = l.cuepoint(t, "analyze", "--language=en", clip)
		}
		ids := map[string]int{}
		for _, p := range all {
			if status := p.Wait(t, patience); status != 0 {
				t.Errorf("status %d\n%s", status, p.Stderr.String())
				continue
			}
			var doc struct{ ID, State string }
			if err := json.Unmarshal([]byte(p.Stdout.String()), &doc); err != nil || doc.State != "ready" {
				t.Errorf("%v: %+v", err, doc)
			}
			ids[doc.ID]++
		}
		if len(ids) != 1 {
			t.Errorf("videos: %v, want one", ids)
		}
		db := l.db(t)
		created := slices.DeleteFunc(happened(t, db), func(e models.Event) bool { return e.Type != models.EventVideoCreated })
		if len(created) != 1 || len(videos(t, db)) != 1 {
			t.Errorf("created %+v", created)
		}
		for _, run := range videos(t, db)[0].Runs {
			// Whoever holds the library may end while another's stage is under way,
			// which is handed back: that is no attempt.
			if run.Attempt != 1 || run.Failures+run.Crashes+run.Losses > 0 {
				t.Errorf("%s: %d attempts, %d failed, %d lost", run.Stage, run.Attempt, run.Failures, run.Losses)
			}
		}
		wantOnce(t, db)
		l.wantNothingLoose(t, db)
	})
}
