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

	Blob     string   // key of the source's bytes among the blobs
	SHA256   string   // of the source bytes, lower-case hex
	Size     int64    // of the source, in bytes
	Language string   // declared by the owner, BCP 47; empty: to be detected
	Captions *Sidecar // given with the video, nil where none were

	// Duplicate says that it was made although the workspace had one of the same
	// bytes. It may share that one's blob.
	Duplicate bool

	// The owner's own words for it.
	Labels     map[string]string // nil where there are none
	ExternalID string            // names it in another system; unique in the workspace, but for deleted videos

	// Poster is where to look for the picture that stands for the video: the
	// thumbnail nearest to it. nil: the one that was found to be the best.
	Poster *time.Duration

	// Revision goes up with every change of what the owner may edit: title,
	// language, captions, labels, external id, poster, and what was found.
	Revision int64

	Media *MediaInfo // nil until probed
	Runs  []StageRun // one per stage, in the order they were first set

	Created time.Time
	Updated time.Time
	Deleted time.Time // zero unless State is VideoDeleted
	Purge   time.Time // when a deleted one may be forgotten; zero for never
}

// Sidecar is a file that came beside a source. Its bytes are kept as a source's are.
type Sidecar struct {
	Name   string // its file name, which tells its format
	Blob   string // key of its bytes among the blobs
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

// StageRun says what is true of a stage: of the attempt under way or the last
// one, and of the result that can be read meanwhile.
type StageRun struct {
	ID      string // of the attempt; the directory of its files has it in its name
	Stage   string
	Status  StageStatus
	Version int    // of the stage's code
	Params  string // fingerprint of the stage's own settings
	Error   *Error // why it failed or was skipped; a warning when it is done; the last attempt's while the next one is due

	// Fence goes up whenever the stage is made due, taken back or ended from
	// outside. Only who holds the current one may change the run.
	Fence     int64
	Worker    string    // that has the attempt under way
	Heartbeat time.Time // its last sign of life
	Progress  float64   // of the attempt under way, 0 to 1
	Due       time.Time // of a pending stage: when it may start; zero while it waits for other stages

	// Counted since the stage was last asked for.
	Attempt  int // how often it was begun; 1 for the first
	Failures int // attempts that failed
	Crashes  int // of them, those in which an engine died
	Losses   int // attempts whose worker went away

	Started  time.Time
	Finished time.Time

	Result StageResult
}

// StageResult is what a stage committed last. Its zero value is no result.
type StageResult struct {
	Run         string // the attempt that made it
	Fingerprint string // of everything it depends on: the same one means the same result
	Sums        string // SHA-256 of the list of its files' hashes, lower-case hex; empty without files
	Warning     *Error // it stands, but makes the video partial
}

// Elapsed is how long the run took, 0 while it has not finished and for one that
// never began.
func (r *StageRun) Elapsed() time.Duration {
	if r.Started.IsZero() || r.Finished.IsZero() {
		return 0
	}
	return r.Finished.Sub(r.Started)
}
