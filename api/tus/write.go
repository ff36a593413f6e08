package tus

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
)

// The headers that say what an upload has become.
const (
	videoHeader     = "Cuepoint-Video"
	duplicateHeader = "Cuepoint-Duplicate"
)

// patch adds bytes to an upload.
func (h *Handler) patch(w http.ResponseWriter, r *http.Request, at target) error {
	u, err := h.find(w, r, at)
	if err != nil {
		return err
	}
	if err := takesBytes(u); err != nil {
		return err
	}
	if !isContent(r) {
		return with(http.StatusUnsupportedMediaType, invalid("Content-Type", "want %s", contentType))
	}
	offset, err := number(r, "Upload-Offset")
	if err == nil && offset < 0 {
		err = invalid("Upload-Offset", "want where the bytes belong")
	}
	if err != nil {
		return err
	}
	chunk, err := h.chunk(r, u)
	if err != nil {
		return err
	}
	if u.State == models.UploadDone { // whose client may have lost the answer
		if offset != u.Length || r.ContentLength > 0 {
			return models.Errorf(models.CodeConflict, "the upload is done, with %d bytes", u.Length)
		}
	} else if u, err = h.write(w, r, at, u, offset, chunk); err != nil {
		return err
	}
	tell(w, u)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// chunk reads what a request says of its body, and of the upload's length.
func (h *Handler) chunk(r *http.Request, u models.Upload) (c ingest.Chunk, err error) {
	if c.Checksum, err = checksum(r); err != nil {
		return c, err
	}
	c.Size = max(r.ContentLength, 0)
	length, err := number(r, "Upload-Length")
	switch {
	case err != nil:
		return c, err
	case length < 0 || length == u.Length:
		return c, nil
	case u.Length >= 0:
		return c, invalid("Upload-Length", "it was said to be %d, and stays so", u.Length)
	case length > h.MaxSize:
		return c, h.tooLarge(length)
	case length < u.Offset:
		return c, invalid("Upload-Length", "%d bytes are there already", u.Offset)
	}
	c.Length = &length
	return c, nil
}

// takesBytes refuses uploads that no request adds bytes to.
func takesBytes(u models.Upload) error {
	if u.Method != models.UploadTus {
		return models.Errorf(models.CodeNotApplicable, "the bytes of this upload do not come here, but by the method %s", u.Method)
	}
	return gone(u)
}

// write adds the body of a request to an upload, for as long as the caller may,
// the server lives and no other request does.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, at target, u models.Upload, offset int64, c ingest.Chunk) (models.Upload, error) {
	ctx, done := h.lasting(r, at)
	defer done()
	b := &body{from: r.Body, control: http.NewResponseController(w), idle: h.Idle, whole: r.Body == http.NoBody}
	c.Interrupt = b.interrupt
	u, err := h.Uploads.Write(ctx, u.Workspace, u.ID, offset, b, c)
	if usable := b.close(); !usable && r.ProtoMajor == 1 { // net/http may have taken the interruption for the client's end
		w.Header().Set("Connection", "close")
	}
	switch {
	case err == nil:
		return u, nil
	case errors.Is(err, context.Canceled) && context.Cause(ctx) != nil:
		return u, context.Cause(ctx)
	case c.Checksum != nil && models.ErrorCode(err) == models.CodeChecksumMismatch && u.State == models.UploadReceiving:
		return u, with(statusChecksumMismatch, err)
	}
	return u, err
}

// lasting returns a context for what goes on although the client has gone. It
// ends with the server, and with what the request shows of its caller.
func (h *Handler) lasting(r *http.Request, at target) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	stop := context.AfterFunc(h.Stopping, func() { cancel(shuttingDown()) })
	done := func() {
		stop()
		cancel(nil)
	}
	if at.secret != "" {
		return ctx, done
	}
	ctx, unwatch := h.Door.While(ctx, r)
	return ctx, func() {
		unwatch()
		done()
	}
}

// tell says how an upload stands.
func tell(w http.ResponseWriter, u models.Upload) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(u.Offset, 10))
	if u.State == models.UploadReceiving && !u.Expires.IsZero() {
		w.Header().Set("Upload-Expires", u.Expires.UTC().Format(http.TimeFormat))
	}
	if u.State == models.UploadDone {
		w.Header().Set(videoHeader, "videos/"+u.VideoID)
		if u.Duplicate {
			w.Header().Set(duplicateHeader, "true")
		}
	}
}
