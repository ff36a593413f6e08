package app

import (
	"context"
	"io"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// catalogue lets players read what the stages have published in the workspace of
// who asks.
type catalogue struct{ libraries api.Libraries }

// Prefix implements [origin.Catalogue]. The files of a run that was replaced
// can be read for as long as they lie there: somebody may be watching.
func (c catalogue) Prefix(ctx context.Context, video, stage, run string) (string, error) {
	v, err := c.libraries.In(access.From(ctx).Workspace).Video(ctx, video)
	if err != nil {
		return "", err
	}
	attempt := v.Run(stage)
	if v.State == models.VideoDeleted || attempt == nil || attempt.ID == run && attempt.Result.Run != run {
		return "", models.Errorf(models.CodeNotFound, "stage %s of video %s has published nothing as run %s", stage, video, run)
	}
	return models.RunPrefix(video, stage, run), nil
}

// files opens blobs for the origin: it asks the store once for what there is,
// and once for the bytes.
type files struct{ blobs blob.Store }

// Open implements [origin.Files].
func (f files) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	file, err := blob.OpenSeeker(ctx, f.blobs, key)
	if err != nil {
		return nil, err
	}
	return file, nil
}
