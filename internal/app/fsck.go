package app

import (
	"context"
	"errors"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/fsck"
	"github.com/cuepoint/cuepoint/models"
)

// FsckConfig says how the library is checked, and who hears of it.
type FsckConfig struct {
	Repair bool
	Quick  bool // by listing the files, without reading them

	Found  func(fsck.Finding)
	Looked func(videos int)
}

// Fsck holds the database against the files. DATA_IN_USE while another process
// works in the data directory.
func (a *App) Fsck(ctx context.Context, cfg FsckConfig) (report fsck.Report, err error) {
	holder, err := a.Hold(ctx)
	if models.ErrorCode(err) == models.CodeDataInUse {
		return report, a.inUse().Because(err)
	}
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, holder.Close()) }()
	check := fsck.Config{
		Store: a.db, Blobs: a.Blobs, Stages: a.Pipeline.Names(), Quick: cfg.Quick,
		Alone: a.cfg.Database.Reveal() == "", // then who holds the directory is the only one
		Found: cfg.Found, Looked: cfg.Looked,
	}
	if cfg.Repair {
		check.Mender = mender{holder.Control}
	}
	return fsck.Check(ctx, check)
}

func (a *App) inUse() *models.Error {
	if a.cfg.Database.Reveal() != "" && a.cfg.Blobs != "" {
		return models.Errorf(models.CodeDataInUse,
			"a cuepoint is working in %s; stop it and run this again, or name another directory with --data", a.cfg.Data)
	}
	return models.Errorf(models.CodeDataInUse, "a cuepoint is working in %s; stop it and run this again", a.cfg.Data)
}

// mender has stages run.
type mender struct{ *analyzer.Control }

// Redo implements [fsck.Mender].
func (m mender) Redo(ctx context.Context, workspace, video string, stages []string) error {
	return m.Rerun(ctx, workspace, video, stages, true)
}
