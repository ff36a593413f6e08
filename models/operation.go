package models

import "time"

// Operation is something that a client asked for and that goes on after the
// answer: it can be asked how far that is. It goes with its video.
type Operation struct {
	ID        string // unique among all workspaces
	Workspace string
	VideoID   string
	Method    string // that began it, such as "AnalyzeVideo"
	Created   time.Time
	Done      time.Time // zero while it goes on
	Error     *Error    // why it came to nothing, once it is done
}

// Request is a request that a client gave a name to, so that it can ask again
// and gets the first answer (AIP-155).
type Request struct {
	Method   string // names are the client's own for each method
	ID       string
	Digest   string // of what was asked: the same name must not ask for something else
	VideoID  string // that it was about or made, empty where Response says it all
	Response []byte // the first answer, nil where it is made of the video
	Created  time.Time
}
