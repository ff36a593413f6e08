// Package hotfolder looks at folders and buckets in which others put files, and
// has each become a video, once, after it has stopped growing. It only reads what
// lies there, and does nothing about what goes. How bytes are kept and become
// videos is package ingest's.
//
// Where to find what:
//
//	watch      the looks, one after the other
//	look       what is new, and whether it stands still
//	take       a file is taken up, by one process
//	carry      and seen through, by that one or who goes on
//	sidecar    what stands beside a file
//	source     what is looked at: a folder, a bucket
package hotfolder

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// The usual times.
const (
	UsualSettle = 10 * time.Second
	FolderEvery = 5 * time.Second
	BucketEvery = 30 * time.Second
)

const (
	// atOnce is how many files of a watch are taken in at once.
	atOnce = 4

	// share bounds what looking costs: after each look there is a pause of at least
	// so many times as long.
	share = 10

	// maxBackoff is how long to wait, at most, before a file is tried again.
	maxBackoff = time.Hour

	// keepCaptions is how long captions are kept for an upload that may still end:
	// longer than any lasts.
	keepCaptions = 2 * ingest.UsualMaxLifetime
)

// Watch looks at a source again and again. Any number of processes may look at the
// same one: what each has taken up is in the database. Its fields are set before
// Run, which is called once.
type Watch struct {
	Source    Source
	Workspace string // that the videos are in
	Store     store.Store
	Intake    *analyzer.Intake
	Uploads   *ingest.Uploads
	Every     time.Duration // between looks
	Settle    time.Duration // how long a file stands still before it is taken; 0 for the usual time
	// Alone says that no other process works on the same store: what one before has
	// left under way is nobody's then.
	Alone bool
	Log   *slog.Logger

	looks int                   // that were begun
	found map[string]*candidate // files that are not taken up yet, by their names
	said  string                // the last trouble that was told of, empty for none

	slots  chan struct{}
	taking sync.WaitGroup
	waited time.Duration // for a free slot, in this look

	mu   sync.Mutex
	busy map[string]bool // names of the files that are being seen to
}

// lease is how long nobody else goes on with a file whose process shows no sign
// of life.
func (w *Watch) lease() time.Duration { return 6 * w.Every }

// Run looks until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	w.Settle = cmp.Or(w.Settle, UsualSettle)
	w.found, w.busy, w.slots = map[string]*candidate{}, map[string]bool{}, make(chan struct{}, atOnce)
	defer w.taking.Wait()
	for {
		began := time.Now()
		w.waited = 0
		err := w.look(ctx)
		w.tell(ctx, err)
		pause := time.NewTimer(w.pause(time.Since(began)-w.waited, err))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
	}
}

// pause is the time between a look that took a while, most of which who is away
// may have kept us waiting, and the next one.
func (w *Watch) pause(took time.Duration, err error) time.Duration {
	if err != nil {
		return w.Every
	}
	return max(w.Every, share*took)
}

// tell logs what was wrong with a look, unless it was with the one before.
func (w *Watch) tell(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	now := ""
	if err != nil {
		now = err.Error()
	}
	if now != "" && now != w.said {
		w.Log.Warn("not all files that are watched can be seen; it is tried again", "watch", w.Source.Name(), "error", err)
	}
	w.said = now
}

// start sees to a file as soon as there is a free slot, unless that is going on.
func (w *Watch) start(ctx context.Context, name string, do func(ctx context.Context)) {
	w.mu.Lock()
	going := w.busy[name]
	w.busy[name] = true
	w.mu.Unlock()
	if going {
		return
	}
	end := func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.busy, name)
	}
	began := time.Now()
	select {
	case <-ctx.Done():
		end()
		return
	case w.slots <- struct{}{}:
	}
	w.waited += time.Since(began)
	w.taking.Go(func() {
		defer func() { <-w.slots }()
		defer end()
		do(ctx)
	})
}

// backoff is how long to wait after so many attempts in vain.
func (w *Watch) backoff(attempts int) time.Duration {
	return min(w.Every<<min(attempts, 20), maxBackoff)
}

func (w *Watch) library() store.Library { return w.Store.In(w.Workspace) }

// passes tells whether an error may pass by itself, and is not about the file.
func passes(err error) bool {
	switch models.ErrorCode(err) {
	case models.CodeInvalidArgument, models.CodeCaptionsInvalid, models.CodeSourceTooLarge, models.CodeEmptyFile,
		models.CodeContainerNotAllowed, models.CodeAlreadyExists:
		return false
	default:
		return true
	}
}
