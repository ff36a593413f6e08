package client

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// begin returns the upload of a name, or else a new one: the first of those that
// were begun under the name which has not come to nothing.
func (c *Client) begin(ctx context.Context, asked *cuepointv1.Upload, name string) (*cuepointv1.Upload, error) {
	if name == "" {
		name = uuid.NewString()
	}
	for n := 0; ; n++ {
		id, err := requestID(asked, name, n)
		if err != nil {
			return nil, err
		}
		up, err := persist(ctx, c.patience, func() (*cuepointv1.Upload, error) {
			return c.Uploads.CreateUpload(ctx, &cuepointv1.CreateUploadRequest{Upload: asked, RequestId: id})
		})
		if err != nil {
			return nil, err
		}
		if up, err = c.upload(ctx, up.GetName()); status.Code(err) == codes.NotFound {
			continue // it has ended long ago
		} else if err != nil {
			return nil, err
		}
		goOn, err := c.goOn(ctx, up)
		if goOn || err != nil {
			return up, err
		}
	}
}

// requestID names the nth attempt at an upload for the server, which answers the
// same request with the same upload.
func requestID(asked *cuepointv1.Upload, name string, n int) (string, error) {
	settings, err := proto.MarshalOptions{Deterministic: true}.Marshal(asked)
	if err != nil {
		return "", err
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(settings, "\x00%s\x00%d", name, n)).String(), nil
}

// goOn tells whether something comes of an upload, or has come of it that is still
// there: it is a duplicate then.
func (c *Client) goOn(ctx context.Context, up *cuepointv1.Upload) (bool, error) {
	switch up.GetState() {
	case cuepointv1.Upload_STATE_RECEIVING, cuepointv1.Upload_STATE_FINISHING:
		return true, nil
	case cuepointv1.Upload_STATE_DONE:
		if up.GetVideoSettings().GetAllowDuplicate() || up.GetMethod() == cuepointv1.Upload_METHOD_IMPORT {
			return false, nil // another is wanted, or something else may be at the address now
		}
	default:
		return false, nil
	}
	up.Duplicate = true
	video, err := persist(ctx, c.patience, func() (*cuepointv1.Video, error) {
		return c.Videos.GetVideo(ctx, &cuepointv1.GetVideoRequest{Name: up.GetVideo()})
	})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	return video.GetDeleteTime() == nil, err
}

// send sends what is missing of an upload, again and again.
func (c *Client) send(ctx context.Context, up *cuepointv1.Upload, s *source, tell func(UploadProgress)) error {
	again, best := newAttempts(c.patience), int64(-1)
	for {
		offset, err := c.sendOnce(ctx, up.GetUploadUri(), s, tell)
		if offset > best {
			best = offset
			again.gotOn()
		}
		switch {
		case err == nil && offset >= s.size:
			return nil
		case ctx.Err() != nil:
			return status.FromContextError(ctx.Err()).Err()
		case err != nil && !passes(err):
			return c.explain(ctx, up, err)
		case err != nil:
			tell(UploadProgress{Sent: max(best, 0), Size: s.size, Waiting: err})
			if reasonOf(err) == models.CodeConflict {
				c.standBack(ctx, up.GetName())
			}
		default:
			err = refuse(codes.Unavailable, models.CodeServerUnavailable, "the server took a part of it only")
		}
		if err := again.pause(ctx, err); err != nil {
			return err
		}
	}
}

// sendOnce sends what is missing of an upload in one request, and returns how far
// it is known to be then, also beside an error.
func (c *Client) sendOnce(ctx context.Context, uri string, s *source, tell func(UploadProgress)) (int64, error) {
	offset, err := c.web.offset(ctx, uri)
	if err != nil {
		return offset, err
	}
	if err := s.seek(min(offset, s.size)); err != nil || offset >= s.size {
		return offset, err
	}
	b := &body{from: s, at: offset, told: func(at int64) { tell(UploadProgress{Sent: at, Size: s.size}) }}
	b.told(offset)
	there, err := c.web.send(ctx, uri, offset, b)
	if failed := b.failure(); failed != nil {
		return offset, failed
	}
	return max(there, offset), err
}

// standstill is after what time without more bytes a sender counts as gone.
const standstill = 3 * time.Second

// standBack waits while somebody else sends the same upload. Who asks the server
// last is the one who sends: two who do not wait take it from each other.
func (c *Client) standBack(ctx context.Context, name string) {
	for offset := int64(-1); ; {
		up, err := c.upload(ctx, name)
		if err != nil || up.GetState() != cuepointv1.Upload_STATE_RECEIVING || up.GetOffset() == offset {
			return
		}
		offset = up.GetOffset()
		select {
		case <-time.After(standstill):
		case <-ctx.Done():
			return
		}
	}
}

// explain returns why no more can be sent: answers to HEAD do not say.
func (c *Client) explain(ctx context.Context, up *cuepointv1.Upload, err error) error {
	if status.Code(err) != codes.NotFound {
		return err
	}
	now, asked := c.upload(ctx, up.GetName())
	if asked != nil {
		return asked
	}
	if ended := outcome(now); ended != nil {
		return ended
	}
	return err
}

// upload tells how an upload stands.
func (c *Client) upload(ctx context.Context, name string) (*cuepointv1.Upload, error) {
	return persist(ctx, c.patience, func() (*cuepointv1.Upload, error) {
		return c.Uploads.GetUpload(ctx, &cuepointv1.GetUploadRequest{Name: name})
	})
}

// longestLook is the longest time between two looks at an upload that others work on.
const longestLook = 2 * time.Second

// ended waits until an upload has ended, and returns it with the error of one that
// came to nothing.
func (c *Client) ended(ctx context.Context, up *cuepointv1.Upload, tell func(UploadProgress)) (*cuepointv1.Upload, error) {
	for rest := shortestRest; ; rest = min(2*rest, longestLook) {
		now, err := c.upload(ctx, up.GetName())
		if err != nil {
			return up, err
		}
		up = now
		if s := up.GetState(); s != cuepointv1.Upload_STATE_RECEIVING && s != cuepointv1.Upload_STATE_FINISHING {
			return up, outcome(up)
		}
		progress := UploadProgress{Sent: up.GetOffset(), Size: up.GetSize()}
		if up.GetError() != nil { // of an attempt that is followed by another
			progress.Waiting = status.ErrorProto(up.GetError())
		}
		tell(progress)
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return up, status.FromContextError(ctx.Err()).Err()
		}
	}
}

// outcome is the error of an upload that came to nothing.
func outcome(up *cuepointv1.Upload) error {
	switch up.GetState() {
	case cuepointv1.Upload_STATE_FAILED:
		return status.ErrorProto(up.GetError())
	case cuepointv1.Upload_STATE_CANCELED:
		return refuse(codes.FailedPrecondition, models.CodeNotRunning, "somebody canceled the upload; begin another")
	case cuepointv1.Upload_STATE_EXPIRED:
		return refuse(codes.NotFound, models.CodeNotFound, "the upload has expired; begin another")
	default:
		return nil
	}
}

// mismatch deletes the video that was made of other bytes than were sent, and
// returns the error that tells of it.
func (c *Client) mismatch(ctx context.Context, up *cuepointv1.Upload, sum string) error {
	became := up.GetVideo() + ", which was there before"
	if !up.GetDuplicate() {
		became = up.GetVideo() + ", which is deleted"
		if _, err := c.Videos.DeleteVideo(ctx, &cuepointv1.DeleteVideoRequest{Name: up.GetVideo()}); err != nil {
			became = up.GetVideo() + "; delete it"
		}
	}
	return refuse(codes.DataLoss, models.CodeChecksumMismatch,
		fmt.Sprintf("the server has other bytes (SHA-256 %s) than were sent (%s); send the file again. They became %s", up.GetSha256(), sum, became))
}

// persist asks until there is an answer, or an error that does not pass by itself.
func persist[T any](ctx context.Context, patience time.Duration, ask func() (T, error)) (T, error) {
	for again := newAttempts(patience); ; {
		answer, err := ask()
		if err == nil || !passes(err) {
			return answer, err
		}
		if err := again.pause(ctx, err); err != nil {
			return answer, err
		}
	}
}
