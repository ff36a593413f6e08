package analyzertest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

// stopsWithin is how long a stage whose context has ended may take before the
// test gives up on it: far more than people would wait, so that only a stage
// that does not look at its context fails.
const stopsWithin = 20 * time.Second

// StageContract runs a stage and checks what [analyzer.Stage] promises:
//
//   - its spec is valid and always the same, its params too;
//   - it leaves the video, the source and the earlier results alone and writes
//     below its scratch directory only;
//   - the files it names exist, its cues lie inside the video and in order,
//     those that it told before as well;
//   - when its context ends it stops with the context's error;
//   - running it again gives the same result and the same bytes, except for what
//     the stage's test declares by [Varies].
//
// The job says what to run on: Video, Source, Options and Inputs; the rest is
// filled in for every run. The stage must not skip it. It runs about three
// times, so keep the input small.
func StageContract(t *testing.T, stage analyzer.Stage, job analyzer.Job, options ...Option) {
	t.Helper()
	var c contract
	for _, option := range options {
		option(&c)
	}
	t.Run("its spec is valid and stable", func(t *testing.T) { checkSpec(t, stage) })
	t.Run("its params are stable", func(t *testing.T) {
		a, b := newRun(t, job), newRun(t, job)
		if one, two := stage.Params(&a.job), stage.Params(&b.job); one != two {
			t.Errorf("params %q, then %q", one, two)
		}
	})
	t.Run("it finds nothing under a canceled context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := newRun(t, job)
		if err := r.do(ctx, stage); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	})
	t.Run("it stops when its context ends on the way", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := newRun(t, job)
		r.onProgress = cancel
		// A stage past its last step may as well finish.
		if err := r.do(ctx, stage); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	})
	t.Run("its result is sound and always the same", func(t *testing.T) {
		a, b := newRun(t, job), newRun(t, job)
		for _, r := range []*run{a, b} {
			if err := r.do(t.Context(), stage); err != nil {
				t.Fatalf("run: %v", err)
			}
		}
		checkResult(t, a)
		if diff := cmp.Diff(c.same(a.result), c.same(b.result)); diff != "" {
			t.Errorf("the second run differs (-first +second):\n%s", diff)
		}
		if diff := cmp.Diff(c.sums(t, a.job.Scratch), c.sums(t, b.job.Scratch)); diff != "" {
			t.Errorf("the second run's files differ (-first +second):\n%s", diff)
		}
	})
}

// Option loosens [StageContract] for a stage.
type Option func(*contract)

type contract struct {
	files   func(path string) bool
	measure func(*analyzer.Result)
}

// Varies says that the encoder behind a stage does not write the same bytes
// every time: of the files for which it is true only the names are compared, and
// measure takes out of a copy of the result what is measured on their bytes.
func Varies(files func(path string) bool, measure func(*analyzer.Result)) Option {
	return func(c *contract) { c.files, c.measure = files, measure }
}

// Run runs a stage once, in a scratch directory of its own, and returns what
// it computed and where its files are. An error fails the test.
func Run(t *testing.T, stage analyzer.Stage, job analyzer.Job) (result *analyzer.Result, scratch string) {
	t.Helper()
	r := newRun(t, job)
	if err := r.do(t.Context(), stage); err != nil {
		t.Fatalf("run %s: %v", stage.Spec().Name, err)
	}
	return r.result, r.job.Scratch
}

func checkSpec(t *testing.T, stage analyzer.Stage) {
	spec := stage.Spec()
	if diff := cmp.Diff(spec, stage.Spec()); diff != "" {
		t.Errorf("the spec changes:\n%s", diff)
	}
	if err := spec.Validate(); err != nil {
		t.Error(err)
	}
}

// run is one run of a stage with all its surroundings watched.
type run struct {
	t      *testing.T
	job    analyzer.Job
	result *analyzer.Result

	onProgress func()

	mu          sync.Mutex
	provisional []models.Cue
}

func newRun(t *testing.T, job analyzer.Job) *run {
	r := &run{t: t, job: job}
	r.job.Scratch = filepath.Join(t.TempDir(), "scratch")
	if err := os.Mkdir(r.job.Scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	if r.job.Video == nil {
		r.job.Video = &models.Video{}
	}
	if r.job.Inputs == nil {
		r.job.Inputs = &Inputs{}
	}
	r.job.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	r.job.Progress, r.job.Provisional = r.progress, r.found
	return r
}

func (r *run) found(cues ...models.Cue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.provisional = append(r.provisional, cues...)
}

func (r *run) progress(fraction float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !(fraction >= 0 && fraction <= 1) {
		r.t.Errorf("progress %v, want 0 to 1", fraction)
	}
	if r.onProgress != nil {
		r.onProgress()
	}
}

// do runs the stage and checks that it changed nothing but its scratch.
func (r *run) do(ctx context.Context, stage analyzer.Stage) error {
	r.t.Helper()
	before := r.surroundings()
	done := make(chan error, 1)
	go func() {
		var err error
		r.result, err = stage.Run(ctx, &r.job)
		done <- err
	}()
	var err error
	select {
	case err = <-done:
	case <-after(ctx, stopsWithin):
		r.t.Fatalf("still running %v after its context ended", stopsWithin)
	}
	if diff := cmp.Diff(before, r.surroundings()); diff != "" {
		r.t.Errorf("the stage changed something outside its scratch directory:\n%s", diff)
	}
	if err == nil && r.result == nil {
		r.t.Fatal("neither a result nor an error")
	}
	return err
}

// after sends once, some time after ctx has ended.
func after(ctx context.Context, wait time.Duration) <-chan struct{} {
	over := make(chan struct{}, 1)
	context.AfterFunc(ctx, func() {
		time.AfterFunc(wait, func() { over <- struct{}{} })
	})
	return over
}
