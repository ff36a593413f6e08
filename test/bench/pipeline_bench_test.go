package bench

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/datadir"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob/cache"
	"github.com/cuepoint/cuepoint/store/blob/disk"
)

type spec = analyzer.Spec

// graph has the shape and the classes of our own stages.
var graph = []spec{
	{Name: "probe", Version: 1, Class: analyzer.Light},
	{Name: "package", Version: 1, Class: analyzer.Heavy, Needs: []string{"probe"}},
	{Name: "speech", Version: 1, Class: analyzer.Heavy, Needs: []string{"package"}, Optional: true},
	{Name: "shots", Version: 1, Class: analyzer.CPU, Needs: []string{"package"}, Optional: true},
	{Name: "thumbs", Version: 1, Class: analyzer.CPU, Needs: []string{"shots"}, Optional: true},
	{Name: "chapters", Version: 1, Class: analyzer.Light, Needs: []string{"speech", "shots"}, Optional: true},
	{Name: last, Version: 1, Class: analyzer.Light, Needs: []string{"thumbs", "chapters"}, Optional: true},
}

// last is the stage that ends a video.
const last = "index"

// slots are more than a small machine has for real work, so that what is
// measured is how fast tasks are handed out and not what waits for a slot.
var slots = map[analyzer.Class]int{analyzer.Light: 8, analyzer.CPU: 8, analyzer.Heavy: 8}

// empty is a stage that finds nothing, at once.
type empty struct {
	spec  spec
	clock *clock // nil for none
}

func (e empty) Spec() analyzer.Spec         { return e.spec }
func (e empty) Params(*analyzer.Job) string { return "" }

func (e empty) Run(_ context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	if e.clock != nil {
		e.clock.start(job.Video.ID, e.spec.Name)
	}
	return &analyzer.Result{}, nil
}

// pipeline is a library with a worker on empty stages.
type pipeline struct {
	intake *analyzer.Intake
	worker *analyzer.Worker
	feed   *events.Feed
	source string // a file to take in
}

const workspace = "bench"

// newPipeline makes one whose stages are timed by a clock, unless that is nil.
func newPipeline(b *testing.B, db database, c *clock) (*pipeline, plain) {
	b.Helper()
	store, queue, river := db.open(b)
	if c != nil {
		c.Queue = queue
		queue = c
	}
	var stages []analyzer.Stage
	for _, spec := range graph {
		stages = append(stages, empty{spec, c})
	}
	graph, err := analyzer.NewPipeline(stages...)
	if err != nil {
		b.Fatal(err)
	}
	data := b.TempDir()
	blobs, err := disk.OpenBlobs(filepath.Join(data, "blobs"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = blobs.Close() })
	copies, err := cache.Open(blobs, filepath.Join(data, "cache"), 1<<20)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = copies.Close() })
	files, err := datadir.Open(memory(b))
	if err != nil {
		b.Fatal(err)
	}
	control := &analyzer.Control{Pipeline: graph, Store: store, Queue: queue, Log: quiet()}
	feed := events.New(store, quiet())
	return &pipeline{
		intake: &analyzer.Intake{Control: control, Blobs: blobs, MaxSize: 1 << 20},
		worker: &analyzer.Worker{
			Control: control, Name: "bench", Slots: slots,
			Blobs: blobs, Cache: copies, Scratch: files, Feed: feed, Metrics: obs.New("bench", graph.Names()...),
		},
		feed:   feed,
		source: filepath.Join(data, "source.wav"),
	}, river
}

// memory is a directory that costs next to nothing, where the machine has one:
// making and removing an attempt's own takes some file systems longer than all
// else that is to be measured.
func memory(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cuepoint-bench-")
	if err != nil {
		return b.TempDir()
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// add takes in a file of its own number.
func (p *pipeline) add(b *testing.B, n int) {
	b.Helper()
	wav := []byte("RIFF\x28\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x04\x00\x00\x00")
	wav = binary.LittleEndian.AppendUint32(wav, uint32(n))
	if err := os.WriteFile(p.source, wav, 0o600); err != nil {
		b.Fatal(err)
	}
	if _, err := p.intake.Add(b.Context(), workspace, p.source, analyzer.Options{}); err != nil {
		b.Fatal(err)
	}
}

// start works until stop is called. The subscription has all that happens from
// now on.
func (p *pipeline) start(b *testing.B) (happened *events.Subscription, stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	followed, worked := make(chan struct{}), make(chan error, 1)
	happened, err := p.feed.Subscribe(ctx, events.Now, events.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	go func() { defer close(followed); p.feed.Run(ctx) }()
	go func() { worked <- p.worker.Run(ctx) }()
	return happened, func() {
		cancel()
		<-followed
		if err := <-worked; err != nil {
			b.Fatal(err)
		}
	}
}

// await returns when so many videos have become ready.
func await(b *testing.B, happened *events.Subscription, videos int) {
	b.Helper()
	for videos > 0 {
		event, err := happened.Next(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if event.Type != models.EventVideoState {
			continue
		}
		switch event.State {
		case models.VideoReady:
			videos--
		case models.VideoQueued, models.VideoProcessing:
		default:
			b.Fatalf("video %s is %s: %v", event.VideoID, event.State, event.Error)
		}
	}
}

// BenchmarkStages measures empty stages, beside jobs of plain River of the same
// graph on the same database: at least half as many in a second. In each round
// both have their turn on new databases, and the median of the rounds' ratios
// counts.
func BenchmarkStages(b *testing.B) {
	const rounds, videos = 5, 200
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			var ours, theirs []time.Duration
			for b.Loop() {
				for range rounds {
					p, _ := newPipeline(b, db, nil)
					for n := range videos {
						p.add(b, n)
					}
					start := time.Now()
					happened, stop := p.start(b)
					await(b, happened, videos)
					ours = append(ours, time.Since(start))
					stop()

					_, river := newPipeline(b, db, nil)
					theirs = append(theirs, river(b, videos))
				}
			}
			stages := float64(videos * len(graph))
			b.ReportMetric(stages/median(ours).Seconds(), "stages/s")
			b.ReportMetric(stages/median(theirs).Seconds(), "river-jobs/s")
			b.Logf("%.0f stages/s, plain River %.0f jobs/s", stages/median(ours).Seconds(), stages/median(theirs).Seconds())
			atMost(b, "of-river", ours, theirs, 2)
		})
	}
}
