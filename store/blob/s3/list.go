package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cuepoint/cuepoint/store/blob"
)

// List implements [blob.Store].
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]blob.Info, error) {
	if err := blob.CheckList(prefix, after, limit); err != nil {
		return nil, err
	}
	opt := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, MaxKeys: min(limit, 1000)}
	if after != "" {
		opt.StartAfter = s.prefix + after
	}
	var found []blob.Info
	for object := range s.core.ListObjectsIter(ctx, s.bucket, opt) {
		if object.Err != nil {
			return nil, explain(ctx, fmt.Errorf("list %s: %w", prefix, object.Err))
		}
		key := strings.TrimPrefix(object.Key, s.prefix)
		if blob.CheckKey(key) != nil {
			continue // not ours
		}
		if found = append(found, describe(key, object)); len(found) == limit {
			break
		}
	}
	return found, ctx.Err() // at which the list ends as if it were whole
}

// Delete implements [blob.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	err := s.core.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{})
	if err != nil && !isMissing(err) {
		return explain(ctx, fmt.Errorf("delete %s: %w", key, err))
	}
	return nil
}

// DeletePrefix implements [blob.Store].
func (s *Store) DeletePrefix(ctx context.Context, prefix string) error {
	if err := blob.CheckDelete(prefix); err != nil {
		return err
	}
	if err := s.deletePrefix(ctx, prefix); err != nil {
		return fmt.Errorf("delete %s: %w", prefix, err)
	}
	return nil
}

// deletePrefix is DeletePrefix for any beginning of a name.
func (s *Store) deletePrefix(ctx context.Context, prefix string) error {
	var listed error
	objects := func(yield func(minio.ObjectInfo) bool) {
		opt := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
		for object := range s.core.ListObjectsIter(ctx, s.bucket, opt) {
			if object.Err != nil {
				listed = object.Err
				return
			}
			if !yield(object) {
				return
			}
		}
	}
	results, err := s.core.RemoveObjectsWithIter(ctx, s.bucket, objects, minio.RemoveObjectsOptions{})
	if err == nil {
		for result := range results {
			if result.Err != nil && !isMissing(result.Err) {
				err = result.Err // and on: what can go, goes
			}
		}
	}
	if err = errors.Join(err, listed, ctx.Err()); err != nil {
		return explain(ctx, err)
	}
	return nil
}

// Sweep implements [blob.Store]: it aborts uploads that were begun before age,
// and removes tails. MinIO does not list uploads, and aborts them by itself a
// day after.
func (s *Store) Sweep(ctx context.Context, age time.Duration, keep func(context.Context, string) (bool, error)) error {
	before := time.Now().Add(-age)
	stale := func(key string, since time.Time) (bool, error) {
		if since.After(before) || keep == nil {
			return !since.After(before), nil
		}
		kept, err := keep(ctx, key)
		return !kept && err == nil, err
	}
	return errors.Join(s.sweepUploads(ctx, stale), s.sweepTails(ctx, stale), ctx.Err())
}

func (s *Store) sweepUploads(ctx context.Context, stale func(string, time.Time) (bool, error)) error {
	uploads, stop := context.WithCancel(ctx)
	defer stop()
	var errs []error
	for upload := range s.core.ListIncompleteUploads(uploads, s.bucket, s.prefix, true) {
		if upload.Err != nil {
			return explain(ctx, fmt.Errorf("list uploads: %w", upload.Err))
		}
		old, err := stale(strings.TrimPrefix(upload.Key, s.prefix), upload.Initiated)
		if old {
			err = s.core.AbortMultipartUpload(ctx, s.bucket, upload.Key, upload.UploadID)
		}
		if err != nil && !isMissing(err) {
			errs = append(errs, explain(ctx, fmt.Errorf("abort upload of %s: %w", upload.Key, err)))
		}
	}
	return errors.Join(errs...)
}

func (s *Store) sweepTails(ctx context.Context, stale func(string, time.Time) (bool, error)) error {
	var errs []error
	opt := minio.ListObjectsOptions{Prefix: s.prefix + growing, Recursive: true}
	for object := range s.core.ListObjectsIter(ctx, s.bucket, opt) {
		if object.Err != nil {
			return explain(ctx, fmt.Errorf("list tails: %w", object.Err))
		}
		key, _, _ := strings.Cut(strings.TrimPrefix(object.Key, s.prefix+growing), "~")
		old, err := stale(key, object.LastModified)
		if old {
			err = s.core.RemoveObject(ctx, s.bucket, object.Key, minio.RemoveObjectOptions{})
		}
		if err != nil && !isMissing(err) {
			errs = append(errs, explain(ctx, fmt.Errorf("remove the tail of %s: %w", key, err)))
		}
	}
	return errors.Join(errs...)
}

// describe translates what S3 says about an object.
func describe(key string, object minio.ObjectInfo) blob.Info {
	info := blob.Info{Key: key, Size: object.Size, Modified: object.LastModified, ETag: object.ETag}
	info.SHA256 = object.UserMetadata[hashName]
	// Of an upload that was presigned for one hash. That of parts is another thing.
	if sum, err := base64.StdEncoding.DecodeString(object.ChecksumSHA256); err == nil && len(sum) == 32 {
		info.SHA256 = hex.EncodeToString(sum)
	}
	return info
}

// parseContentRange reads "bytes 0-9/100" (RFC 9110, 14.4).
func parseContentRange(s string) (span string, total int64, ok bool) {
	span, size, ok := strings.Cut(strings.TrimPrefix(s, "bytes "), "/")
	if !ok {
		return "", 0, false
	}
	total, err := strconv.ParseInt(size, 10, 64)
	return span, total, err == nil
}
