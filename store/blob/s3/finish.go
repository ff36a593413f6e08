package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Finish implements [blob.Grower]. The hash of what came in parts is in its Info
// alone: S3 takes what it is to remember with the first byte.
func (s *Store) Finish(ctx context.Context, g blob.Growth, size int64, sum string) (blob.Info, error) {
	if err := errors.Join(blob.CheckKey(g.Key), ctx.Err()); err != nil {
		return blob.Info{}, err
	}
	st, err := s.stateOf(g)
	if err != nil {
		return blob.Info{}, err
	}
	info := blob.Info{Key: g.Key, Size: size}
	if !st.Others {
		if info.SHA256, err = g.Check(size, sum); err != nil {
			return blob.Info{}, fmt.Errorf("finish %s: %w", g.Key, err)
		}
	}
	if info.ETag, err = s.finish(ctx, g, st, info); err != nil {
		return blob.Info{}, fmt.Errorf("finish %s: %w", g.Key, err)
	}
	_ = s.dropTails(ctx, g.Key) // else a sweep does
	return info, nil
}

// finish makes the object, or finds that it was made before, and returns its ETag.
func (s *Store) finish(ctx context.Context, g blob.Growth, st state, info blob.Info) (etag string, err error) {
	switch {
	case st.Others:
		etag, err = s.joinOthers(ctx, g.Key, st, info.Size)
	case st.Upload != "":
		etag, err = s.join(ctx, g, st)
	default:
		etag, err = s.putTail(ctx, g.Key, st, info.SHA256)
	}
	if models.ErrorCode(err) != models.CodeNotFound {
		return etag, err
	}
	there, failed := s.Stat(ctx, g.Key)
	switch {
	case failed == nil && there.Size == info.Size:
		return there.ETag, nil
	case failed == nil || models.ErrorCode(failed) == models.CodeNotFound:
		return "", err
	}
	return "", failed
}

// putTail makes an object of a tail that is all there is.
func (s *Store) putTail(ctx context.Context, key string, st state, sum string) (etag string, err error) {
	data, err := s.tail(ctx, key, st)
	if err != nil {
		return "", err
	}
	etag, err = s.put(ctx, key, data.reader(), minio.PutObjectOptions{UserMetadata: map[string]string{hashName: sum}})
	if err != nil {
		return "", missed(ctx, err)
	}
	s.blocks.give(&data)
	return etag, nil
}

// join makes an object of the parts that count and the tail.
func (s *Store) join(ctx context.Context, g blob.Growth, st state) (etag string, err error) {
	parts, err := s.parts(ctx, g.Key, st.Upload)
	if err != nil {
		return "", err
	}
	size := st.TailSize
	var wanted []minio.CompletePart
	for _, run := range st.Runs {
		for number := run[0]; number <= run[1]; number++ {
			part := parts[number]
			size += part.Size
			wanted = append(wanted, minio.CompletePart{PartNumber: number, ETag: part.ETag})
		}
	}
	if size != g.Size {
		return "", errGone(g.Key)
	}
	if st.Tail != "" {
		tail, err := s.tail(ctx, g.Key, st)
		if err != nil {
			return "", err
		}
		// Of this number there is none, but for that of a Finish that was killed.
		last, err := s.putPart(ctx, g.Key, st.Upload, st.Next+1, tail.reader())
		if err != nil {
			return "", gone(ctx, g.Key, minio.NoSuchUpload, err)
		}
		s.blocks.give(&tail)
		wanted = append(wanted, last)
	}
	return s.complete(ctx, g.Key, st.Upload, wanted)
}

// joinOthers makes an object of parts that others have put.
func (s *Store) joinOthers(ctx context.Context, key string, st state, size int64) (etag string, err error) {
	parts, err := s.parts(ctx, key, st.Upload)
	if err != nil {
		return "", err
	}
	var wanted []minio.CompletePart
	for number, want := range partSizes(size, st.Part) {
		part, ok := parts[number+1]
		if !ok {
			return "", models.Errorf(models.CodeChecksumMismatch, "part %d is missing; send it, and all others that are", number+1)
		}
		if part.Size != want {
			return "", models.Errorf(models.CodeChecksumMismatch, "part %d has %d bytes in place of %d; send it again", number+1, part.Size, want)
		}
		wanted = append(wanted, minio.CompletePart{PartNumber: number + 1, ETag: part.ETag})
	}
	return s.complete(ctx, key, st.Upload, wanted)
}

// parts returns all parts of an upload by their numbers. NOT_FOUND.
func (s *Store) parts(ctx context.Context, key, upload string) (map[int]minio.ObjectPart, error) {
	parts := map[int]minio.ObjectPart{}
	for after, more := 0, true; more; {
		page, err := s.core.ListObjectParts(ctx, s.bucket, s.prefix+key, upload, after, 1000)
		if err != nil {
			return nil, gone(ctx, key, minio.NoSuchUpload, err)
		}
		for _, part := range page.ObjectParts {
			parts[part.PartNumber] = part
		}
		after, more = page.NextPartNumberMarker, page.IsTruncated
	}
	return parts, nil
}

// complete makes an object of parts.
func (s *Store) complete(ctx context.Context, key, upload string, parts []minio.CompletePart) (etag string, err error) {
	etag, err = settle(func() (minio.UploadInfo, error) {
		return s.core.CompleteMultipartUpload(ctx, s.bucket, s.prefix+key, upload, parts, minio.PutObjectOptions{})
	})
	if err != nil {
		return "", gone(ctx, key, minio.NoSuchUpload, err)
	}
	return etag, nil
}

// Abandon implements [blob.Grower].
func (s *Store) Abandon(ctx context.Context, g blob.Growth) error {
	if err := errors.Join(blob.CheckKey(g.Key), ctx.Err()); err != nil {
		return err
	}
	st, err := s.stateOf(g)
	if err != nil {
		return err
	}
	if st.Upload != "" {
		if err := s.core.AbortMultipartUpload(ctx, s.bucket, s.prefix+g.Key, st.Upload); err != nil && !isMissing(err) {
			return explain(ctx, fmt.Errorf("abandon %s: %w", g.Key, err))
		}
	}
	return s.dropTails(ctx, g.Key)
}

// dropTails removes the tails of a key, those of writers that were killed too.
func (s *Store) dropTails(ctx context.Context, key string) error {
	return s.deletePrefix(ctx, tailKey(key))
}

// PresignParts implements [blob.Grower]. Browsers put parts only where the rules
// of the bucket (CORS) let pages of their origin PUT, and the sender needs no
// answer but the status: the ETags are looked up here.
func (s *Store) PresignParts(ctx context.Context, key string, size int64, ttl time.Duration) (blob.Growth, []blob.Part, error) {
	if err := errors.Join(blob.CheckKey(key), checkTTL(ttl)); err != nil {
		return blob.Growth{}, nil, err
	}
	if size < 1 {
		return blob.Growth{}, nil, models.Errorf(models.CodeInvalidArgument, "an upload in parts must say how many bytes come, 1 at least")
	}
	st := state{Part: min(max(s.part, size/1000+1), maxPart), Others: true} // a thousand parts, if they are not to be larger
	if (size-1)/st.Part >= maxParts {
		return blob.Growth{}, nil, models.Errorf(models.CodeSourceTooLarge, "larger than %d parts of %d bytes; cut it into several", maxParts, st.Part)
	}
	var err error
	if st.Upload, err = s.core.NewMultipartUpload(ctx, s.bucket, s.prefix+key, minio.PutObjectOptions{}); err != nil {
		return blob.Growth{}, nil, explain(ctx, fmt.Errorf("presign parts of %s: %w", key, err))
	}
	g, err := st.in(blob.Growth{Key: key})
	if err != nil {
		return blob.Growth{}, nil, err
	}
	var parts []blob.Part
	for i, size := range partSizes(size, st.Part) {
		query := url.Values{"partNumber": {strconv.Itoa(i + 1)}, "uploadId": {st.Upload}}
		header := http.Header{"Content-Length": {strconv.FormatInt(size, 10)}}
		request, err := s.presign(ctx, http.MethodPut, key, ttl, query, header)
		if err != nil {
			return blob.Growth{}, nil, errors.Join(err, s.Abandon(ctx, g))
		}
		parts = append(parts, blob.Part{Presigned: request, Size: size})
	}
	return g, parts, nil
}

// partSizes are those of the parts of a blob.
func partSizes(size, part int64) []int64 {
	var sizes []int64
	for ; size > part; size -= part {
		sizes = append(sizes, part)
	}
	return append(sizes, size)
}
