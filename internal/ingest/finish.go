package ingest

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// finishWithin bounds one attempt to finish an upload: large files that came to a
// bucket are read as a whole.
const finishWithin = 2 * time.Hour

// finish makes a video of an upload whose bytes are all there, for its writer, and
// returns what became of it. It goes on when ctx ends. An error ends the upload
// unless it may pass: then the upload is tried again later, and that is none here.
func (u *Uploads) finish(ctx context.Context, up models.Upload) (models.Upload, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	defer context.AfterFunc(u.life, cancel)()
	stop := u.beat(ctx, cancel, up)
	sum, err := u.assemble(ctx, up)
	stop()
	if err == nil {
		var done models.Upload
		if done, err = u.adopt(ctx, up, sum); err == nil {
			return done, nil
		}
	}
	if slices.Contains(final, models.ErrorCode(err)) {
		ended, failed := u.conclude(ctx, up, models.UploadFailed, models.AsError(err))
		if failed == nil {
			return ended, models.AsError(err)
		}
		err = failed
	}
	return u.postpone(ctx, up, err)
}

// final are the errors that would come again.
var final = []models.Code{
	models.CodeContainerNotAllowed, models.CodeEmptyFile, models.CodeChecksumMismatch,
	models.CodeSourceTooLarge, models.CodeSourceUnavailable, models.CodeSourceBlocked,
	models.CodeAlreadyExists, models.CodeInvalidArgument,
}

// beat keeps other processes from finishing an upload, until stop is called, after
// which nothing is saved any more. It calls cancel where another has become the
// upload's writer.
func (u *Uploads) beat(ctx context.Context, cancel func(), up models.Upload) (stop func()) {
	return every(ctx, u.pace.lease/4, func(ctx context.Context) bool {
		up.Updated = now()
		up.Due = up.Updated.Add(u.pace.lease)
		code := models.ErrorCode(u.Store.In(up.Workspace).SaveUpload(ctx, up))
		if code == models.CodeConflict || code == models.CodeNotFound {
			cancel()
			return false
		}
		return true
	})
}

// every does something beside its caller, again and again while it says so, until
// ctx ends or stop is called, which waits for it.
func every(ctx context.Context, interval time.Duration, do func(ctx context.Context) (again bool)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var doing sync.WaitGroup
	doing.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for again := true; again; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				again = do(ctx)
			}
		}
	})
	return func() {
		cancel()
		doing.Wait()
	}
}

// assemble makes the blob of an upload under its key, looks at it, and returns its
// hash.
func (u *Uploads) assemble(ctx context.Context, up models.Upload) (sum string, err error) {
	var info blob.Info
	switch up.Method {
	case models.UploadPut:
		info, err = u.fetch(ctx, up)
	default:
		var g blob.Growth
		if g, err = growth(up); err == nil {
			info, err = u.Blobs.Finish(ctx, g, up.Length, up.SHA256)
		}
	}
	if models.ErrorCode(err) == models.CodeNotFound {
		return "", lost(err)
	}
	if err != nil {
		return "", err
	}
	file, err := blob.OpenSeeker(ctx, u.Blobs, up.Key)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := ffmpeg.Sniff(file, up.Length); err != nil {
		return "", err
	}
	if info.SHA256 != "" {
		return info.SHA256, nil
	}
	return read(ctx, file, up)
}

// read reads a whole file for its hash. CHECKSUM_MISMATCH where it is not what was
// announced.
func read(ctx context.Context, file io.ReadSeeker, up models.Upload) (sum string, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	all := blob.Verify(ctx, file, up.Length, up.SHA256)
	_, err = io.Copy(io.Discard, all)
	return all.SHA256(), err
}

// fetch brings what was put where it landed to the key that nobody else can put to.
func (u *Uploads) fetch(ctx context.Context, up models.Upload) (blob.Info, error) {
	from := landing(up)
	if from == up.Key {
		return u.Blobs.Stat(ctx, up.Key)
	}
	if info, err := u.Blobs.Stat(ctx, up.Key); models.ErrorCode(err) != models.CodeNotFound {
		return info, err // an earlier attempt did
	}
	body, _, err := u.Blobs.Open(ctx, from, 0, -1)
	if err != nil {
		return blob.Info{}, err
	}
	defer body.Close()
	return u.Blobs.Put(ctx, up.Key, body, up.Length, blob.PutOptions{})
}

// adopt makes a video of the upload's blob, and ends the upload with it.
func (u *Uploads) adopt(ctx context.Context, up models.Upload, sum string) (models.Upload, error) {
	done := up
	done.State, done.SHA256, done.Offset = models.UploadDone, sum, up.Length
	done.Growth, done.Download = nil, nil
	done.Error, done.Due = nil, time.Time{}
	var kept bool
	err := u.Intake.Adopt(ctx, up.Workspace, analyzer.Adoption{
		Key: up.Key, Size: up.Length, SHA256: sum, Filename: cmp.Or(up.Filename, up.Source), Video: up.Video,
	}, func(ctx context.Context, tx store.Tx, a analyzer.Adopted) error {
		lib := tx.In(up.Workspace)
		kept = a.Kept
		done.VideoID, done.Duplicate, done.Updated = a.VideoID, a.Duplicate, now()
		if err := lib.SaveUpload(ctx, done); err != nil {
			return err
		}
		if !kept {
			if err := lib.Discard(ctx, unneeded(up), up.Key); err != nil {
				return err
			}
		}
		return record(ctx, lib, done, models.EventUploadDone)
	})
	if err != nil {
		return up, err
	}
	if !kept {
		if err := u.Blobs.Delete(ctx, up.Key); err != nil {
			u.Log.Warn("a file that nobody needs is left to the sweeper", "key", up.Key, "error", err)
		}
	}
	return done, nil
}

// patience is after how many attempts an error that nobody expected is final.
const patience = 10

// postpone has an upload finished later, because of an error that may pass.
// Somebody else's turn at it is none: then the upload is as that one left it.
func (u *Uploads) postpone(ctx context.Context, up models.Upload, reason error) (models.Upload, error) {
	ctx, cancel := outlast(ctx, keepWithin)
	defer cancel()
	code := models.ErrorCode(reason)
	if code == models.CodeConflict || code == models.CodeNotFound {
		return u.open(ctx, place{up.Workspace, up.ID, up.Method})
	}
	if code == models.CodeInternal && up.Attempts >= patience {
		ended, err := u.conclude(ctx, up, models.UploadFailed, models.AsError(reason))
		if err == nil {
			err = ended.Error
		}
		return ended, err
	}
	later := up
	later.Updated = now()
	if u.life.Err() == nil { // else it is no fault of the upload's
		later.Error, later.Attempts = models.AsError(reason), up.Attempts+1
		later.Due = later.Updated.Add(u.backoff(later.Attempts))
		u.Log.Warn("an upload could not be finished; it is tried again", "upload", up.ID, "error", reason)
	} else {
		later.Due = later.Updated
	}
	err := u.Store.In(up.Workspace).SaveUpload(ctx, later)
	switch {
	case models.ErrorCode(err) == models.CodeConflict:
		return u.open(ctx, place{up.Workspace, up.ID, up.Method})
	case err != nil: // it is due by and by as it is
		u.Log.Warn("an upload could not be saved", "upload", up.ID, "error", err)
		return up, nil
	}
	return later, nil
}

// backoff is how long to wait after so many failures: twice as long each time, ten
// minutes at most.
func (u *Uploads) backoff(failures int) time.Duration {
	return min(u.pace.retry<<min(failures-1, 10), 10*time.Minute)
}
