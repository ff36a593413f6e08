package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.WithPostgres(m).Run()) }

func TestALibraryInPostgreSQL(t *testing.T) {
	t.Parallel()
	video, captions := talk(t)
	data, database := t.TempDir(), testenv.Postgres(t)
	doc, analyzed := analyze(t, data, video, "--captions", captions, "--database", database)
	if analyzed.status != 0 || doc.State != "ready" || len(doc.Stages) != 7 || len(doc.Chapters) == 0 {
		t.Fatalf("status %d, %+v\n%s", analyzed.status, doc, analyzed.stderr)
	}
	if left, err := filepath.Glob(filepath.Join(data, "cuepoint.db*")); err != nil || len(left) > 0 {
		t.Errorf("there is a file beside the database: %v, %v", left, err)
	}

	env := []string{"CUEPOINT_DATABASE_URL=" + database}
	var found struct{ Hits []hit }
	searched := cuepointWith(t, env, "search", "--data", data, "--json", "Fractals")
	if err := json.Unmarshal([]byte(searched.stdout), &found); err != nil {
		t.Fatal(err, searched.stderr)
	}
	if !slices.ContainsFunc(found.Hits, func(h hit) bool { return h.Kind == "speech" && h.Start == 3.2 && h.Video == doc.ID }) {
		t.Errorf("search found %+v", found.Hits)
	}
	shown := cuepointWith(t, env, "show", "--data", data, "--json", doc.ID)
	if shown.stdout != analyzed.stdout {
		t.Errorf("show prints something else than analyze:\n%s\n%s", shown.stdout, analyzed.stdout)
	}
	again := cuepointWith(t, env, "analyze", "--data", data, "--json", video)
	if again.stdout != analyzed.stdout {
		t.Errorf("analyzing again changed the result:\n%s\n%s", again.stdout, analyzed.stdout)
	}
	doctor := cuepointWith(t, env, "-v", "doctor")
	if !strings.Contains(doctor.stdout, "ok       postgresql ") {
		t.Errorf("doctor: %s", doctor.stdout)
	}
	gone := cuepointWith(t, env, "delete", "--purge", "--data", data, doc.ID)
	if left, err := filepath.Glob(filepath.Join(data, "*s/*/*")); gone.status != 0 || err != nil || len(left) > 0 {
		t.Errorf("delete: status %d, left %v, %v\n%s", gone.status, left, err, gone.stderr)
	}

	wrong := strings.Replace(database, testenv.PostgresPassword, testenv.PostgresPassword+"-not", 1)
	refused := cuepoint(t, "-v", "list", "--database", wrong, "--data", data, "--json")
	if refused.status != 1 || !strings.Contains(refused.stderr, "INVALID_ARGUMENT: the database refuses the user or password") {
		t.Errorf("a wrong password: status %d\n%s", refused.status, refused.stderr)
	}
	nowhere := cuepoint(t, "-v", "list", "--data", data, "--database", "postgres://cuepoint:"+testenv.PostgresPassword+"@127.0.0.1:1/x")
	if nowhere.status != 1 || !strings.Contains(nowhere.stderr, "DATABASE_UNAVAILABLE") {
		t.Errorf("no server: status %d\n%s", nowhere.status, nowhere.stderr)
	}
	for _, r := range []result{analyzed, searched, shown, again, doctor, gone, refused, nowhere, cuepointWith(t, env, "--help")} {
		if strings.Contains(r.stdout+r.stderr, testenv.PostgresPassword) {
			t.Errorf("the password is printed:\n%s%s", r.stdout, r.stderr)
		}
	}
}
