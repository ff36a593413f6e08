// Package edits lays what people changed over what stages found. It is pure:
// cues and edits go in, what is seen comes out; package analyzer does that in
// transactions.
//
// An edit takes some cues of one kind away and puts others in their place. What
// is seen are the cues that a stage found with all standing edits laid over
// them, one after the other in the order in which they were made, so that one
// may stand on another. When the stage has run again, its new cues have nothing
// in common with the ones before but that they may say the same at the same
// time: [Anchor] finds those that do. An edit that finds none is orphaned, shows
// nothing, and is tried again with the next result.
//
// A cue that is edited keeps its id: the moment is the same one. Of several that
// become one the first gives its id, as does one that becomes several to the
// first of these.
package edits
