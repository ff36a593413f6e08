package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestPlayersReadWhatWasPublished(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	library := db.In(models.DefaultWorkspace)
	now := time.Now()
	for _, id := range []string{"here", "gone"} {
		video := &models.Video{ID: id, SHA256: id, State: models.VideoReady, Created: now, Updated: now}
		if err := library.CreateVideo(t.Context(), video); err != nil {
			t.Fatal(err)
		}
		if err := library.SetRun(t.Context(), id,
			models.StageRun{ID: "r2", Stage: "package", Status: models.StageDone, Result: models.StageResult{Run: "r2"}},
			models.StageRun{ID: "r2", Stage: "speech", Status: models.StageRunning, Result: models.StageResult{Run: "r1"}},
		); err != nil {
			t.Fatal(err)
		}
	}
	if err := library.DeleteVideo(t.Context(), "gone", time.Time{}); err != nil {
		t.Fatal(err)
	}
	const mine, other = models.DefaultWorkspace, "other"
	tests := []struct{ name, workspace, video, stage, run, want string }{
		{"in another workspace", other, "here", "package", "r2", ""},
		{"for nobody", "", "here", "package", "r2", ""},
		{"what is published", mine, "here", "package", "r2", "videos/here/package@r2/"},
		{"what was replaced", mine, "here", "package", "r1", "videos/here/package@r1/"},
		{"what a run that goes on will replace", mine, "here", "speech", "r1", "videos/here/speech@r1/"},
		{"what is not published yet", mine, "here", "speech", "r2", ""},
		{"a stage that there is not", mine, "here", "voodoo", "r2", ""},
		{"a deleted video", mine, "gone", "package", "r2", ""},
		{"a video that nobody knows", mine, "never", "package", "r2", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := access.With(t.Context(), access.Caller{Workspace: tt.workspace})
			got, err := catalogue{db}.Prefix(ctx, tt.video, tt.stage, tt.run)
			if got != tt.want || (tt.want == "") != (code(err) == models.CodeNotFound) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
