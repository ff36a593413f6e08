package s3

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/cuepoint/cuepoint/store/blob"
)

// Objects reads what others keep below a store's prefix, under whatever names
// they like: they are no keys of ours.
type Objects struct{ store *Store }

// Objects returns what lies below the prefix, whoever has put it there.
func (s *Store) Objects() *Objects { return &Objects{s} }

// List is as [blob.Store]'s, for any names.
func (o *Objects) List(ctx context.Context, after string, limit int) ([]blob.Info, error) {
	s := o.store
	opt := minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true, MaxKeys: min(limit, 1000)}
	if after != "" {
		opt.StartAfter = s.prefix + after
	}
	var found []blob.Info
	for object := range s.core.ListObjectsIter(ctx, s.bucket, opt) {
		if object.Err != nil {
			return nil, explain(ctx, fmt.Errorf("list objects: %w", object.Err))
		}
		if found = append(found, describe(strings.TrimPrefix(object.Key, s.prefix), object)); len(found) == limit {
			break
		}
	}
	return found, ctx.Err() // at which the list ends as if it were whole
}

// Stat is as [blob.Store]'s, for any name.
func (o *Objects) Stat(ctx context.Context, name string) (blob.Info, error) {
	return o.store.stat(ctx, name)
}

// Open reads an object from an offset on, as [blob.Store]'s does, for any name.
func (o *Objects) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, blob.Info, error) {
	return o.store.open(ctx, name, offset, -1)
}

// URL is as the store's.
func (o *Objects) URL(name string) string { return o.store.URL(name) }
