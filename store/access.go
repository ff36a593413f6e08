package store

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Access is who may come in: what is asked before the workspace is known.
type Access interface {
	// Key returns a key of any workspace, which may be revoked or expired. NOT_FOUND.
	Key(ctx context.Context, id string) (models.Key, error)

	// TouchKey notes that a key was used. The latest time stands.
	TouchKey(ctx context.Context, id string, at time.Time) error

	// HasKeys tells whether there ever was a key.
	HasKeys(ctx context.Context) (bool, error)

	// CreateSession adds a session. ALREADY_EXISTS if its hash is taken.
	CreateSession(ctx context.Context, s models.Session) error

	// Session returns a session, which may have expired. NOT_FOUND, also where
	// the key that it was made by is revoked or not there.
	Session(ctx context.Context, hash string) (models.Session, error)

	// EndSession forgets a session. It may be called twice.
	EndSession(ctx context.Context, hash string) error

	// DropSessions forgets the sessions that expired before a time.
	DropSessions(ctx context.Context, before time.Time) error
}

// Keyring is the keys of a workspace.
type Keyring interface {
	// CreateKey adds a key, in this workspace whatever it says. ALREADY_EXISTS if
	// its id is taken.
	CreateKey(ctx context.Context, k models.Key) error

	// Keys lists all keys, newest first, those too that let nobody in any more.
	Keys(ctx context.Context) ([]models.Key, error)

	// RevokeKey ends a key for good, and the sessions that it made. The first
	// time stands. NOT_FOUND.
	RevokeKey(ctx context.Context, id string, at time.Time) error
}
