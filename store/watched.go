package store

import (
	"context"
	"time"
)

// Watches are what is known of the files of folders and buckets that are watched.
type Watches interface {
	// Watched returns what is known of some files of a watch, in any order. Of
	// those that nobody has taken up it returns nothing.
	Watched(ctx context.Context, watch string, names []string) ([]Watched, error)

	// DueWatched lists files of a watch whose Due has come: at most limit, those
	// first that have been due for longest.
	DueWatched(ctx context.Context, watch string, now time.Time, limit int) ([]Watched, error)

	// SaveWatched writes what is known of a file and raises its revision. CONFLICT
	// where w's is not the one that is known, which is 0 where nothing is: of
	// several at once one does it.
	SaveWatched(ctx context.Context, w Watched) error
}

// Watched is a file that somebody else keeps where we look, and how far it is
// with us.
type Watched struct {
	Watch string // where that is
	Name  string // of the file there; any bytes at all

	Version  string // of its content, that was taken or refused; empty to take whatever it holds
	Sidecar  string // version of its sidecar, because of which it was refused; empty for another reason
	UploadID string // what it became

	Due      time.Time // when somebody has to go on with it; zero where nobody has to until it changes
	Attempts int       // that were in vain since bytes last came
	Revision int64     // goes up with every change
}
