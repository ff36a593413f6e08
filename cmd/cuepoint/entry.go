package main

import (
	"time"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// listEntry is one line of the library, in the JSON form that the command line
// prints.
type listEntry struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Source   string            `json:"source"`
	State    models.VideoState `json:"state"`
	Error    *errorDocument    `json:"error,omitempty"`
	Duration seconds           `json:"duration"`
	Created  time.Time         `json:"created"`

	Labels     map[string]string `json:"labels,omitempty"`
	ExternalID string            `json:"external_id,omitempty"`
}

// videoEntry is the video's line in a listing.
func videoEntry(v *cuepointv1.Video) listEntry {
	return listEntry{
		ID: videoID(v.GetName()), Title: v.GetTitle(), Source: v.GetSource(), State: stateOf(v.GetState()), Error: errorOf(v.GetError()),
		Duration: seconds(v.GetDuration().AsDuration()), Created: v.GetCreateTime().AsTime(),
		Labels: v.GetLabels(), ExternalID: v.GetExternalId(),
	}
}

func stateOf(s cuepointv1.Video_State) models.VideoState {
	return models.VideoState(word(s.String(), "STATE_"))
}
