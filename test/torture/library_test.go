package torture

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/internal/testenv/scripted"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

func TestMain(m *testing.M) {
	if config := os.Getenv(workerConfig); config != "" {
		os.Exit(workEmptily(config))
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil { // they wait for others most of the time
		panic(err)
	}
	os.Exit(testenv.WithPostgres(m).Run())
}

// whole says whether everything is to be done, and not the short form.
var whole = os.Getenv("CUEPOINT_TORTURE") == "full"

// of chooses how much of something is done.
func of(short, full int) int {
	if whole {
		return full
	}
	return short
}

// patience is how long the programs get for anything: a minute, and far more
// than their work takes.
const patience = 3 * time.Minute

// library is a data directory and all that goes with it.
type library struct {
	data     string
	database string   // URL; empty for a file in the data directory
	programs string   // directory of cuepoint and the engines
	env      []string // more than a library of its own needs
}

// newLibrary makes a library in the database at a URL, or in a file where that
// is empty.
func newLibrary(t *testing.T, database string) *library {
	t.Helper()
	return &library{data: t.TempDir(), database: database, programs: filepath.Dir(testenv.Program(t, "cuepoint"))}
}

// onBoth runs a test on each kind of database.
func onBoth(t *testing.T, test func(t *testing.T, database func(*testing.T) string)) {
	t.Helper()
	for name, database := range map[string]func(*testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return testenv.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, database)
		})
	}
}

// cuepoint starts the program in the data directory, whose name all that it
// starts inherits.
func (l *library) cuepoint(t *testing.T, args ...string) *testenv.Process {
	t.Helper()
	env := []string{"CUEPOINT_DATA=" + l.data, "CUEPOINT_DATABASE_URL=" + l.database, "CUEPOINT_MODELS_DIR=", "CUEPOINT_MODELS_URL=http://127.0.0.1:9"}
	return testenv.Start(t, l.data, append(env, l.env...), filepath.Join(l.programs, "cuepoint"), append([]string{"--json"}, args...)...)
}

// answer runs the program to its end.
func (l *library) answer(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := l.cuepoint(t, args...)
	status = p.Wait(t, patience)
	return status, p.Stdout.String(), p.Stderr.String()
}

// submit has a file analyzed by others, and returns its video's id.
func (l *library) submit(t *testing.T, file string) string {
	t.Helper()
	status, stdout, stderr := l.answer(t, "analyze", "--no-wait", file)
	var video struct{ ID string }
	if err := json.Unmarshal([]byte(stdout), &video); err != nil || status != 0 {
		t.Fatalf("status %d, %v\n%s%s", status, err, stdout, stderr)
	}
	return video.ID
}

// worker starts a worker of the library with a data directory of its own, and
// returns when it works.
func (l *library) worker(t *testing.T, data string, args ...string) *testenv.Process {
	t.Helper()
	own := *l
	own.data = data
	p := own.cuepoint(t, append([]string{"serve", "--role=worker", "--admin="}, args...)...)
	p.Await(t, &p.Stdout, "{", patience)
	return p
}

// db opens the library's database.
func (l *library) db(t *testing.T) store.Store {
	t.Helper()
	var db store.Store
	var err error
	if l.database == "" {
		db, err = sqlite.Open(t.Context(), filepath.Join(l.data, "cuepoint.db"))
	} else {
		db, err = postgres.Open(t.Context(), l.database)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// blobs opens the library's files.
func (l *library) blobs(t *testing.T) blob.Store {
	t.Helper()
	files, err := disk.OpenBlobs(filepath.Join(l.data, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	return files
}

// videos lists all videos of a database.
func videos(t *testing.T, db store.Store) []*models.Video {
	t.Helper()
	var all []*models.Video
	for after := ""; ; after = all[len(all)-1].ID {
		page, err := db.EachVideo(t.Context(), after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// video reads one video.
func video(t *testing.T, db store.Store, id string) *models.Video {
	t.Helper()
	v, err := db.In(models.DefaultWorkspace).Video(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// happened lists all that happened.
func happened(t *testing.T, db store.Store) []models.Event {
	t.Helper()
	var all []models.Event
	for after := int64(0); ; after = all[len(all)-1].Cursor {
		page, err := db.Events(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, within time.Duration, is func() bool) {
	t.Helper()
	tick, late := time.NewTicker(20*time.Millisecond), time.NewTimer(within)
	defer tick.Stop()
	defer late.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("not in %v: %s", within, what)
		}
	}
}

// spared lets a process run for some time, and says whether it did.
func spared(p *testenv.Process, for_ time.Duration) bool {
	timer := time.NewTimer(for_)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.Ended():
		return false
	}
}

// mine finds the processes that were started for a data directory, by what they
// inherited, were told, or stand in.
func mine(t *testing.T, data string) map[int]string {
	t.Helper()
	found := map[int]string{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		dir := filepath.Join("/proc", entry.Name())
		environ, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || len(environ) == 0 {
			continue // no process, or one that has ended
		}
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(dir, "cwd"))
		if slices.Contains(strings.Split(string(environ), "\x00"), "CUEPOINT_DATA="+data) ||
			strings.Contains(string(line), data) || strings.HasPrefix(cwd, data) {
			var pid int
			if err := json.Unmarshal([]byte(entry.Name()), &pid); err == nil {
				found[pid] = strings.ReplaceAll(string(line), "\x00", " ")
			}
		}
	}
	return found
}

// wantNoProcess fails where something goes on for a data directory.
func wantNoProcess(t *testing.T, data string, within time.Duration) {
	t.Helper()
	var left map[int]string
	defer func() {
		if t.Failed() && len(left) > 0 {
			t.Logf("still running: %v", left)
		}
	}()
	eventually(t, "no process goes on", within, func() bool {
		left = mine(t, data)
		return len(left) == 0
	})
}

// wantNothingLoose fails where something half-written lies about, or files that
// nobody refers to and nobody will remove.
func (l *library) wantNothingLoose(t *testing.T, db store.Store) {
	t.Helper()
	for _, pattern := range []string{"scratch/*", "blobs/.unfinished/*", "*.new"} {
		if left, err := filepath.Glob(filepath.Join(l.data, pattern)); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	wantNoLooseBlob(t, db, l.blobs(t))
	if status, stdout, stderr := l.answer(t, "fsck"); status != 0 {
		t.Errorf("fsck: status %d\n%s%s", status, stdout, stderr)
	}
}

func wantNoLooseBlob(t *testing.T, db store.Store, files blob.Store) {
	t.Helper()
	garbage, err := db.Garbage(t.Context(), time.Now().AddDate(1, 0, 0), 100_000)
	if err != nil {
		t.Fatal(err)
	}
	known := garbage
	for _, v := range videos(t, db) {
		known = append(known, v.Blob)
		if v.Captions != nil {
			known = append(known, v.Captions.Blob)
		}
		for _, run := range v.Runs {
			if run.Result.Sums != "" {
				known = append(known, models.RunPrefix(v.ID, run.Stage, run.Result.Run))
			}
		}
	}
	for info, err := range blob.All(t.Context(), files, "") {
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(known, func(prefix string) bool { return strings.HasPrefix(info.Key, prefix) }) {
			t.Errorf("nobody refers to %s, and nobody will remove it", info.Key)
		}
	}
}

// talk is a clip of four seconds with a cut, and a model that hears words in it.
func talk(t *testing.T) (clip, model string) {
	t.Helper()
	clip = testenv.Clip(t, "short-talk.mp4",
		"-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=25",
		"-f", "lavfi", "-i", "sine=f=330:r=48000:d=4",
		"-filter_complex", "[1:v]trim=duration=2,setpts=PTS-STARTPTS[b];[0:v][b]concat=n=2:v=1:a=0,format=yuv420p[v]",
		"-map", "[v]", "-map", "2:a", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
	return clip, scripted.Model(t, scripted.Script{Lines: []scripted.Line{
		scripted.Say(0, 2*time.Second, "bees make honey"), scripted.Say(2*time.Second, 4*time.Second, "all day long"),
	}})
}

// count asks a database for a number.
func count(t *testing.T, db store.Store, query string) int {
	t.Helper()
	n, err := tryCount(t, db, query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tryCount asks a database that may be away.
func tryCount(t *testing.T, db store.Store, query string) (n int, err error) {
	switch db := db.(type) {
	case *sqlite.Store:
		err = db.Writer().QueryRowContext(t.Context(), query).Scan(&n)
	case *postgres.Store:
		err = db.Pool().QueryRow(t.Context(), query).Scan(&n)
	}
	return n, err
}
