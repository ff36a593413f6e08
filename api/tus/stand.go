package tus

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// head says how far an upload is, once nobody writes to it: who asks is about to
// go on. One that is done is as far as it is long, so that a client that lost
// the last answer is content.
func (h *Handler) head(w http.ResponseWriter, r *http.Request, at target) error {
	u, err := h.find(w, r, at)
	if err != nil {
		return err
	}
	if err := takesBytes(u); err != nil {
		return err
	}
	if u.State == models.UploadReceiving {
		if u, err = h.Uploads.Stand(r.Context(), u.Workspace, u.ID); err != nil {
			return err
		}
		if err := gone(u); err != nil {
			return err
		}
	}
	tell(w, u)
	if u.Length >= 0 {
		w.Header().Set("Upload-Length", strconv.FormatInt(u.Length, 10))
	} else {
		w.Header().Set("Upload-Defer-Length", "1")
	}
	if u.Metadata != "" {
		w.Header().Set("Upload-Metadata", u.Metadata)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// delete cancels an upload.
func (h *Handler) delete(w http.ResponseWriter, r *http.Request, at target) error {
	u, err := h.find(w, r, at)
	if err == nil {
		err = gone(u)
	}
	if err != nil {
		return err
	}
	if _, err := h.Uploads.Delete(r.Context(), u.Workspace, u.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// standing is how an upload stands, in JSON.
type standing struct {
	State     models.UploadState `json:"state"`
	Offset    int64              `json:"offset"`
	Length    *int64             `json:"length"` // null while nobody knows
	Expires   *time.Time         `json:"expires,omitempty"`
	Video     string             `json:"video,omitempty"`
	Duplicate bool               `json:"duplicate,omitempty"`
	Error     *reason            `json:"error,omitempty"`
}

// reason is an error as problems tell it.
type reason struct {
	Reason models.Code `json:"reason"`
	Detail string      `json:"detail"`
}

// get says how an upload stands, whatever that is, and disturbs nobody.
func (h *Handler) get(w http.ResponseWriter, r *http.Request, at target) error {
	u, err := h.find(w, r, at)
	if err != nil {
		return err
	}
	return writeStanding(w, u)
}

// complete says that all bytes are there of an upload that does not come here.
func (h *Handler) complete(w http.ResponseWriter, r *http.Request, at target) error {
	u, err := h.find(w, r, at)
	if err == nil {
		err = gone(u)
	}
	if err != nil {
		return err
	}
	if !u.Method.Presigned() {
		return models.Errorf(models.CodeNotApplicable, "an upload of the method %s completes by itself", u.Method)
	}
	if u.State != models.UploadDone {
		ctx, done := h.lasting(r, at)
		defer done()
		if u, err = h.Uploads.Complete(ctx, u.Workspace, u.ID); err != nil {
			return err
		}
	}
	return writeStanding(w, u)
}

func writeStanding(w http.ResponseWriter, u models.Upload) error {
	told := standing{State: u.State, Offset: u.Offset, Duplicate: u.Duplicate}
	if u.Length >= 0 {
		told.Length = &u.Length
	}
	if !u.State.Ended() && !u.Expires.IsZero() {
		told.Expires = &u.Expires
	}
	if u.VideoID != "" {
		told.Video = "videos/" + u.VideoID
	}
	if u.Error != nil {
		told.Error = &reason{u.Error.Code, u.Error.Message}
		if u.Error.Code == models.CodeInternal { // whoever wrote it
			told.Error.Detail = "internal error"
		}
	}
	answer, err := json.Marshal(told)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(answer) //nolint:errcheck // the client has gone
	return nil
}
