package app

import (
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// ListEntry is one line of the library, in the JSON form that the command line
// prints.
type ListEntry struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Source   string            `json:"source"`
	State    models.VideoState `json:"state"`
	Error    *DocumentError    `json:"error,omitempty"`
	Duration Seconds           `json:"duration"`
	Created  time.Time         `json:"created"`

	Labels     map[string]string `json:"labels,omitempty"`
	ExternalID string            `json:"external_id,omitempty"`
}

// Entry is the video's line in a listing.
func Entry(v *models.Video) ListEntry {
	e := ListEntry{ID: v.ID, Title: v.Title, Source: v.Source, State: v.State, Created: v.Created, Labels: v.Labels, ExternalID: v.ExternalID}
	if v.Error != nil {
		e.Error = &DocumentError{Code: v.Error.Code, Message: v.Error.Message}
	}
	if v.Media != nil {
		e.Duration = Seconds(v.Media.Duration)
	}
	return e
}
