package models

import (
	"slices"
	"time"
)

// Scope is something that a key allows, from a closed list.
type Scope string

// The scopes. None includes another but for admin, which includes them all.
const (
	ScopeRead  Scope = "read"  // see what is there
	ScopeWrite Scope = "write" // add, change and delete videos
	ScopePlay  Scope = "play"  // play videos
	ScopeAdmin Scope = "admin" // everything in the workspace, its keys too
)

// Scopes are all scopes there are.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopePlay, ScopeAdmin} }

// Key lets who knows its secret into one workspace. The secret itself is kept
// nowhere.
type Key struct {
	ID        string // is no secret, and unique among all workspaces
	Workspace string
	Title     string // what it is for, in its owner's words
	Scopes    []Scope
	Hash      string // SHA-256 of the secret, lower-case hex

	Created  time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // zero: never; coarse
	Revoked  time.Time // zero: it is not
}

// Active tells whether the key lets anybody in at a time.
func (k *Key) Active(at time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || at.Before(k.Expires))
}

// Session is a browser that signed in. It allows what it says, to who knows the
// secret in its cookie, which is kept nowhere.
type Session struct {
	Hash      string // SHA-256 of the secret, lower-case hex
	Workspace string
	Scopes    []Scope
	Key       string // id of the key that it was made by, whose revocation ends it; empty where none was
	Person    string // whom a provider named who signed in there; empty for who did not

	Created time.Time
	Expires time.Time
}

// Active tells whether the session lets anybody in at a time.
func (s *Session) Active(at time.Time) bool { return at.Before(s.Expires) }

// Allows tells whether scopes include one.
func Allows(scopes []Scope, one Scope) bool {
	return slices.Contains(scopes, one) || slices.Contains(scopes, ScopeAdmin)
}
