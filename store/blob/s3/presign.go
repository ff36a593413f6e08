package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// PresignGet implements [blob.Store].
func (s *Store) PresignGet(ctx context.Context, key string, ttl time.Duration) (blob.Presigned, error) {
	return s.presign(ctx, http.MethodGet, key, ttl, nil, http.Header{})
}

// PresignPut implements [blob.Store].
func (s *Store) PresignPut(ctx context.Context, key string, ttl time.Duration, want blob.PutWant) (blob.Presigned, error) {
	if want.Size < 0 {
		return blob.Presigned{}, models.Errorf(models.CodeInvalidArgument, "a presigned upload must say how many bytes come")
	}
	header := http.Header{"Content-Length": {strconv.FormatInt(want.Size, 10)}}
	if want.ContentType != "" {
		header.Set("Content-Type", want.ContentType)
	}
	if want.SHA256 != "" {
		sum, err := hex.DecodeString(want.SHA256)
		if err != nil {
			return blob.Presigned{}, models.Errorf(models.CodeInvalidArgument, "%.80q is no SHA-256 in hex", want.SHA256).Because(err)
		}
		header.Set("X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum))
	}
	return s.presign(ctx, http.MethodPut, key, ttl, nil, header)
}

func checkTTL(ttl time.Duration) error {
	if ttl < time.Second || ttl > blob.MaxTTL {
		return models.Errorf(models.CodeInvalidArgument, "%s is no time to sign for; give 1 second to %s", ttl, blob.MaxTTL)
	}
	return nil
}

// presign signs a request with all its headers (AWS Signature Version 4).
func (s *Store) presign(ctx context.Context, method, key string, ttl time.Duration, query url.Values, header http.Header) (blob.Presigned, error) {
	if err := errors.Join(blob.CheckKey(key), checkTTL(ttl)); err != nil {
		return blob.Presigned{}, err
	}
	expires := time.Now().Add(ttl)
	address, err := s.public.PresignHeader(ctx, method, s.bucket, s.prefix+key, ttl, query, header)
	if err != nil {
		return blob.Presigned{}, explain(ctx, fmt.Errorf("presign %s: %w", key, err))
	}
	return blob.Presigned{Method: method, URL: address.String(), Header: header, Expires: expires}, nil
}
