// Package store says what Cuepoint remembers and how it is asked: videos, what
// is true of their stages, insights, artifacts and the index of words.
// Databases implement [Store] in packages below; files are not its business.
package store

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Store is a database. Its methods may be called from many goroutines. Errors
// carry a code of the models package; each method names its own beside
// INTERNAL and the context's.
type Store interface {
	// CreateVideo adds a video. ALREADY_EXISTS if one with its id, or its
	// source hash, is there.
	CreateVideo(ctx context.Context, v *models.Video) error

	// Video returns a video with its runs. NOT_FOUND.
	Video(ctx context.Context, id string) (*models.Video, error)

	// VideoBySHA256 returns the video made of these source bytes. NOT_FOUND,
	// which is an answer and no fault.
	VideoBySHA256(ctx context.Context, sum string) (*models.Video, error)

	// Videos lists videos, newest first. INVALID_ARGUMENT for a page token that
	// no earlier page gave.
	Videos(ctx context.Context, q VideoQuery) (VideoPage, error)

	// UpdateVideo changes what u sets. NOT_FOUND.
	UpdateVideo(ctx context.Context, id string, u VideoUpdate) error

	// DeleteVideo forgets a video and all that was found in it. NOT_FOUND.
	DeleteVideo(ctx context.Context, id string) error

	// SourceInUse tells whether a video was made of, or came with, these bytes.
	SourceInUse(ctx context.Context, sum string) (bool, error)

	// SetRun writes what is true of a stage, replacing what was. NOT_FOUND.
	SetRun(ctx context.Context, videoID string, run models.StageRun) error

	// Commit replaces everything the stage had written with a new result and
	// writes its run, in one transaction. NOT_FOUND.
	Commit(ctx context.Context, c Commit) error

	// Cues lists the cues of a video in order of time.
	Cues(ctx context.Context, q CueQuery) ([]models.Cue, error)

	// Artifacts lists the published files of a video by stage and path.
	Artifacts(ctx context.Context, videoID string) ([]models.Artifact, error)

	// Search finds cues by their terms, best first.
	Search(ctx context.Context, q SearchQuery) ([]Match, error)

	Close() error
}

// VideoQuery asks for a page of videos.
type VideoQuery struct {
	State models.VideoState // empty for all
	Size  int               // at most this many; 0 means 50
	Token string            // of the page before; empty for the first
}

// VideoPage is one page. Next is empty on the last.
type VideoPage struct {
	Videos []*models.Video
	Next   string
}

// VideoUpdate sets the fields that are not nil.
type VideoUpdate struct {
	State    *models.VideoState
	Error    **models.Error // to a nil pointer: no error any more
	Title    *string
	Source   *string
	Language *string
	Captions *models.Sidecar
}

// Commit is the outcome of a stage.
type Commit struct {
	VideoID   string
	Run       models.StageRun
	Media     *models.MediaInfo // nil to leave the video's
	Cues      []models.Cue
	Artifacts []models.Artifact
	Postings  []models.Posting // nil to leave the video's
	Stale     []string         // stages whose results rest on this one: done runs become pending
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

// Phrase is one or more terms that follow each other.
type Phrase struct {
	Terms  []string
	Prefix bool // the last term may go on
}

// Match is a cue that was found. Score is BM25, higher is better, comparable
// within one answer only.
type Match struct {
	CueID string
	Score float64
}
