package s3

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cuepoint/cuepoint/store/blob"
)

// Grow implements [blob.Grower].
func (*Store) Grow(_ context.Context, g blob.Growth, _ io.Reader, _ func(blob.Growth) error) (blob.Growth, error) {
	return g, errors.ErrUnsupported
}

// Finish implements [blob.Grower].
func (*Store) Finish(context.Context, blob.Growth, int64, string) (blob.Info, error) {
	return blob.Info{}, errors.ErrUnsupported
}

// Abandon implements [blob.Grower].
func (*Store) Abandon(context.Context, blob.Growth) error { return errors.ErrUnsupported }

// PresignParts implements [blob.Grower].
func (*Store) PresignParts(context.Context, string, int64, time.Duration) (blob.Growth, []blob.Part, error) {
	return blob.Growth{}, nil, errors.ErrUnsupported
}
