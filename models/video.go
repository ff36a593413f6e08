package models

import "time"

// VideoState is where a video stands on its way, from a closed list.
type VideoState string

// The states of a video.
const (
	VideoUploading  VideoState = "uploading"  // bytes are still arriving
	VideoQueued     VideoState = "queued"     // stored, nothing has run yet
	VideoProcessing VideoState = "processing" // some stage has run or is running
	VideoReady      VideoState = "ready"      // every stage is done or was skipped
	VideoPartial    VideoState = "partial"    // usable, but a stage failed or the source is truncated
	VideoFailed     VideoState = "failed"     // a required stage failed: nothing to play
	VideoCanceled   VideoState = "canceled"
	VideoDeleted    VideoState = "deleted" // can be restored until it is purged
)

// DefaultWorkspace is the one of an installation that nobody has divided.
const DefaultWorkspace = "default"

// Video is one source file and everything found in it. Its id is unique among
// all workspaces.
type Video struct {
	ID        string
	Workspace string // that it belongs to, which sees no other's

	Title  string // what people call it; the file name without its extension unless given
	Source string // where it came from: a path or URL, for people
	State  VideoState
	Error  *Error // why it is failed or partial

	SHA256   string   // of the source bytes, lower-case hex
	Size     int64    // of the source, in bytes
	Language string   // declared by the owner, BCP 47; empty: to be detected
	Captions *Sidecar // given with the video, nil where none were

	Media *MediaInfo // nil until probed
	Runs  []StageRun // one per stage, in the order they were first set

	Created time.Time
	Updated time.Time
	Deleted time.Time // zero unless State is VideoDeleted
}

// Sidecar is a file that came beside a source. Its bytes are kept as a source's are.
type Sidecar struct {
	Name   string // its file name, which tells its format
	SHA256 string // lower-case hex
}

// Run returns the video's run of a stage, or nil.
func (v *Video) Run(stage string) *StageRun {
	for i := range v.Runs {
		if v.Runs[i].Stage == stage {
			return &v.Runs[i]
		}
	}
	return nil
}

// StageStatus is what is true of one stage of one video, from a closed list.
type StageStatus string

// The statuses of a stage.
const (
	StagePending  StageStatus = "pending"
	StageRunning  StageStatus = "running"
	StageDone     StageStatus = "done"
	StageSkipped  StageStatus = "skipped" // did not apply, or lacked something optional: see the run's error
	StageFailed   StageStatus = "failed"
	StageCanceled StageStatus = "canceled"
)

// StageRun says what is true of a stage. ID names the directory its files were
// published in; Version and Params say what made them, so that a later run
// with the same pair is no work at all.
type StageRun struct {
	ID      string // of the run; changes every time the stage runs
	Stage   string
	Status  StageStatus
	Version int    // of the stage's code
	Params  string // fingerprint of everything else the result depends on
	Attempt int    // 1 for the first
	Error   *Error // why it failed or was skipped; a warning when it is done

	Started  time.Time
	Finished time.Time
}

// Elapsed is how long the run took, 0 while it has not finished.
func (r *StageRun) Elapsed() time.Duration {
	if r.Finished.IsZero() {
		return 0
	}
	return r.Finished.Sub(r.Started)
}
