package edits

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Overlay is what is seen of one kind of cues of a video. It is for one
// goroutine.
type Overlay struct {
	Kind     models.CueKind
	Stage    string        // that finds them
	Cues     []models.Cue  // in order of time; the overlay's own
	Duration time.Duration // of the video; 0 where it is not known

	split   map[string][]string // texts into words
	renames map[string]bool     // the edits, by id, that were laid and say nothing else of what they cover
}

// Make plans a change, makes it, and returns the edit that does it. The
// caller gives the edit its video, author and time.
func (o *Overlay) Make(plan Plan) (models.Edit, error) {
	change, err := plan(o)
	if err != nil {
		return models.Edit{}, err
	}
	e := models.Edit{ID: models.NewUUID(), Kind: o.Kind, Change: change}
	at := o.find(change.Before)
	if change.Action == models.EditRename {
		at = o.spokenBy(change.From)
	}
	o.lay(&e, at)
	if change.Action != models.EditRename {
		e.Change.After = o.Made(e.ID)
	}
	o.Settle(&e)
	return e, nil
}

// Made are the cues that are seen of an edit.
func (o *Overlay) Made(edit string) (made []models.Cue) {
	for _, c := range o.Cues {
		if c.Edit == edit {
			made = append(made, c)
		}
	}
	return made
}

// Revert takes an edit back. NOT_REVERTIBLE where not all of it is to be seen,
// unless it is orphaned, or where it is reverted already.
func (o *Overlay) Revert(e *models.Edit) error {
	switch {
	case e.State == models.EditReverted:
		return models.Errorf(models.CodeNotRevertible, "edit %s is reverted already", e.ID)
	case e.State == models.EditOrphaned:
		e.State = models.EditReverted
		return nil
	case len(o.Made(e.ID)) != size(e):
		return models.Errorf(models.CodeNotRevertible, "what edit %s made was edited again; revert that first", e.ID)
	}
	o.Cues = slices.DeleteFunc(o.Cues, func(c models.Cue) bool { return c.Edit == e.ID })
	for _, c := range e.Covers {
		o.insert(c)
	}
	o.close()
	e.State, e.Covers = models.EditReverted, nil
	return nil
}

// Settle gives edits that stand the state that follows from what is seen.
func (o *Overlay) Settle(edits ...*models.Edit) {
	for _, e := range edits {
		e.State = models.EditActive
		if size(e) > 0 && len(o.Made(e.ID)) == 0 {
			e.State = models.EditSuperseded
		}
	}
}

// Anchor lays edits, in the order in which they were made, over the cues that a
// stage has found now, and says what has become of each.
func (o *Overlay) Anchor(edits []models.Edit) {
	slices.SortStableFunc(o.Cues, func(a, b models.Cue) int { return cmp.Compare(a.Start, b.Start) })
	var laid []*models.Edit
	for i := range edits {
		e := &edits[i]
		if at, ok := o.place(e); ok {
			o.lay(e, at)
			laid = append(laid, e)
		} else {
			e.State, e.Covers = models.EditOrphaned, nil
		}
	}
	o.Settle(laid...)
}

// size is how many cues an edit that stands has put there.
func size(e *models.Edit) int {
	if e.Change.Action == models.EditRename {
		return len(e.Covers)
	}
	return len(e.Change.After)
}

// find returns where cues are, by their ids; nil where one is missing.
func (o *Overlay) find(cues []models.Cue) []int {
	var at []int
	for _, c := range cues {
		i := o.index(c.ID)
		if i < 0 {
			return nil
		}
		at = append(at, i)
	}
	slices.Sort(at)
	return at
}

func (o *Overlay) index(id string) int {
	return slices.IndexFunc(o.Cues, func(c models.Cue) bool { return c.ID == id })
}

// lay puts an edit in the place of the cues at some indices, in ascending order.
func (o *Overlay) lay(e *models.Edit, at []int) {
	e.Covers = nil
	for _, i := range at {
		e.Covers = append(e.Covers, o.Cues[i])
	}
	for _, i := range slices.Backward(at) {
		o.Cues = slices.Delete(o.Cues, i, i+1)
	}
	if e.Change.Action == models.EditRename {
		if o.renames == nil {
			o.renames = map[string]bool{}
		}
		o.renames[e.ID] = true
	}
	for i, c := range o.rows(e) {
		if o.index(c.ID) >= 0 { // an edit on what this one was made on has found a place of its own
			c.ID = derived(e.ID, i)
		}
		o.insert(c)
	}
	o.close()
}

// insert puts a cue behind those that begin by its time.
func (o *Overlay) insert(c models.Cue) {
	at, _ := slices.BinarySearchFunc(o.Cues, c.Start, func(c models.Cue, start time.Duration) int {
		if c.Start <= start {
			return -1
		}
		return 1
	})
	o.Cues = slices.Insert(o.Cues, at, c)
}

// derived is a UUID for the i-th cue of an edit (RFC 9562, version 8).
func derived(edit string, i int) string {
	b := sha256.Sum256(fmt.Appendf(nil, "%s %d", edit, i))
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// close has chapters follow each other without a gap, whichever of them were
// moved, added or removed.
func (o *Overlay) close() {
	last := len(o.Cues) - 1
	for i := range o.Cues {
		switch c := &o.Cues[i]; {
		case o.Kind != models.CueChapter:
		case i < last:
			c.End = o.Cues[i+1].Start
		case o.Duration > 0:
			c.End = o.Duration
		}
	}
}
