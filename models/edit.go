package models

import "time"

// Edit is what somebody changed in what the stages found: some cues of one kind
// were put in the place of others. It outlives the cues it was made on. When
// their stage runs again it is laid over the new ones that say the same, or is
// orphaned where there are none, until there are.
type Edit struct {
	ID      string // a UUID
	VideoID string
	Kind    CueKind
	Author  string // the id of a key, AuthorLocal, or AuthorPerson and a name
	Created time.Time
	State   EditState
	Change  EditChange

	// Covers are the cues that it hides now and would bring back, which may come
	// from edits themselves.
	Covers []Cue
}

// AuthorLocal is the author of what was done on the server's own machine.
const AuthorLocal = "local"

// AuthorPerson is how the author begins who signed in at a provider; whom that
// named follows.
const AuthorPerson = "people/"

// EditState is what became of an edit.
type EditState string

// The states of edits.
const (
	EditActive     EditState = "active"     // it can be seen, at least in part
	EditSuperseded EditState = "superseded" // all of it was edited again
	EditOrphaned   EditState = "orphaned"   // what it was made on is not there any more
	EditReverted   EditState = "reverted"   // for good
)

// EditAction is a way to change cues.
type EditAction string

// The actions.
const (
	EditAdd     EditAction = "add"     // none becomes one
	EditCorrect EditAction = "correct" // one becomes another
	EditMerge   EditAction = "merge"   // neighbours become one
	EditSplit   EditAction = "split"   // one becomes several
	EditRemove  EditAction = "remove"  // one becomes none
	EditRename  EditAction = "rename"  // a speaker gets another name
)

// EditChange is what an edit does. It never changes itself.
type EditChange struct {
	Action EditAction `json:"action"`

	// Before are the cues it was made on, After those it put in their place. A
	// rename has neither.
	Before []Cue `json:"before,omitempty"`
	After  []Cue `json:"after,omitempty"`
	// Set says what of After its author has said. The rest comes from the cues
	// that it covers, whichever these are.
	Set EditFields `json:"set"`

	// From and To are the names of a speaker who is renamed.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// EditFields are what an author can say of a cue.
type EditFields struct {
	Text    bool `json:"text,omitempty"`
	Start   bool `json:"start,omitempty"`
	End     bool `json:"end,omitempty"`
	Speaker bool `json:"speaker,omitempty"`
}
