package analyzer

import (
	"bytes"
	"context"
	"slices"

	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// editable are the kinds of cues that people may change, each with the stage that
// writes them and what happens when somebody has changed some.
var editable = map[models.CueKind]struct {
	stage string
	event models.EventType
}{
	models.CueSpeech:  {"speech", models.EventTranscriptEdited},
	models.CueChapter: {"chapters", models.EventChaptersEdited},
}

// Editor is who edits.
type Editor struct {
	Author     string // as [models.Edit] has it
	IfRevision *int64 // the only revision of the video that may be edited; nil for any
}

// Edit changes the speech or the chapters of a video as planned. What it puts
// there can be found by its words at once.
// NOT_FOUND, CONFLICT for another revision, INVALID_ARGUMENT for what cannot be.
func (c *Control) Edit(ctx context.Context, workspace, video string, kind models.CueKind, by Editor, plan edits.Plan) (e models.Edit, err error) {
	err = c.change(ctx, workspace, video, func(t *turn) error {
		return t.edit(ctx, kind, by, func(o *edits.Overlay) (covers []models.Cue, err error) {
			if e, err = o.Make(plan); err != nil {
				return nil, err
			}
			e.VideoID, e.Author, e.Created = video, by.Author, t.now
			t.edits = []models.Edit{e}
			return e.Covers, nil
		})
	})
	return e, err
}

// RevertEdit takes an edit back: what it covers is seen again. NOT_FOUND, CONFLICT
// for another revision of the video, NOT_REVERTIBLE where something stands on it
// or it was taken back already.
func (c *Control) RevertEdit(ctx context.Context, workspace, video, id string, by Editor) (e models.Edit, err error) {
	err = c.change(ctx, workspace, video, func(t *turn) error {
		if e, err = t.lib.Edit(ctx, id); err != nil {
			return err
		}
		if e.VideoID != video {
			return models.Errorf(models.CodeNotFound, "video %s has no edit %s", video, id)
		}
		return t.edit(ctx, e.Kind, by, func(o *edits.Overlay) (covers []models.Cue, err error) {
			covers = e.Covers
			err = o.Revert(&e)
			t.edits = []models.Edit{e}
			return covers, err
		})
	})
	return e, err
}

// edit lets f change what is seen of a kind of cues, by an edit that covers some
// or did.
func (t *turn) edit(ctx context.Context, kind models.CueKind, by Editor, f func(o *edits.Overlay) (covers []models.Cue, err error)) error {
	of, ok := editable[kind]
	if !ok {
		return models.Errorf(models.CodeInvalidArgument, "%s cannot be edited, only speech and chapters", kind)
	}
	if err := expect(t.video, by.IfRevision); err != nil {
		return err
	}
	before, err := t.lib.Cues(ctx, store.CueQuery{VideoID: t.video.ID, Kind: kind})
	if err != nil {
		return err
	}
	o := t.overlay(kind, of.stage, before)
	covers, err := f(o)
	if err != nil {
		return err
	}
	t.cues = difference(before, o.Cues)
	if err := t.settle(ctx, o, covers); err != nil {
		return err
	}
	t.event(models.Event{Type: of.event})
	return nil
}

func (t *turn) overlay(kind models.CueKind, stage string, cues []models.Cue) *edits.Overlay {
	o := &edits.Overlay{Kind: kind, Stage: stage, Cues: slices.Clone(cues)}
	if t.video.Media != nil {
		o.Duration = t.video.Media.Duration
	}
	return o
}

// settle has the edits that some cues come from look what is seen of them.
func (t *turn) settle(ctx context.Context, o *edits.Overlay, cues []models.Cue) error {
	done := map[string]bool{"": true}
	for _, c := range cues {
		if done[c.Edit] {
			continue
		}
		done[c.Edit] = true
		e, err := t.lib.Edit(ctx, c.Edit)
		if err != nil {
			return err
		}
		o.Settle(&e)
		t.edits = append(t.edits, e)
	}
	return nil
}

// difference is what to do to cues to make them others.
func difference(before, after []models.Cue) *store.CueChange {
	change := &store.CueChange{}
	kept := map[string]models.Cue{}
	for _, c := range after {
		kept[c.ID] = c
	}
	for _, c := range before {
		if now, ok := kept[c.ID]; ok && same(c, now) {
			delete(kept, c.ID)
		} else {
			change.Remove = append(change.Remove, c.ID)
		}
	}
	for _, c := range after {
		if _, ok := kept[c.ID]; !ok {
			continue
		}
		change.Add = append(change.Add, c)
		if terms := text.Terms(c.Text); terms != "" {
			change.Postings = append(change.Postings, models.Posting{CueID: c.ID, Terms: terms})
		}
	}
	return change
}

// laid returns what is seen of what a stage has found now: with the edits of it,
// which are to be written.
func (t *turn) laid(ctx context.Context, stage string, found []models.Cue) ([]models.Cue, error) {
	for kind, of := range editable {
		if of.stage != stage {
			continue
		}
		standing, err := t.lib.StandingEdits(ctx, t.video.ID, kind)
		if err != nil || len(standing) == 0 {
			return found, err
		}
		o := t.overlay(kind, stage, nil)
		var others []models.Cue
		for _, c := range found {
			if c.Kind == kind {
				o.Cues = append(o.Cues, c)
			} else {
				others = append(others, c)
			}
		}
		orphans := func() (n int) {
			for _, e := range standing {
				if e.State == models.EditOrphaned {
					n++
				}
			}
			return n
		}
		before := orphans()
		o.Anchor(standing)
		t.edits = standing
		if orphans() > before {
			t.event(models.Event{Type: models.EventEditsOrphaned, Stage: stage})
		}
		found = append(o.Cues, others...)
	}
	return found, nil
}

func same(a, b models.Cue) bool {
	equal := bytes.Equal(a.Data, b.Data)
	a.Data, b.Data = nil, nil
	return equal && a.Edit == b.Edit && a.Start == b.Start && a.End == b.End && a.Text == b.Text && a.Provenance == b.Provenance
}
