package s3

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// hashName is under which an object's metadata holds its SHA-256, if that was
// known before its first byte was sent.
const hashName = "Sha256"

// abortTime is how long telling the store that no more parts come may take.
const abortTime = 15 * time.Second

// Put implements [blob.Store]. It holds one part in memory: sent again from
// there, and hashed, so that the store refuses bytes that were damaged on the way.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64, opt blob.PutOptions) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	up := &upload{Store: s, key: key, opt: opt, verified: blob.Verify(ctx, r, size, opt.SHA256)}
	up.in = bufio.NewReader(up.verified)
	part := s.part
	if size >= 0 {
		part = min(max(part, (size+maxParts-1)/maxParts), size)
	}
	up.buf = make([]byte, part)
	etag, err := up.run(ctx)
	if failed := up.verified.Err(); failed != nil { // r's fault, not the store's
		return blob.Info{}, fmt.Errorf("put %s: %w", key, failed)
	}
	if err != nil {
		return blob.Info{}, explain(ctx, fmt.Errorf("put %s: %w", key, err))
	}
	return blob.Info{Key: key, Size: up.verified.Size(), SHA256: up.verified.SHA256(), ETag: etag}, nil
}

// upload is one Put.
type upload struct {
	*Store
	key      string
	opt      blob.PutOptions
	verified *blob.Verified
	in       *bufio.Reader // of verified
	buf      []byte        // one part
}

// next reads a part. last says that nothing follows it, and that all bytes were
// the right ones.
func (u *upload) next() (part []byte, last bool, err error) {
	n, err := io.ReadFull(u.in, u.buf)
	if err == nil {
		_, err = u.in.Peek(1)
	}
	if err == nil {
		return u.buf[:n], false, nil
	}
	return u.buf[:n], true, u.verified.Err() // which is the error, unless this is the end
}

// run sends all there is, in one request or in parts, and returns its ETag.
func (u *upload) run(ctx context.Context) (etag string, err error) {
	part, last, err := u.next()
	if err != nil {
		return "", err
	}
	if last {
		u.opt.SHA256 = u.verified.SHA256()
		return settle(func() (minio.UploadInfo, error) {
			return u.core.PutObject(ctx, u.bucket, u.prefix+u.key, bytes.NewReader(part), int64(len(part)), "", u.opt.SHA256, u.options())
		})
	}
	id, err := u.core.NewMultipartUpload(ctx, u.bucket, u.prefix+u.key, u.options())
	if err != nil {
		return "", err
	}
	etag, err = u.parts(ctx, id, part)
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
		defer cancel()
		_ = u.core.AbortMultipartUpload(ctx, u.bucket, u.prefix+u.key, id) // else Sweep finds it, or a rule of the bucket
	}
	return etag, err
}

// parts sends the parts, of which the first has been read, and joins them.
func (u *upload) parts(ctx context.Context, id string, part []byte) (etag string, err error) {
	var sent []minio.CompletePart
	for last := false; ; {
		if len(sent) == maxParts {
			return "", models.Errorf(models.CodeSourceTooLarge, "more than %d parts of %d bytes; store it in larger parts", maxParts, len(u.buf))
		}
		done, err := u.putPart(ctx, u.key, id, len(sent)+1, bytes.NewReader(part))
		if err != nil {
			return "", err
		}
		sent = append(sent, done)
		if last {
			break
		}
		if part, last, err = u.next(); err != nil {
			return "", err
		}
	}
	return settle(func() (minio.UploadInfo, error) {
		return u.core.CompleteMultipartUpload(ctx, u.bucket, u.prefix+u.key, id, sent, u.options())
	})
}

// settle stores an object, again where MinIO removed an emptied directory under
// it: it then denies access, or misses the key that it was to write
// (https://github.com/minio/minio/issues/15157).
func settle(store func() (minio.UploadInfo, error)) (etag string, err error) {
	for try := 1; ; try++ {
		info, err := store()
		var answer minio.ErrorResponse
		if try == tries || !errors.As(err, &answer) || answer.Code != minio.AccessDenied && answer.Code != minio.NoSuchKey {
			return info.ETag, err
		}
	}
}

// options are those of an object. Its body is signed by its hash, not in chunks.
func (u *upload) options() minio.PutObjectOptions {
	opt := minio.PutObjectOptions{ContentType: u.opt.ContentType, DisableContentSha256: true}
	if u.opt.SHA256 != "" {
		opt.UserMetadata = map[string]string{hashName: u.opt.SHA256}
	}
	return opt
}
