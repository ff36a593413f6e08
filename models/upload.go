package models

import "time"

// UploadState is where an upload stands, from a closed list.
type UploadState string

// The states of an upload. The last four are ends.
const (
	UploadReceiving UploadState = "receiving" // bytes may come
	UploadFinishing UploadState = "finishing" // all came, and are being made a video
	UploadDone      UploadState = "done"      // they are one: see VideoID
	UploadFailed    UploadState = "failed"    // nothing comes of it: see Error
	UploadCanceled  UploadState = "canceled"  // by its owner
	UploadExpired   UploadState = "expired"   // too little came in time
)

// Ended says whether nothing more happens to an upload in this state.
func (s UploadState) Ended() bool { return s != UploadReceiving && s != UploadFinishing }

// UploadMethod is how the bytes of an upload come, from a closed list.
type UploadMethod string

// The methods of uploads.
const (
	UploadTus       UploadMethod = "tus"       // in pieces, to this server
	UploadPut       UploadMethod = "put"       // at once, to the bucket by a presigned request
	UploadMultipart UploadMethod = "multipart" // in parts, to the bucket by presigned requests
	UploadImport    UploadMethod = "import"    // downloaded from Source
	UploadWatch     UploadMethod = "watch"     // found in a folder or below a prefix: Source
)

// Presigned says whether a client puts the bytes into the bucket itself.
func (m UploadMethod) Presigned() bool { return m == UploadPut || m == UploadMultipart }

// Upload is a file on its way in. Its id is unique among all workspaces.
type Upload struct {
	ID        string
	Workspace string
	Method    UploadMethod
	State     UploadState
	Error     *Error // why it failed; while it goes on, why the last attempt did

	Filename    string // for people; may be empty
	ContentType string // as announced; means nothing
	Length      int64  // in bytes; -1 while nobody knows
	Offset      int64  // bytes that outlive a crash of the machine
	SHA256      string // lower-case hex: what was announced, or else what came once it is done
	Metadata    string // the Upload-Metadata of tus, as it was sent
	Source      string // where an import or a watch has it from, for people
	Download    []byte // how an import goes on, with the secrets of its address: never shown; nil once it has ended

	Origin    string // the web origin that may send it; empty for this server's own alone
	TokenHash string // SHA-256 in lower-case hex of what lets who has no key send it; empty for none

	Video     UploadVideo
	VideoID   string // what it became; empty before
	Duplicate bool   // VideoID is a video that was there before

	Key    string // of the blob that its bytes become
	Growth []byte // how far that blob is, as its store wrote it down; nil before the first byte

	Fence    int64     // goes up with every writer: an earlier one's changes are refused
	Due      time.Time // when somebody has to see to it next; zero for never
	Attempts int       // of an import, since bytes last came

	Created time.Time
	Updated time.Time
	Expires time.Time // when it ends if it has not by then
}

// UploadVideo is what the owner says of the video that an upload becomes.
type UploadVideo struct {
	Title      string            `json:"title,omitempty"`
	Language   string            `json:"language,omitempty"` // BCP 47
	Labels     map[string]string `json:"labels,omitempty"`
	ExternalID string            `json:"external_id,omitempty"`
	// AllowDuplicate makes it a video of its own even where one of the same bytes
	// is there; they share the blob.
	AllowDuplicate bool `json:"allow_duplicate,omitempty"`
	// Captions came beside it and are kept already; nil for none.
	Captions *Sidecar `json:"captions,omitempty"`
}
