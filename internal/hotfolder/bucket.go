package hotfolder

import (
	"context"
	"fmt"
	"io"

	"github.com/cuepoint/cuepoint/store/blob"
)

// Objects are what others keep below a prefix of a bucket.
type Objects interface {
	List(ctx context.Context, after string, limit int) ([]blob.Info, error)
	Stat(ctx context.Context, name string) (blob.Info, error)
	Open(ctx context.Context, name string, offset int64) (io.ReadCloser, blob.Info, error)
	URL(name string) string
}

// Bucket is a prefix of a bucket. An object is there as a whole or not at all, and
// is another whenever its ETag is.
type Bucket struct {
	Objects  Objects
	Endpoint string // of the bucket, which may be another one elsewhere
}

// Name implements [Source].
func (b Bucket) Name() string { return b.Objects.URL("") + " at " + b.Endpoint }

// Place implements [Source].
func (b Bucket) Place(name string) string { return b.Objects.URL(name) }

// Each implements [Source].
func (b Bucket) Each(ctx context.Context, f func([]File) error) error {
	for after := ""; ; {
		listed, err := b.Objects.List(ctx, after, page)
		if err != nil || len(listed) == 0 {
			return err
		}
		files := make([]File, len(listed))
		for i, info := range listed {
			files[i] = object(info)
		}
		if err := f(files); err != nil {
			return err
		}
		after = listed[len(listed)-1].Key
	}
}

// Find implements [Source].
func (b Bucket) Find(ctx context.Context, name string) (File, error) {
	info, err := b.Objects.Stat(ctx, name)
	return object(info), err
}

// Open implements [Source].
func (b Bucket) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, File, error) {
	body, info, err := b.Objects.Open(ctx, name, offset)
	return body, object(info), err
}

func object(info blob.Info) File {
	return File{Name: info.Key, Size: info.Size, Version: fmt.Sprintf("%d-%s", info.Size, info.ETag)}
}
