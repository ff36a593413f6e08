package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/stages"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/datadir"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/obs"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/models/weights"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/transcribe"
	"github.com/cuepoint/cuepoint/vision"
)

// Config says where things are.
type Config struct {
	Data      string        // the data directory
	Database  config.Secret // URL of a PostgreSQL database; empty for a file in the data directory
	Blobs     string        // URL of the store of files, file:// or s3://; empty for a directory in the data directory
	ModelsDir string        // a directory of model files beside the data directory's own; may be empty
	ModelsURL string        // of a mirror of model files; empty for their own host
	Model     string        // the Whisper model: a name of the catalogue or a path
	Version   string        // of the program
	Log       *slog.Logger

	MaxSource   int64         // bytes of the largest file that is taken in; 0 for the usual limit
	KeepDeleted time.Duration // how long deleted videos can be brought back; 0 for the usual time

	// The keys of an S3 bucket; empty for those that AWS's own programs find.
	S3AccessKey config.Secret
	S3SecretKey config.Secret

	// Those of buckets that are watched; empty for the same.
	WatchAccessKey config.Secret
	WatchSecretKey config.Secret
}

// App is an open library with everything that works on it.
type App struct {
	Store    store.Library // of the default workspace
	Dir      *datadir.Dir
	Blobs    blob.Store
	Models   *weights.Store
	Pipeline *analyzer.Pipeline
	Metrics  *obs.Metrics
	cfg      Config
	db       *database
	log      *slog.Logger
}

// Open opens the library in the data directory, or the one that the database
// knows. create says whether the directory may not be there yet; without it
// NOT_FOUND tells how to make one.
func Open(ctx context.Context, cfg Config, create bool) (_ *App, err error) {
	if !create && cfg.Database.Reveal() == "" {
		if _, err := os.Stat(cfg.Data); errors.Is(err, fs.ErrNotExist) {
			return nil, models.Errorf(models.CodeNotFound,
				"there is no library in %s; `cuepoint analyze FILE` makes one, --data names another place", cfg.Data).Because(err)
		}
	}
	a := &App{cfg: cfg, log: cfg.Log, Models: Weights(cfg)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.Dir, err = datadir.Open(cfg.Data); err != nil {
		return nil, err
	}
	if a.Blobs, err = openBlobs(ctx, cfg, a.Dir.Path("blobs")); err != nil {
		return nil, err
	}
	if a.db, err = openDatabase(ctx, cfg.Database, a.Dir.Path("cuepoint.db")); err != nil {
		return nil, err
	}
	a.Store = a.db.In(models.DefaultWorkspace)
	if a.Pipeline, err = a.pipeline(cfg); err != nil {
		return nil, err
	}
	a.Metrics = obs.New(cfg.Version, a.Pipeline.Names()...)
	return a, nil
}

// In returns the library of a workspace.
func (a *App) In(workspace string) store.Library { return a.db.In(workspace) }

// pipeline makes the stages over this machine's programs. Where FFmpeg is not
// installed the library still opens: what needs it says so.
func (a *App) pipeline(cfg Config) (*analyzer.Pipeline, error) {
	tools, err := ffmpeg.Find()
	if err != nil {
		tools = ffmpeg.Tools{FFmpeg: "ffmpeg", FFprobe: "ffprobe"}
	}
	return analyzer.NewPipeline(stages.All(stages.Config{
		FFmpeg: tools,
		Limits: ffmpeg.DefaultLimits(),
		Speech: stages.SpeechConfig{
			Engine: transcribe.Process{}, FFmpeg: tools, Models: a.Models, Model: cfg.Model, Pull: true,
		},
		Vision: vision.Process{},
	})...)
}

// Close closes the library. What is under way must have ended.
func (a *App) Close() error {
	var errs []error
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.Blobs != nil {
		errs = append(errs, a.Blobs.Close())
	}
	if a.Dir != nil {
		errs = append(errs, a.Dir.Close())
	}
	return errors.Join(errs...)
}
