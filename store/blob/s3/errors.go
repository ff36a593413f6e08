package s3

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/cuepoint/cuepoint/models"
)

// explain gives an error of the store its code. One that has a code, as those
// of a Put's reader may, keeps it.
func explain(ctx context.Context, err error) error {
	var known *models.Error
	var answer minio.ErrorResponse
	var network net.Error
	switch {
	case ctx.Err() != nil, errors.As(err, &known):
		return err
	case errors.As(err, &answer):
		return explainAnswer(answer, err)
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return models.Errorf(models.CodeStorageUnavailable, "the store of files cannot be reached; run again when it can").Because(err)
	}
	return err
}

// explainAnswer is explain for what the store itself says.
func explainAnswer(answer minio.ErrorResponse, err error) error {
	switch answer.Code {
	case minio.NoSuchKey, "NotFound":
		return models.Errorf(models.CodeNotFound, "there is no such file").Because(err)
	case minio.NoSuchBucket:
		return models.Errorf(models.CodeStorageUnavailable, "the bucket %s is gone; make it again", answer.BucketName).Because(err)
	case "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded":
		return models.Errorf(models.CodeStorageFull, "the store of files is full; free some space and run again").Because(err)
	case "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "InvalidDigest":
		return models.Errorf(models.CodeChecksumMismatch, "the bytes were damaged on their way to the store; run again").Because(err)
	case "InvalidPart":
		return models.Errorf(models.CodeChecksumMismatch, "a part was sent anew while they were joined; run again").Because(err)
	case "EntityTooLarge":
		return models.Errorf(models.CodeSourceTooLarge, "larger than the store takes; cut it into parts").Because(err)
	case "XMinioParentIsObject", "XMinioInvalidObjectName", "XMinioObjectExistsAsDirectory":
		return models.Errorf(models.CodeInvalidArgument, "the store refuses this key; choose another").Because(err)
	case minio.AccessDenied, "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed":
		return models.Errorf(models.CodeStorageUnavailable,
			"the store of files refuses our credentials (%s); check its keys, its policy and the clock", answer.Code).Because(err)
	}
	switch {
	case answer.StatusCode == http.StatusInsufficientStorage:
		return models.Errorf(models.CodeStorageFull, "the store of files is full; free some space and run again").Because(err)
	case answer.StatusCode >= http.StatusInternalServerError, answer.StatusCode == http.StatusTooManyRequests:
		return models.Errorf(models.CodeStorageUnavailable, "the store of files does not work now (%s); run again later", answer.Code).Because(err)
	}
	return err
}

// gone is explain for a blob that grows: NOT_FOUND where the answer is that what
// it consists of is gone.
func gone(ctx context.Context, key, answer string, err error) error {
	if minio.ToErrorResponse(err).Code == answer {
		return errGone(key).Because(err)
	}
	return missed(ctx, err)
}

// missed is explain for what is written: what is missing then is no fault of
// ours, and passes. See settle.
func missed(ctx context.Context, err error) error {
	if isMissing(err) {
		return models.Errorf(models.CodeStorageUnavailable, "the store of files does not find what it is to write; run again").Because(err)
	}
	return explain(ctx, err)
}

func errGone(key string) *models.Error {
	return models.Errorf(models.CodeNotFound, "what came of %s is gone; send it again", key)
}

// isMissing says that an answer is about something that is not there any more.
func isMissing(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket
}
