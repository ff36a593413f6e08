package fsck_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/fsck"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/blob/s3"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// server is the S3 server of all tests; each has a bucket of its own.
var (
	server  *testenv.MinIO
	buckets atomic.Int64
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cuepoint-minio-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	before := goleak.IgnoreCurrent()
	if server, err = testenv.StartMinIO(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := testenv.WithPostgres(m).Run()
	if err := errors.Join(server.Stop(), os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(before); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// library is a database, blobs, and what brings stages to run.
type library struct {
	t     *testing.T
	db    store.Store
	blobs blob.Store
	dir   string // of the blobs, where they are files

	mu     sync.Mutex
	redone []string
}

// eachBackend runs a test over each pair of a database and a store of blobs.
func eachBackend(t *testing.T, test func(t *testing.T, l *library)) {
	for name, open := range map[string]func(t *testing.T) *library{
		"SQLite and a directory":     func(t *testing.T) *library { return newLibrary(t, openSQLite(t), nil) },
		"SQLite and a bucket":        func(t *testing.T) *library { return newLibrary(t, openSQLite(t), openBucket(t)) },
		"PostgreSQL and a directory": func(t *testing.T) *library { return newLibrary(t, openPostgres(t), nil) },
		"PostgreSQL and a bucket":    func(t *testing.T) *library { return newLibrary(t, openPostgres(t), openBucket(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func openSQLite(t *testing.T) store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "cuepoint.db"))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openPostgres(t *testing.T) store.Store {
	t.Helper()
	db, err := postgres.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openBucket(t *testing.T) blob.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), s3.Config{
		Endpoint: server.Endpoint(), Bucket: fmt.Sprintf("bucket-%d", buckets.Add(1)), PathStyle: true, Create: true,
		AccessKey: server.AccessKey, SecretKey: config.NewSecret(server.SecretKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newLibrary is an empty one, of files unless there are blobs.
func newLibrary(t *testing.T, db store.Store, blobs blob.Store) *library {
	t.Helper()
	l := &library{t: t, db: db, blobs: blobs}
	if blobs == nil {
		l.dir = t.TempDir()
		files, err := disk.OpenBlobs(l.dir)
		l.must(err)
		l.blobs = files
	}
	t.Cleanup(func() {
		if err := errors.Join(l.blobs.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return l
}

func (l *library) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) in(v *models.Video) store.Library { return l.db.In(v.Workspace) }

func (l *library) put(key, text string) {
	l.t.Helper()
	_, err := l.blobs.Put(l.t.Context(), key, strings.NewReader(text), -1, blob.PutOptions{})
	l.must(err)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// stages are those of the pipeline; the first has no files.
var stages = []string{"probe", "package", "speech"}

// files are those of a result by their paths.
func files(run string) map[string]string {
	return map[string]string{"a.vtt": "a of " + run, "b/1": "1 of " + run, "b/2": "2 of " + run}
}

// video adds one that is ready, with captions and all stages done.
func (l *library) video(workspace string) *models.Video {
	l.t.Helper()
	id := models.NewID()
	source, captions := "source of "+id, "captions of "+id
	v := &models.Video{
		ID: id, Workspace: workspace, Title: "Film", Source: "/home/me/film.mp4", State: models.VideoReady,
		Blob: "sources/" + id, SHA256: hash(source), Size: int64(len(source)),
		Captions: &models.Sidecar{Name: "film.vtt", Blob: "sources/" + id + "c", SHA256: hash(captions)},
		Created:  time.Now(), Updated: time.Now(),
	}
	l.put(v.Blob, source)
	l.put(v.Captions.Blob, captions)
	l.must(l.in(v).CreateVideo(l.t.Context(), v))
	for _, stage := range stages {
		l.commit(v, stage)
	}
	return l.now(v)
}

// now is the video as the database has it.
func (l *library) now(v *models.Video) *models.Video {
	l.t.Helper()
	now, err := l.in(v).Video(l.t.Context(), v.ID)
	l.must(err)
	return now
}

// publish puts the files of a run, and returns the hash of their list.
func (l *library) publish(v *models.Video, stage, run string) string {
	l.t.Helper()
	dir := l.t.TempDir()
	for name, text := range files(run) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		l.must(errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)))
	}
	sum, err := blob.WriteSums(l.t.Context(), dir)
	l.must(err)
	l.must(blob.PutTree(l.t.Context(), l.blobs, models.RunPrefix(v.ID, stage, run), dir, nil))
	return sum
}

// commit gives a stage a new result, and discards the one before.
func (l *library) commit(v *models.Video, stage string) {
	l.t.Helper()
	ctx, run := l.t.Context(), models.NewID()
	c := store.Commit{VideoID: v.ID, Run: models.StageRun{ID: run, Stage: stage, Status: models.StageDone, Result: models.StageResult{Run: run}}}
	if stage != stages[0] {
		c.Run.Result.Sums = l.publish(v, stage, run)
		c.Artifacts = []models.Artifact{{VideoID: v.ID, Stage: stage, Run: run, Kind: models.ArtifactCaptions, Path: "a.vtt"}}
	}
	l.must(l.db.Tx(ctx, func(tx store.Tx) error {
		before, err := tx.In(v.Workspace).Lock(ctx, v.ID)
		if err != nil {
			return err
		}
		if old := before.Run(stage); old != nil && old.Result.Sums != "" {
			err = tx.In(v.Workspace).Discard(ctx, time.Now().Add(time.Hour), models.RunPrefix(v.ID, stage, old.Result.Run))
		}
		return errors.Join(err, tx.In(v.Workspace).Commit(ctx, c))
	}))
}

// setRun changes what is true of a stage.
func (l *library) setRun(v *models.Video, stage string, change func(run *models.StageRun)) {
	l.t.Helper()
	run := models.StageRun{Stage: stage}
	if is := l.now(v).Run(stage); is != nil {
		run = *is
	}
	change(&run)
	l.must(l.in(v).SetRun(l.t.Context(), v.ID, run))
}

// Redo implements [fsck.Mender]: the stages have run when it returns.
func (l *library) Redo(_ context.Context, workspace, video string, stages []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.redone = append(l.redone, video+" "+strings.Join(stages, " "))
	for _, stage := range stages {
		l.commit(&models.Video{ID: video, Workspace: workspace}, stage)
	}
	return nil
}

// Replan implements [fsck.Mender]: the video is ready when it returns.
func (l *library) Replan(ctx context.Context, workspace, video string) error {
	ready := models.VideoReady
	return l.db.In(workspace).UpdateVideo(ctx, video, store.VideoUpdate{State: &ready})
}

// check checks the library; change, which may be nil, says how.
func (l *library) check(change func(cfg *fsck.Config)) ([]fsck.Finding, fsck.Report) {
	l.t.Helper()
	var found []fsck.Finding
	cfg := fsck.Config{Store: l.db, Blobs: l.blobs, Stages: stages, Alone: true, Found: func(f fsck.Finding) { found = append(found, f) }}
	if change != nil {
		change(&cfg)
	}
	report, err := fsck.Check(l.t.Context(), cfg)
	l.must(err)
	for _, f := range found {
		if f.Message == "" || f.Advice == "" {
			l.t.Errorf("without words: %+v", f)
		}
	}
	return found, report
}

// empty takes all out of the library but one video.
func (l *library) empty(kept *models.Video) {
	l.t.Helper()
	ctx := l.t.Context()
	videos, err := l.db.EachVideo(ctx, "", 1000)
	l.must(err)
	for _, v := range videos {
		if v.ID != kept.ID {
			l.must(l.in(v).PurgeVideo(ctx, v.ID))
		}
	}
	for info, err := range blob.All(ctx, l.blobs, "") {
		l.must(err)
		if !strings.Contains(info.Key, kept.ID) {
			deleteKey(l, info.Key)
		}
	}
}

func quick(cfg *fsck.Config)                  { cfg.Quick = true }
func (l *library) repairing(cfg *fsck.Config) { cfg.Mender = l }
func line(f fsck.Finding) string              { return fmt.Sprintf("%s %s %s %s", f.Kind, f.Video, f.Stage, f.Key) }
func sorted(found []fsck.Finding) (lines []string) {
	for _, f := range found {
		lines = append(lines, line(f))
	}
	slices.Sort(lines)
	return lines
}

// wants compares what was found, in any order.
func (l *library) wants(what string, got, want []fsck.Finding) {
	l.t.Helper()
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		l.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
