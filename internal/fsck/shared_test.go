package fsck_test

import (
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/fsck"
	"github.com/cuepoint/cuepoint/models"
)

func TestVideosMayShareASource(t *testing.T) {
	t.Parallel()
	eachBackend(t, func(t *testing.T, l *library) {
		v := l.video("default")
		twin := *v
		twin.ID, twin.Duplicate, twin.Captions, twin.Runs = models.NewID(), true, nil, nil
		l.must(l.in(v).CreateVideo(t.Context(), &twin))
		for _, stage := range stages {
			l.commit(&twin, stage)
		}
		found, _ := l.check(l.repairing)
		l.wants("sound", found, nil)

		flip(l, v.Blob)
		harmed := []fsck.Finding{
			{Kind: fsck.Damaged, Video: v.ID, Key: v.Blob}, {Kind: fsck.Damaged, Video: twin.ID, Key: v.Blob},
		}
		found, _ = l.check(l.repairing)
		l.wants("harmed", found, harmed)

		// What one of them has by itself is mended without the other.
		l.put(v.Blob, "source of "+v.ID)
		deleteKey(l, key(v, "package", "b/1"))
		if _, report := l.check(l.repairing); !report.Sound() || len(l.redone) != 1 {
			t.Errorf("%+v, redone %v", report, l.redone)
		}
		found, _ = l.check(nil)
		l.wants("mended", found, nil)

		for i, one := range []*models.Video{v, &twin} {
			l.video("other") // so that there is one
			l.must(l.in(one).PurgeVideo(t.Context(), one.ID))
			l.must(l.blobs.DeletePrefix(t.Context(), "videos/"+one.ID+"/"))
			var stray []fsck.Finding
			if i == 0 {
				l.must(l.blobs.Delete(t.Context(), v.Captions.Blob))
			} else {
				stray = []fsck.Finding{{Kind: fsck.Unreferenced, Key: v.Blob}}
			}
			found, _ = l.check(l.repairing)
			l.wants("purged", found, stray)
		}
	})
}

func TestWhatIsUploadedIsNoStray(t *testing.T) {
	t.Parallel()
	eachBackend(t, func(t *testing.T, l *library) {
		v := l.video("default")
		at := time.Now()
		for _, state := range []models.UploadState{
			models.UploadReceiving, models.UploadFinishing, models.UploadDone, models.UploadFailed, models.UploadCanceled, models.UploadExpired,
		} {
			u := models.Upload{ID: models.NewID(), Method: models.UploadTus, State: state, Key: "sources/" + models.NewID(), Created: at, Updated: at}
			l.must(l.in(v).CreateUpload(t.Context(), u, 0))
			l.put(u.Key, "bytes")
			var stray []fsck.Finding
			if state.Ended() { // and no video has it
				stray = []fsck.Finding{{Kind: fsck.Unreferenced, Key: u.Key}}
			}
			found, _ := l.check(l.repairing)
			l.wants(string(state), found, stray)
		}
	})
}
