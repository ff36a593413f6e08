package models

import "time"

// EventType names a transition, from a closed list.
type EventType string

// The types of events.
const (
	EventVideoCreated     EventType = "video.created"
	EventVideoState       EventType = "video.state" // State says which one it came to
	EventVideoDeleted     EventType = "video.deleted"
	EventVideoUndeleted   EventType = "video.undeleted"
	EventVideoPurged      EventType = "video.purged"
	EventStageStatus      EventType = "stage.status"      // Status says which one it came to
	EventStageRescheduled EventType = "stage.rescheduled" // an attempt ended without a result, and another is due: Error says why
	EventTranscriptEdited EventType = "transcript.edited" // somebody changed segments, or took such a change back
	EventChaptersEdited   EventType = "chapters.edited"   // likewise chapters
	EventEditsOrphaned    EventType = "edits.orphaned"    // a stage ran again, and edits lost what they were made on

	EventUploadCreated  EventType = "upload.created"
	EventUploadReceived EventType = "upload.received" // all bytes came
	EventUploadDone     EventType = "upload.done"     // VideoID is what it became
	EventUploadFailed   EventType = "upload.failed"   // Error says why
	EventUploadCanceled EventType = "upload.canceled"
	EventUploadExpired  EventType = "upload.expired"
)

// Event is one transition of one video, or of an upload. Events are kept for a time and can be
// read again from any cursor on.
type Event struct {
	Cursor    int64 // goes up from event to event; there are gaps
	Workspace string
	VideoID   string // empty for an upload that is no video
	UploadID  string // of the upload that it is about; empty for events of a video
	Type      EventType
	State     VideoState  // of the video, after it
	Stage     string      // empty for events of the video
	Status    StageStatus // of the stage, after it
	Attempt   int         // of the stage
	Error     *Error
	Time      time.Time
}
