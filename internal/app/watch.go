package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/hotfolder"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

// WatchConfig says where files are found that become videos of the default
// workspace.
type WatchConfig struct {
	Places []string      // directories, or s3://bucket/prefix?… as for the store of files
	Every  time.Duration // between looks; 0 for the usual time, which is longer for buckets
	Settle time.Duration // how long a file stands still before it is taken; 0 for the usual time
}

// watches look at places.
type watches struct {
	all     []*hotfolder.Watch
	buckets []*s3.Store // that they look at
}

// close lets go of what the watches look at.
func (w *watches) close() {
	for _, bucket := range w.buckets {
		_ = bucket.Close() // which only forgets connections
	}
}

// openWatches returns what looks at each place. INVALID_ARGUMENT for a place that
// cannot be one.
func (h *Holder) openWatches(ctx context.Context, cfg WatchConfig, uploads *ingest.Uploads) (*watches, error) {
	w := new(watches)
	for _, place := range cfg.Places {
		source, every, err := h.openSource(ctx, place, w)
		if err != nil {
			w.close()
			return nil, err
		}
		w.all = append(w.all, &hotfolder.Watch{
			Source: source, Workspace: models.DefaultWorkspace, Store: h.db, Intake: h.intake, Uploads: uploads,
			Every: cmp.Or(cfg.Every, every), Settle: cfg.Settle, Alone: h.cfg.Database.Reveal() == "", Log: h.log,
		})
	}
	return w, nil
}

// openSource returns a place to be looked at, and how often it usually is.
func (h *Holder) openSource(ctx context.Context, place string, w *watches) (hotfolder.Source, time.Duration, error) {
	at, err := h.parseWatch(place)
	if err != nil {
		return nil, 0, err
	}
	if at.bucket == nil {
		return hotfolder.Folder(at.dir), hotfolder.FolderEvery, nil
	}
	bucket, err := s3.Open(ctx, *at.bucket)
	if err != nil {
		return nil, 0, err
	}
	w.buckets = append(w.buckets, bucket)
	return hotfolder.Bucket{Objects: bucket.Objects(), Endpoint: at.bucket.Endpoint}, hotfolder.BucketEvery, nil
}

// parseWatch reads a place and checks that it is one.
func (h *Holder) parseWatch(place string) (at blobsAt, err error) {
	switch {
	case strings.Contains(place, "://"):
		access, secret := h.cfg.WatchAccessKey, h.cfg.WatchSecretKey
		if access.Reveal() == "" && secret.Reveal() == "" {
			access, secret = h.cfg.S3AccessKey, h.cfg.S3SecretKey
		}
		at, err = parseAddress(place, access, secret)
	case place == "":
		err = errors.New("it is empty")
	default:
		at.dir, err = filepath.Abs(place)
	}
	if err == nil && at.bucket == nil {
		err = isDirectory(at.dir)
	}
	if err == nil {
		err = h.isForeign(at)
	}
	if err != nil {
		return at, models.Errorf(models.CodeInvalidArgument, "files cannot be watched for there: %s; write --watch=DIRECTORY or --watch='%s'", err, bucketForm)
	}
	return at, nil
}

func isDirectory(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return errors.New(dir + " is not there, or cannot be read")
	case !info.IsDir():
		return errors.New(dir + " is no directory")
	}
	return nil
}

// isForeign refuses to take our own files for those of others: what is made of a
// video would become one.
func (h *Holder) isForeign(at blobsAt) error {
	own, err := parseBlobs(h.cfg)
	switch {
	case err != nil:
		return err
	case at.bucket == nil && (overlap(at.dir, h.cfg.Data) || own.dir != "" && overlap(at.dir, own.dir)):
		return errors.New("the library keeps its own files there, or below, or above")
	case at.bucket != nil && own.bucket != nil && at.bucket.Endpoint == own.bucket.Endpoint && at.bucket.Bucket == own.bucket.Bucket &&
		(strings.HasPrefix(at.bucket.Prefix, own.bucket.Prefix) || strings.HasPrefix(own.bucket.Prefix, at.bucket.Prefix)):
		return errors.New("the store of files has that prefix, or one below or above it")
	}
	return nil
}

// overlap tells whether one directory is in the other, or both are the same.
func overlap(a, b string) bool {
	a, b = resolved(a), resolved(b)
	return within(a, b) || within(b, a)
}

func within(dir, parent string) bool {
	relative, err := filepath.Rel(parent, dir)
	return err == nil && filepath.IsLocal(relative)
}

// resolved is the absolute path of a directory without links.
func resolved(dir string) string {
	if path, err := filepath.EvalSymlinks(dir); err == nil {
		dir = path
	}
	if path, err := filepath.Abs(dir); err == nil {
		dir = path
	}
	return dir
}
