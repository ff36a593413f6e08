package analyzer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// inputs are what an attempt reads: the source, and what the stages before have
// committed. It implements [Inputs].
type inputs struct {
	*attempt
	lib      store.Library
	files    string   // a directory for the files of published directories, made when it is needed
	releases []func() // of fetched files
}

func newInputs(a *attempt) *inputs { return &inputs{attempt: a, lib: a.Store.In(a.task.Workspace)} }

// release gives up all that was fetched.
func (in *inputs) release() {
	for _, release := range in.releases {
		release()
	}
	if in.files != "" {
		if err := in.Scratch.DropScratch(filepath.Base(in.files)); err != nil {
			in.log.Warn("scratch directory left behind", "error", err)
		}
	}
}

func (in *inputs) fetch(ctx context.Context, key string) (string, error) {
	path, release, err := in.Cache.Fetch(ctx, key)
	if err != nil {
		return "", err
	}
	in.releases = append(in.releases, release)
	return path, nil
}

// Source implements [Inputs].
func (in *inputs) Source(ctx context.Context) (string, error) {
	path, err := in.fetch(ctx, in.video.Blob)
	if models.ErrorCode(err) == models.CodeNotFound {
		return "", models.Errorf(models.CodeSourceUnavailable, "the source of this video is gone; analyze the same file again to put it back").Because(err)
	}
	return path, err
}

// Captions implements [Inputs].
func (in *inputs) Captions(ctx context.Context) (string, error) {
	if in.video.Captions == nil {
		return "", models.Errorf(models.CodeNotFound, "no captions came with this video")
	}
	return in.fetch(ctx, in.video.Captions.Blob)
}

// Cues implements [Inputs].
func (in *inputs) Cues(ctx context.Context, kind models.CueKind) ([]models.Cue, error) {
	return in.lib.Cues(ctx, store.CueQuery{VideoID: in.video.ID, Kind: kind})
}

// Artifact implements [Inputs].
func (in *inputs) Artifact(ctx context.Context, stage string, kind models.ArtifactKind) (models.Artifact, error) {
	all, err := in.lib.Artifacts(ctx, in.video.ID)
	if err != nil {
		return models.Artifact{}, err
	}
	for _, artifact := range all {
		if artifact.Stage == stage && artifact.Kind == kind {
			return artifact, nil
		}
	}
	return models.Artifact{}, models.Errorf(models.CodeNotFound, "stage %s published no %s", stage, kind)
}

// File implements [Inputs].
func (in *inputs) File(ctx context.Context, stage string, kind models.ArtifactKind) (string, models.Artifact, error) {
	artifact, err := in.Artifact(ctx, stage, kind)
	if err != nil {
		return "", artifact, err
	}
	path, err := in.fetch(ctx, models.RunPrefix(in.video.ID, stage, artifact.Run)+artifact.Path)
	return path, artifact, err
}

// Dir implements [Inputs]. The directory is one of links to fetched files.
func (in *inputs) Dir(ctx context.Context, stage, name string) (string, error) {
	run := in.video.Run(stage)
	if run == nil || run.Result.Run == "" {
		return "", models.Errorf(models.CodeNotFound, "stage %s published nothing", stage)
	}
	if in.files == "" {
		var err error
		if in.files, err = in.Scratch.Scratch(in.id + "-inputs"); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(in.files, stage, filepath.FromSlash(name))
	prefix := models.RunPrefix(in.video.ID, stage, run.Result.Run) + name + "/"
	found := false
	for info, err := range blob.All(ctx, in.Blobs, prefix) {
		if err == nil {
			found = true
			err = in.link(ctx, info.Key, filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(info.Key, prefix))))
		}
		if err != nil {
			return "", fmt.Errorf("fetch %s of stage %s: %w", name, stage, err)
		}
	}
	if !found {
		return "", models.Errorf(models.CodeNotFound, "stage %s published no %s", stage, name)
	}
	return dir, nil
}

// link fetches a blob and makes a link to it at a path.
func (in *inputs) link(ctx context.Context, key, to string) error {
	from, err := in.fetch(ctx, key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Symlink(from, to); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
