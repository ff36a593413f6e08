package tus

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
)

// post begins an upload, with its first bytes where the request has some. What
// becomes of those is no error of the beginning: the answer says how many are
// safe, and the next request learns what is wrong, unless that ended the upload.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, at target) error {
	caller, err := h.Door.Admit(r, true)
	if err != nil {
		return err
	}
	begin, err := h.wanted(r)
	if err != nil {
		return err
	}
	chunk, err := h.chunk(r, models.Upload{Length: begin.Length})
	if err != nil {
		return err
	}
	bytes := isContent(r)
	if !bytes && r.ContentLength != 0 {
		return with(http.StatusUnsupportedMediaType, invalid("Content-Type", "bytes of the file are %s", contentType))
	}
	ctx := access.With(context.WithoutCancel(r.Context()), caller)
	created, err := h.Uploads.Create(ctx, caller.Workspace, begin)
	if err != nil {
		return err
	}
	u := created.Upload
	if bytes {
		now, err := h.write(w, r, at, u, 0, chunk)
		switch {
		case models.ErrorCode(err) == models.CodeChecksumMismatch && now.State == models.UploadReceiving:
			_, canceled := h.Uploads.Delete(ctx, u.Workspace, u.ID) // nobody knows of it
			return errors.Join(err, canceled)
		case err != nil && gone(now) != nil:
			return err
		case now.ID != "":
			u = now
		}
	}
	w.Header().Set("Location", Prefix+"/"+u.ID)
	tell(w, u)
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (h *Handler) tooLarge(length int64) error {
	return models.Errorf(models.CodeSourceTooLarge, "%d bytes are more than the limit of %d; cut the file into parts", length, h.MaxSize)
}

// labelPrefix begins the keys of metadata that are labels.
const labelPrefix = "label."

// wanted reads what an upload is to begin with.
func (h *Handler) wanted(r *http.Request) (n ingest.New, err error) {
	n.Method = models.UploadTus
	if r.Header.Get("Upload-Concat") != "" {
		return n, invalid("Upload-Concat", "uploads are not put together here; send the file as one")
	}
	if n.Length, err = announced(r); err != nil {
		return n, err
	}
	if n.Length > h.MaxSize {
		return n, h.tooLarge(n.Length)
	}
	if n.Metadata, err = one(r, "Upload-Metadata"); err != nil {
		return n, err
	}
	said, err := metadata(n.Metadata)
	if err != nil {
		return n, err
	}
	n.Filename, n.ContentType, n.SHA256 = said["filename"], said["filetype"], said["sha256"]
	n.Video = models.UploadVideo{
		Title: said["title"], Language: said["language"], ExternalID: said["external_id"], AllowDuplicate: said["allow_duplicate"] == "true",
	}
	for key, value := range said {
		if label, ok := strings.CutPrefix(key, labelPrefix); ok {
			if n.Video.Labels == nil {
				n.Video.Labels = map[string]string{}
			}
			n.Video.Labels[label] = value
		}
	}
	return n, nil
}
