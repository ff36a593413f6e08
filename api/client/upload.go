package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// UploadOptions say what is known of a file that becomes a video, and how to see
// it on its way.
type UploadOptions struct {
	// Filename is for people. The video's title is made of it, unless Video has one.
	Filename string
	// Video is what the owner says of the video; nil for nothing.
	Video *cuepointv1.VideoSettings
	// Resume names the file with what is in it, such as by its path, size and time.
	// An upload of the same name and settings that has not ended is gone on with,
	// whoever began it, for seven days; the video of one that is done is returned,
	// as a duplicate, while it is there. Empty for an upload of its own.
	Resume string
	// Progress is called often, never twice at a time, and should return soon.
	Progress func(UploadProgress)
}

// UploadProgress is how far an upload is.
type UploadProgress struct {
	Sent int64 // bytes that are there, or on their way
	Size int64 // 0 while nobody knows
	// Waiting is why nothing moves: the server, or the way to it, is away. Nil
	// where it does.
	Waiting error
}

// Upload sends a file, whatever the network does, and returns the upload when a
// video has been made of it; Video and Duplicate tell which. Where the connection
// or the server goes away it goes on from the last byte that is safe there, for as
// long as [WithPatience] says.
//
// Errors are statuses, as those of all calls: EMPTY_FILE, SOURCE_UNAVAILABLE where
// the file changes while it is sent, after which the upload is canceled,
// CHECKSUM_MISMATCH where something else arrived than was sent, and those of
// CreateUpload and of the video's making. After QUOTA_EXCEEDED, STORAGE_FULL, and
// the end of patience or of ctx, the upload can be gone on with; see Resume. It
// comes beside the error where there is one.
func (c *Client) Upload(ctx context.Context, file io.ReadSeeker, o UploadOptions) (*cuepointv1.Upload, error) {
	if c.web == nil {
		return nil, refuse(codes.Unimplemented, models.CodeUnimplemented, "files are sent to a server's address: make the client with Dial")
	}
	s, err := newSource(file)
	if err != nil {
		return nil, err
	}
	up, err := c.begin(ctx, &cuepointv1.Upload{
		Method: cuepointv1.Upload_METHOD_TUS, Filename: valid(o.Filename), Size: s.size, VideoSettings: o.Video,
	}, o.Resume)
	if err != nil || up.GetState() == cuepointv1.Upload_STATE_DONE {
		return up, err
	}
	sent := up.GetState() == cuepointv1.Upload_STATE_RECEIVING
	if sent {
		err = c.send(ctx, up, s, o.tell)
	}
	if err == nil {
		up, err = c.ended(ctx, up, o.tell)
	}
	switch {
	case errors.Is(err, errChanged):
		if canceled, failed := c.Uploads.DeleteUpload(ctx, &cuepointv1.DeleteUploadRequest{Name: up.GetName()}); failed == nil { // else it expires
			up = canceled
		}
	case err == nil && sent && up.GetSha256() != s.sum():
		err = c.mismatch(ctx, up, s.sum())
	}
	return up, err
}

// UploadFile sends the file at a path, as [Client.Upload] does. It is its own name
// for people, and to go on with, unless o has others.
func (c *Client) UploadFile(ctx context.Context, path string, o UploadOptions) (*cuepointv1.Upload, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refuse(codes.FailedPrecondition, models.CodeSourceUnavailable, path+" is no file; name one")
	}
	if o.Filename == "" {
		o.Filename = filepath.Base(path)
	}
	if o.Resume == "" {
		whole, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		host, _ := os.Hostname() // without one, machines are told apart by their files alone
		o.Resume = fmt.Sprintf("%s\x00%s\x00%d\x00%d", host, whole, info.Size(), info.ModTime().UnixNano())
	}
	return c.Upload(ctx, f, o)
}

// Import has the server download a video from an http:// or https:// address, and
// returns the upload when the video has been made; Progress tells how far that is.
// With a Resume, one for the same address that has not ended is waited for.
func (c *Client) Import(ctx context.Context, address string, o UploadOptions) (*cuepointv1.Upload, error) {
	up, err := c.begin(ctx, &cuepointv1.Upload{
		Method: cuepointv1.Upload_METHOD_IMPORT, Filename: valid(o.Filename), SourceUri: address, VideoSettings: o.Video,
	}, o.Resume)
	if err != nil || up.GetState() == cuepointv1.Upload_STATE_DONE {
		return up, err
	}
	return c.ended(ctx, up, o.tell)
}

func (o *UploadOptions) tell(p UploadProgress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
