package torture

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/datadir"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob/cache"
	"github.com/cuepoint/cuepoint/store/blob/disk"
	"github.com/cuepoint/cuepoint/store/postgres"
)

// workerConfig is the environment variable that makes of this test binary a
// worker, as JSON of an emptyLibrary.
const workerConfig = "CUEPOINT_TORTURE_WORKER"

// emptyLibrary is a library whose stages find nothing, and the directory of one
// of its workers.
type emptyLibrary struct{ Database, Blobs, Data string }

// emptyStage finds nothing.
type emptyStage struct{ spec analyzer.Spec }

func (s emptyStage) Spec() analyzer.Spec       { return s.spec }
func (emptyStage) Params(*analyzer.Job) string { return "" }
func (emptyStage) Run(ctx context.Context, _ *analyzer.Job) (*analyzer.Result, error) {
	return &analyzer.Result{}, ctx.Err()
}

// open opens the library.
func (l emptyLibrary) open(ctx context.Context) (*analyzer.Control, *disk.Blobs, error) {
	db, err := postgres.Open(ctx, l.Database)
	if err != nil {
		return nil, nil, err
	}
	queue, err := riverq.OpenPostgres(ctx, db.Pool(), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	pipeline, err := analyzer.NewPipeline(
		emptyStage{analyzer.Spec{Name: "first", Version: 1, Class: analyzer.Heavy}},
		emptyStage{analyzer.Spec{Name: "second", Version: 1, Class: analyzer.CPU, Needs: []string{"first"}, Optional: true}},
		emptyStage{analyzer.Spec{Name: "third", Version: 1, Class: analyzer.Light, Needs: []string{"first", "second"}, Optional: true}},
	)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	blobs, err := disk.OpenBlobs(l.Blobs)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return &analyzer.Control{Pipeline: pipeline, Store: db, Queue: queue, Log: log}, blobs, nil
}

// workEmptily is a worker process. It returns the exit status.
func workEmptily(config string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var l emptyLibrary
	err := json.Unmarshal([]byte(config), &l)
	if err == nil {
		err = l.work(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (l emptyLibrary) work(ctx context.Context) error {
	control, blobs, err := l.open(ctx)
	if err != nil {
		return err
	}
	dir, err := datadir.Open(l.Data)
	if err != nil {
		return err
	}
	if err := dir.Lock(); err != nil {
		return err
	}
	copies, err := cache.Open(blobs, dir.Path("cache"), 1<<20)
	if err != nil {
		return err
	}
	feed := events.New(control.Store, control.Log)
	following, end := context.WithCancel(context.WithoutCancel(ctx))
	var follower sync.WaitGroup
	follower.Go(func() { feed.Run(following) })
	defer follower.Wait()
	defer end()
	worker := &analyzer.Worker{
		Control: control, Name: filepath.Base(l.Data), Slots: map[analyzer.Class]int{analyzer.Light: 4, analyzer.CPU: 4, analyzer.Heavy: 4},
		Blobs: blobs, Cache: copies, Scratch: dir, Feed: feed, Metrics: obs.New("test", control.Pipeline.Names()...),
	}
	fmt.Println("{}") // it is ready
	return worker.Run(ctx)
}

// start starts a worker of the library as a process of its own.
func (l emptyLibrary) start(t *testing.T) *testenv.Process {
	t.Helper()
	config, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := testenv.Start(t, l.Data, []string{workerConfig + "=" + string(config)}, self)
	p.Await(t, &p.Stdout, "{", patience)
	return p
}

func TestManyEmptyStagesOutliveTheirWorkers(t *testing.T) {
	t.Parallel()
	chance, n := seed(t), of(300, 10_000)
	l := emptyLibrary{Database: testenv.Postgres(t), Blobs: t.TempDir()}
	control, blobs, err := l.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = control.Store.Close(), blobs.Close() })
	k := &killer{every: time.Duration(of(2, 5)) * time.Second, most: n}
	dirs := []string{t.TempDir() + "/one", t.TempDir() + "/two"}
	k.start = func(i int) *testenv.Process {
		own := l
		own.Data = dirs[i]
		return own.start(t)
	}
	for i, dir := range dirs {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		k.workers = append(k.workers, k.start(i))
	}
	began := time.Now()
	added := make(chan error, 1)
	go func() {
		added <- addEmpty(t, &analyzer.Intake{Control: control, Blobs: blobs, MaxSize: 1 << 10, MaxCaptions: 1}, n)
	}()
	db, all := control.Store, 0
	k.until(t, chance, "all stages are done", time.Duration(n)*100*time.Millisecond+patience, func() bool {
		select {
		case err := <-added:
			if err != nil {
				t.Fatal(err)
			}
			all = n
		default:
		}
		return all > 0 && count(t, db, "SELECT count(*) FROM videos WHERE state = 'ready'") == all
	})
	for _, worker := range k.workers {
		wantEnd(t, worker)
	}
	t.Logf("%d videos with three empty stages each took %v", n, time.Since(began))
	wantAllDone(t, db, n, k.kills)
	waiting, err := control.Queue.Waiting(t.Context())
	if err != nil || len(waiting) > 0 {
		t.Errorf("left in the queue: %v, %v", waiting, err)
	}
	wantNoLooseBlob(t, db, blobs)
}

// adders is how many add videos at once.
const adders = 8

// addEmpty adds n videos, which are sounds without a sample.
func addEmpty(t *testing.T, intake *analyzer.Intake, n int) error {
	dir, failed := t.TempDir(), make([]error, adders)
	var adding sync.WaitGroup
	for adder := range adders {
		adding.Go(func() {
			path := filepath.Join(dir, fmt.Sprint(adder)+".wav")
			for i := adder; i < n && failed[adder] == nil; i += adders {
				header := "RIFF\x2c\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x08\x00\x00\x00"
				failed[adder] = os.WriteFile(path, binary.BigEndian.AppendUint64([]byte(header), uint64(i)), 0o600)
				if failed[adder] == nil {
					_, failed[adder] = intake.Add(t.Context(), models.DefaultWorkspace, path, analyzer.Options{})
				}
			}
		})
	}
	adding.Wait()
	return errors.Join(failed...)
}
