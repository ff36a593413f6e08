package fsck_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/fsck"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// busy is a store beside which others work: something happens just before a key
// or prefix is read or listed.
type busy struct {
	blob.Store
	at     string
	once   sync.Once
	happen func()
}

func (b *busy) List(ctx context.Context, prefix, after string, limit int) ([]blob.Info, error) {
	if prefix == b.at {
		b.once.Do(b.happen)
	}
	return b.Store.List(ctx, prefix, after, limit)
}

func (b *busy) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, blob.Info, error) {
	if key == b.at {
		b.once.Do(b.happen)
	}
	return b.Store.Open(ctx, key, offset, length)
}

func TestWhatChangesMeanwhileIsNothingWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at     func(v *models.Video) string
		happen func(l *library, v *models.Video)
	}{
		"a result is replaced and swept": {
			func(v *models.Video) string { return key(v, "package", "") },
			func(l *library, v *models.Video) {
				l.commit(v, "package")
				l.must(l.blobs.DeletePrefix(l.t.Context(), key(v, "package", "")))
			},
		},
		"a file goes with its result": {
			func(v *models.Video) string { return key(v, "package", "b/1") },
			func(l *library, v *models.Video) {
				l.commit(v, "package")
				l.must(l.blobs.DeletePrefix(l.t.Context(), key(v, "package", "")))
			},
		},
		"a result comes": {
			func(*models.Video) string { return "videos/" },
			func(l *library, v *models.Video) { l.commit(v, "package") },
		},
		"a video is purged": {source, func(l *library, v *models.Video) {
			l.must(l.in(v).PurgeVideo(l.t.Context(), v.ID))
			l.must(errors.Join(l.blobs.DeletePrefix(l.t.Context(), "videos/"+v.ID+"/"), l.blobs.Delete(l.t.Context(), v.Blob)))
		}},
		"videos come": {
			func(*models.Video) string { return "videos/" },
			func(l *library, _ *models.Video) {
				for range 4 {
					l.video("other")
				}
			},
		},
		"the inputs come again": {source, func(l *library, v *models.Video) {
			key, again := "sources/again", &models.Sidecar{Name: "again.vtt", Blob: "sources/again2", SHA256: v.Captions.SHA256}
			l.put(key, "source of "+v.ID)
			l.put(again.Blob, "captions of "+v.ID)
			l.must(l.in(v).UpdateVideo(l.t.Context(), v.ID, store.VideoUpdate{Blob: &key, Captions: again}))
			deleteKey(l, v.Blob)
			deleteKey(l, v.Captions.Blob)
		}},
		"a stage gets due": {source, func(l *library, v *models.Video) {
			l.setRun(v, "speech", func(run *models.StageRun) { run.Status, run.Due = models.StagePending, time.Now() })
		}},
		"a run that had nothing runs again": {source, func(l *library, v *models.Video) {
			l.setRun(v, "probe", func(run *models.StageRun) { run.Status = models.StageRunning })
		}},
		"a run that had nothing is committed": {source, func(l *library, v *models.Video) { l.commit(v, "probe") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t, openSQLite(t), nil)
			v := l.video("default")
			switch name { // what would be wrong if it stayed
			case "a stage gets due":
				harms["nothing will run"].do(l, v)
			case "a run that had nothing is committed", "a run that had nothing runs again":
				harms["a stage is done without a result"].do(l, v)
			}
			happened := false
			b := &busy{Store: l.blobs, at: test.at(v), happen: func() { happened = true; test.happen(l, v) }}
			found, _ := l.check(func(cfg *fsck.Config) { cfg.Blobs, cfg.Alone, cfg.Mender = b, false, l })
			l.wants("meanwhile", found, nil)
			if !happened {
				t.Error("nothing happened")
			}
			found, _ = l.check(func(cfg *fsck.Config) { cfg.Alone = false })
			l.wants("afterwards", found, nil)
		})
	}
}
