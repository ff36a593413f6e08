package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob/cache"
	"github.com/cuepoint/cuepoint/transcribe"
)

// maxCache is how much of the blobs of a bucket a worker keeps on its own disk,
// in bytes.
const maxCache = 50 << 30

// Holder is the one process that works in a data directory. It changes the
// library: those of other data directories may at the same time, where they
// share a database.
type Holder struct {
	*App
	Control *analyzer.Control
	intake  *analyzer.Intake
	feed    *events.Feed
	cache   *cache.Cache
	name    string // of the worker
}

// Hold makes this process the one that works in the data directory, and clears
// away what one that is gone left there. DATA_IN_USE where another is at work.
func (a *App) Hold(ctx context.Context) (_ *Holder, err error) {
	if err := a.Dir.Lock(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Dir.Close()) // others may hold it then, or this process later
		}
	}()
	if a.cfg.Blobs == "" {
		if err := adoptOldLayout(a.cfg.Data); err != nil {
			return nil, err
		}
		if err := a.Blobs.Sweep(ctx, 0, a.db.Growing); err != nil { // nobody else writes here
			return nil, err
		}
	}
	name, err := workerName(a.Dir.Path("worker"))
	if err != nil {
		return nil, err
	}
	queue, err := a.db.openQueue(ctx, a.log)
	if err != nil {
		return nil, err
	}
	copies, err := cache.Open(a.Blobs, a.Dir.Path("cache"), maxCache)
	if err != nil {
		return nil, err
	}
	control := &analyzer.Control{Pipeline: a.Pipeline, Store: a.db, Queue: queue, Log: a.log, KeepDeleted: a.cfg.KeepDeleted}
	return &Holder{
		App: a, Control: control, name: name, cache: copies, feed: events.New(a.db, a.log),
		intake: &analyzer.Intake{Control: control, Blobs: a.Blobs, MaxSize: cmp.Or(a.cfg.MaxSource, ingest.UsualMaxSize), MaxCaptions: transcribe.MaxCaptions},
	}, nil
}

// workerName is the name of the worker of a data directory, which tells what is
// its own in the database after it was killed.
func workerName(file string) (string, error) {
	content, err := os.ReadFile(file)
	if name := strings.TrimSpace(string(content)); err == nil && name != "" {
		return name, nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	name := host + "-" + models.NewID()
	if err := os.WriteFile(file+".new", []byte(name+"\n"), 0o644); err != nil {
		return "", fmt.Errorf("name the worker: %w", err)
	}
	return name, os.Rename(file+".new", filepath.Clean(file))
}

// Close gives up the data directory. What is under way must have ended.
func (h *Holder) Close() error { return h.cache.Close() }
