package analyzer_test

import (
	"context"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// failing is a store whose transactions fail while there is an error to fail with.
type failing struct {
	store.Store
	err atomic.Pointer[models.Error]
}

func (s *failing) Tx(ctx context.Context, f func(store.Tx) error) error {
	if err := s.err.Load(); err != nil {
		return err
	}
	return s.Store.Tx(ctx, f)
}

func TestAWorkerTellsWhenTheDatabaseTakesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   *models.Error
		stuck bool
	}{
		"its disk is full": {models.StorageFull(syscall.ENOSPC), true},
		"it is away":       {models.Errorf(models.CodeDatabaseUnavailable, "the database cannot be reached"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			db := &failing{Store: b.db}
			b.control.Store = db
			b.packaging.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
				db.err.Store(test.err)
				return &analyzer.Result{}, nil
			}
			id := b.add(t, analyzer.Options{})
			w := b.worker(t, "w")
			told := make(chan error, 100)
			w.Stuck = func(err error) { told <- err }
			start(t, w)
			if !test.stuck { // it goes on as soon as it can
				for db.err.Load() == nil {
					<-time.After(time.Millisecond)
				}
				db.err.Store(nil)
				b.packaging.becomes("", nil)
				if v := b.wait(t, id); v.State != models.VideoReady || len(told) > 0 {
					t.Errorf("%s %v, told %d times", v.State, v.Error, len(told))
				}
				return
			}
			select {
			case err := <-told:
				if models.ErrorCode(err) != test.err.Code {
					t.Errorf("told %v, want %s", err, test.err.Code)
				}
			case <-time.After(time.Minute):
				t.Error("it tells nobody")
			}
			db.err.Store(nil)
		})
	}
}

func TestAnIdleWorkerTellsTooWhenTheDatabaseTakesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	db := &failing{Store: b.db}
	b.control.Store = db
	db.err.Store(models.StorageFull(syscall.ENOSPC))
	w := b.worker(t, "w")
	told := make(chan error, 1)
	w.Stuck = func(err error) {
		select {
		case told <- err:
		default: // once is enough
		}
	}
	start(t, w)
	select {
	case err := <-told:
		if models.ErrorCode(err) != models.CodeStorageFull {
			t.Errorf("told %v, want STORAGE_FULL", err)
		}
	case <-time.After(time.Minute):
		t.Error("it tells nobody")
	}
}
