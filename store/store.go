// Package store says what Cuepoint remembers and how it is asked: videos, what
// is true of their stages, insights, artifacts and the index of words.
// Databases implement [Store] in packages below; files are not its business.
package store

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Store is a database with the libraries of all workspaces. Its methods, and
// those of its libraries, may be called from many goroutines. Errors carry a
// code of the models package; each method names its own beside INTERNAL,
// STORAGE_FULL, DATA_IN_USE, DATABASE_UNAVAILABLE and the context's.
type Store interface {
	// In returns the library of a workspace. Nothing it returns, changes or
	// finds belongs to another one. A workspace that nobody has written to is empty.
	In(workspace string) Library

	// Tx runs f in one transaction: what f does through tx happens as a whole,
	// when f returns nil, or not at all, and f alone sees it before. f touches
	// nothing else of the store, and may be called again when the database asks
	// for that. Once a change has failed other than by NOT_FOUND, Tx fails.
	Tx(ctx context.Context, f func(tx Tx) error) error

	// Version names what all libraries hold now. Who notes it and then reads
	// knows, while it is still the same, that what was read still stands.
	Version(ctx context.Context) (string, error)

	// Running lists the stages that are running in all workspaces, but for those
	// of deleted videos.
	Running(ctx context.Context) ([]Running, error)

	// EachVideo lists videos of all workspaces, deleted ones too, with their runs,
	// by id: at most limit of those after an id.
	EachVideo(ctx context.Context, after string, limit int) ([]*models.Video, error)

	// Expired lists the videos of all workspaces that were deleted until a time
	// that has come, with their runs: at most limit, those first that may have been
	// forgotten for longest.
	Expired(ctx context.Context, now time.Time, limit int) ([]*models.Video, error)

	// SourceInUse tells whether a video of any workspace has this key for the
	// bytes of its source or of its captions, or an upload that has not ended for
	// its own. Deleted videos use theirs until they are purged.
	SourceInUse(ctx context.Context, key string) (bool, error)

	// Events lists events of all workspaces: at most limit of those after a
	// cursor, 0 for the first that is kept. Once an event was returned, none
	// appears before it. Those of one video, or of one upload, are in the order they
	// were recorded in.
	Events(ctx context.Context, after int64, limit int) ([]models.Event, error)

	// LastEvent returns the cursor of the newest event, 0 where there never was
	// one. What is recorded from now on comes after it.
	LastEvent(ctx context.Context) (int64, error)

	// Changes returns a channel that receives when there may be new events, until
	// ctx ends; it is not closed. It holds one such hint and drops further ones. A
	// hint may get lost: who waits for events asks again now and then.
	Changes(ctx context.Context) <-chan struct{}

	// DropEvents forgets events from before a time.
	DropEvents(ctx context.Context, before time.Time) error

	// Garbage lists the prefixes of keys that were discarded and are due, at most
	// limit, those first that have been due for longest.
	Garbage(ctx context.Context, now time.Time, limit int) ([]string, error)

	// Forget takes a prefix off the list. It may be called twice.
	Forget(ctx context.Context, prefix string) error

	Access
	Intake

	// DropRequests forgets requests from before a time.
	DropRequests(ctx context.Context, before time.Time) error

	// Close ends the connections. It may be called twice.
	Close() error
}

// Tx is a transaction under way. It is for one goroutine.
type Tx interface {
	In(workspace string) TxLibrary

	// Committed has f called once the transaction has been committed, before Tx
	// returns. A process that ends in between never calls it.
	Committed(f func())

	// Handle is the driver's own transaction, a *sql.Tx or a pgx.Tx, for who
	// keeps something else in the same database.
	Handle() any
}

// TxLibrary is a library within a transaction.
type TxLibrary interface {
	Library

	// Lock returns a video as Video does. Nobody else changes the video or its
	// runs until the transaction ends. NOT_FOUND.
	Lock(ctx context.Context, id string) (*models.Video, error)

	// Change writes all that a change to a video brings with it, as UpdateVideo,
	// SetRun, Commit and Record would one after the other. Who calls it has locked
	// the video, which is not deleted, or has created it.
	Change(ctx context.Context, c Change) error

	// Record adds events, to be seen when the transaction has ended. Their
	// Workspace is this one, whatever they say, and their Cursor the store's to
	// give. Who records events of a video has locked or changed it before, and of
	// an upload has taken, saved or created it.
	Record(ctx context.Context, events ...models.Event) error

	// StandingEdits lists all edits of a video's cues of a kind that are not
	// reverted, in the order in which they were made.
	StandingEdits(ctx context.Context, videoID string, kind models.CueKind) ([]models.Edit, error)

	// Discard notes that nobody needs what lies under these prefixes of keys from
	// a time on. Of several times for one prefix the earliest stands.
	Discard(ctx context.Context, due time.Time, prefixes ...string) error

	// PutOperation adds an operation on a video, in this workspace whatever it
	// says. NOT_FOUND without the video, for a deleted one too. ALREADY_EXISTS if
	// its id is taken.
	PutOperation(ctx context.Context, o models.Operation) error

	// FinishOperations ends what goes on about a video: with an error, or nil
	// where all is well.
	FinishOperations(ctx context.Context, videoID string, failure *models.Error, at time.Time) error

	// Remember notes a request with its answer. ALREADY_EXISTS where its method
	// has one of that name, after which nothing of the transaction happens: of
	// those that ask at once one does. Its answer is there to [Library.Recall] then.
	Remember(ctx context.Context, r models.Request) error
}

// Library is what one workspace remembers. What belongs to another is
// NOT_FOUND here.
type Library interface {
	// CreateVideo adds a video, and sets its Workspace to this one.
	// ALREADY_EXISTS if its id is taken, or a video that is not deleted has its
	// external id or, of those that are no duplicates as it is none, its source
	// hash. Who lets it share another's blob has locked that one.
	CreateVideo(ctx context.Context, v *models.Video) error

	// Video returns a video, which may be deleted, with its runs. NOT_FOUND.
	Video(ctx context.Context, id string) (*models.Video, error)

	// VideoBySHA256 returns the video made of these source bytes that is not
	// deleted: the one that is no duplicate, or else the oldest of those that are.
	// NOT_FOUND, which is an answer and no fault.
	VideoBySHA256(ctx context.Context, sum string) (*models.Video, error)

	// Duplicates lists the duplicates made of these source bytes that are not
	// deleted, the oldest first.
	Duplicates(ctx context.Context, sum string) ([]*models.Video, error)

	// Videos lists videos. A page goes on behind the last video of the page
	// before, whatever came or went meanwhile. INVALID_ARGUMENT for a filter or
	// an order that cannot be, and for a page token that was not given for this
	// filter and order.
	Videos(ctx context.Context, q VideoQuery) (VideoPage, error)

	// UpdateVideo changes what u sets. NOT_FOUND, for a deleted video too.
	// CONFLICT where the revision is another, ALREADY_EXISTS where a video that
	// is not deleted has the external id.
	UpdateVideo(ctx context.Context, id string, u VideoUpdate) error

	// DeleteVideo hides a video and all that was found in it, until a time from
	// which on it may be forgotten, or for ever where that is zero: it can be read
	// by its id and listed by its state, and nothing else. NOT_FOUND, for a deleted
	// video too.
	DeleteVideo(ctx context.Context, id string, until time.Time) error

	// UndeleteVideo brings a deleted video back as it was. NOT_FOUND unless
	// there is one, ALREADY_EXISTS where its source came again since, or its
	// external id was given away.
	UndeleteVideo(ctx context.Context, id string) error

	// PurgeVideo forgets a video, deleted or not, and all that was found in it.
	// NOT_FOUND.
	PurgeVideo(ctx context.Context, id string) error

	// SetRun writes what is true of stages, replacing what was, and forgets what
	// is provisional of runs that are running no longer. NOT_FOUND, for a deleted
	// video too.
	SetRun(ctx context.Context, videoID string, runs ...models.StageRun) error

	// Beat notes that a run is alive and what it has found since the beat before,
	// and says whether it still is: running, and under this fence. Where it is
	// not, nothing changes. A beat may come twice.
	Beat(ctx context.Context, b Beat) (alive bool, err error)

	// Provisional lists what a running run has found so far, in the order it was
	// found. It is kept here alone, and only until the run ends in whatever way,
	// or its stage gets another: nothing is listed then.
	Provisional(ctx context.Context, q ProvisionalQuery) ([]models.Cue, error)

	// Commit replaces everything the stage had written with a new result and
	// writes its run, in one transaction. NOT_FOUND, for a deleted video too.
	Commit(ctx context.Context, c Commit) error

	// Cues lists the cues of a video in order of time.
	Cues(ctx context.Context, q CueQuery) ([]models.Cue, error)

	// Edit returns an edit. NOT_FOUND, also where its video is deleted.
	Edit(ctx context.Context, id string) (models.Edit, error)

	// Edits lists the edits of a video, newest first. INVALID_ARGUMENT for a page
	// token that no earlier page gave.
	Edits(ctx context.Context, q EditQuery) (EditPage, error)

	// Artifacts lists the published files of a video by stage and path.
	Artifacts(ctx context.Context, videoID string) ([]models.Artifact, error)

	// Search finds cues by their terms, best first. Every database finds the
	// same cues; their order may differ. INVALID_ARGUMENT without a term.
	Search(ctx context.Context, q SearchQuery) ([]Match, error)

	Keyring
	Uploads
	Watches

	// Operation returns an operation. NOT_FOUND.
	Operation(ctx context.Context, id string) (models.Operation, error)

	// Operations lists operations, newest first. INVALID_ARGUMENT for a page
	// token that no earlier page gave.
	Operations(ctx context.Context, q OperationQuery) (OperationPage, error)

	// Recall returns the request that a method remembers under a name. NOT_FOUND,
	// which is an answer and no fault.
	Recall(ctx context.Context, method, id string) (models.Request, error)
}

// Running is a stage that is running.
type Running struct {
	Workspace string
	VideoID   string
	Run       models.StageRun
}

// Beat is a sign of life of a run.
type Beat struct {
	VideoID  string
	Stage    string
	Fence    int64
	Progress float64 // 0 to 1
	At       time.Time

	// Cues are what the run has found, from one on: so many came before. They
	// need no ids, nor to say whose they are.
	Cues   []models.Cue
	Before int
}

// ProvisionalQuery asks for what a run has found so far.
type ProvisionalQuery struct {
	VideoID, Stage, Run string

	After int // leaves out as many of the first
	Limit int // at most this many
}

// VideoQuery asks for a page of videos.
type VideoQuery struct {
	Filter  Filter // nil for all
	Order   Order
	Deleted bool   // deleted ones too
	Size    int    // at most this many; 0 means 50
	Token   string // of the page before, which had the same filter and order; empty for the first
}

// VideoPage is one page. Next is empty on the last.
type VideoPage struct {
	Videos []*models.Video
	Next   string
}

// EditQuery asks for a page of the edits of a video.
type EditQuery struct {
	VideoID string
	States  []models.EditState // empty for all
	Size    int                // at most this many; 0 means 50
	Token   string             // of the page before; empty for the first
}

// EditPage is one page. Next is empty on the last.
type EditPage struct {
	Edits []models.Edit
	Next  string
}

// OperationQuery asks for a page of operations.
type OperationQuery struct {
	Size  int    // at most this many; 0 means 50
	Token string // of the page before; empty for the first
}

// OperationPage is one page. Next is empty on the last.
type OperationPage struct {
	Operations []models.Operation
	Next       string
}

// VideoUpdate sets the fields that are not nil.
type VideoUpdate struct {
	State    *models.VideoState // any but VideoDeleted, for which there is DeleteVideo
	Error    **models.Error     // to a nil pointer: no error any more
	Title    *string
	Source   *string
	Blob     *string
	Language *string
	Captions *models.Sidecar

	Labels     *map[string]string // all of them
	ExternalID *string            // empty for none
	Poster     **time.Duration    // to a nil pointer: the best one

	// IfRevision is the only revision that may be changed.
	IfRevision *int64
}

// Change is a change to a video.
type Change struct {
	VideoID string
	Video   VideoUpdate
	Runs    []models.StageRun // but for that of the commit
	Commit  *Commit           // of the same video; nil for none
	Edits   []models.Edit     // added; of those that are there: their state and what they cover
	Cues    *CueChange        // after the commit, by which the revision goes up; nil for none
	Events  []models.Event
}

// CueChange puts cues of a video in the place of others.
type CueChange struct {
	Remove   []string // ids
	Add      []models.Cue
	Postings []models.Posting // of those that are added
}

// Commit is the outcome of a stage.
type Commit struct {
	VideoID   string
	Run       models.StageRun
	Media     *models.MediaInfo // nil to leave the video's
	Cues      []models.Cue
	Artifacts []models.Artifact
	Postings  []models.Posting // nil to leave the video's
}

// CueQuery asks for cues of one video, or by their ids.
type CueQuery struct {
	VideoID string
	Kind    models.CueKind // empty for all
	IDs     []string       // with an empty VideoID: of any video
	// From and To bound the cues to those that overlap the span; To 0 is open.
	From, To time.Duration
}

// SearchQuery asks for cues that hold all phrases.
type SearchQuery struct {
	Phrases []Phrase
	VideoID string           // empty for all
	Kinds   []models.CueKind // empty for all
	Limit   int              // 0 means 50
}

// Phrase is one or more terms, as analyzer/text makes them, that follow each
// other.
type Phrase struct {
	Terms  []string
	Prefix bool // the last term may go on
}

// Match is a cue that was found. Score is how well its words fit (BM25 or what
// the database has): higher is better, comparable within one answer only.
type Match struct {
	CueID string
	Score float64
}
