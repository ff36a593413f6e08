package edits

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
)

// Plan says what an edit is to do to what is seen. NOT_FOUND for a cue that is
// not, INVALID_ARGUMENT for what cannot be.
type Plan func(o *Overlay) (models.EditChange, error)

// shortest is how long a segment is at least: captions have their times in
// milliseconds, and one that takes none of them is not shown.
const shortest = time.Millisecond

// Correction is what is to be said of a cue instead; what is nil stays.
type Correction struct {
	Text    *string
	Start   *time.Duration
	End     *time.Duration // which a chapter has from the one after it
	Speaker *string        // empty for nobody in particular
}

// Correct changes one cue.
func Correct(id string, by Correction) Plan {
	return func(o *Overlay) (models.EditChange, error) {
		before, err := o.cue(id)
		if err != nil {
			return models.EditChange{}, err
		}
		after := before
		change := models.EditChange{Action: models.EditCorrect, Before: []models.Cue{before}}
		if by.Text != nil {
			after.Text, change.Set.Text = *by.Text, true
		}
		if by.Start != nil {
			after.Start, change.Set.Start = *by.Start, true
		}
		if by.End != nil {
			after.End, change.Set.End = *by.End, true
		}
		if by.Speaker != nil {
			change.Set.Speaker = true
			if after, err = speaking(after, *by.Speaker); err != nil {
				return models.EditChange{}, err
			}
		}
		change.After = []models.Cue{after}
		return change, o.check(after)
	}
}

// Merge makes one of cues that follow each other.
func Merge(ids ...string) Plan {
	return func(o *Overlay) (models.EditChange, error) {
		var before []models.Cue
		for _, id := range ids {
			c, err := o.cue(id)
			if err != nil {
				return models.EditChange{}, err
			}
			before = append(before, c)
		}
		at := o.find(before)
		for i := 1; i < len(at); i++ {
			if at[i] != at[i-1]+1 {
				return models.EditChange{}, models.Errorf(models.CodeInvalidArgument, "only neighbours can be merged: name all between the first and the last, each once")
			}
		}
		if len(at) < 2 {
			return models.EditChange{}, models.Errorf(models.CodeInvalidArgument, "name two or more to be merged")
		}
		for i := range at {
			before[i] = o.Cues[at[i]]
		}
		return models.EditChange{Action: models.EditMerge, Before: before, After: before[:1]}, nil
	}
}

// Split makes two of a cue. The text of the second begins after some characters
// of the first's; where at is nil, its time follows from them.
func Split(id string, characters int, at *time.Duration) Plan {
	return func(o *Overlay) (models.EditChange, error) {
		before, err := o.cue(id)
		if err != nil {
			return models.EditChange{}, err
		}
		head, tail := cut(before.Text, characters)
		one, two := before, before
		one.Text, two.Text, two.ID = strings.TrimSpace(head), strings.TrimSpace(tail), models.NewUUID()
		if one.Text == "" || two.Text == "" {
			return models.EditChange{}, models.Errorf(models.CodeInvalidArgument,
				"after %d characters there is nothing to split; want a place within the text", characters)
		}
		if at != nil {
			two.Start = *at
		} else if two.Start, err = timeOf(before, head); err != nil {
			return models.EditChange{}, err
		}
		if two.Start < before.Start+shortest || two.Start > before.End-shortest {
			return models.EditChange{}, models.Errorf(models.CodeInvalidArgument, "the second part has to begin within the segment, from %v to %v",
				before.Start, before.End)
		}
		one.End = two.Start
		return models.EditChange{
			Action: models.EditSplit, Before: []models.Cue{before}, After: []models.Cue{one, two},
			Set: models.EditFields{Text: true, Start: true, End: true},
		}, nil
	}
}

// cut divides a text after so many characters.
func cut(s string, characters int) (head, tail string) {
	end := 0
	for range max(characters, 0) {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end], s[end:]
}

// timeOf is when a cue comes to the end of the head of its text: where its words
// say so, or as if all characters took the same time.
func timeOf(c models.Cue, head string) (time.Duration, error) {
	d, err := c.Speech()
	if err != nil {
		return 0, err
	}
	if n := len(strings.Fields(head)); 0 < n && n < len(d.Words) && len(d.Words) == len(strings.Fields(c.Text)) {
		return d.Words[n].Start, nil
	}
	return c.Start + time.Duration(float64(c.End-c.Start)*float64(len(head))/float64(len(c.Text))), nil
}

// Remove takes a cue away.
func Remove(id string) Plan {
	return func(o *Overlay) (models.EditChange, error) {
		before, err := o.cue(id)
		return models.EditChange{Action: models.EditRemove, Before: []models.Cue{before}}, err
	}
}

// Add adds a cue. A segment is in the language of the one before it, or after
// it. A chapter ends where the next begins.
func Add(start, end time.Duration, text, speaker string) Plan {
	return func(o *Overlay) (models.EditChange, error) {
		c := models.Cue{
			ID: models.NewUUID(), Stage: o.Stage, Kind: o.Kind, Start: start, End: end, Text: text, Confidence: 1,
			Provenance: models.Provenance{Analyzer: "edit"},
		}
		if o.Kind == models.CueSpeech {
			said := models.SpeechData{Language: "und", Source: models.SourceImported}
			if near := o.near(start); near != nil {
				var err error
				if said, err = near.Speech(); err != nil {
					return models.EditChange{}, err
				}
				c.Provenance.Model = near.Provenance.Model
			}
			c = c.WithSpeech(models.SpeechData{Language: said.Language, Source: said.Source, Speaker: speaker})
		}
		change := models.EditChange{
			Action: models.EditAdd, After: []models.Cue{c}, Set: models.EditFields{Text: true, Start: true, End: true, Speaker: true},
		}
		return change, o.check(c)
	}
}

// near is the last cue that begins by a time, or else the first; nil without any.
func (o *Overlay) near(at time.Duration) (near *models.Cue) {
	for i := range o.Cues {
		if near == nil || o.Cues[i].Start <= at {
			near = &o.Cues[i]
		}
	}
	return near
}

// Rename gives a speaker another name, wherever he speaks.
func Rename(from, to string) Plan {
	return func(o *Overlay) (models.EditChange, error) {
		if len(o.spokenBy(from)) == 0 {
			return models.EditChange{}, models.Errorf(models.CodeNotFound, "nobody is called %q in this transcript", from)
		}
		return models.EditChange{Action: models.EditRename, From: from, To: to}, nil
	}
}

// cue returns a cue that is seen. NOT_FOUND.
func (o *Overlay) cue(id string) (models.Cue, error) {
	if i := o.index(id); i >= 0 {
		return o.Cues[i], nil
	}
	return models.Cue{}, models.Errorf(models.CodeNotFound, "there is no %s here; list them again: they change when their stage has run again", id)
}

// check tells whether a cue could be seen: INVALID_ARGUMENT.
func (o *Overlay) check(c models.Cue) error {
	switch {
	case strings.TrimSpace(c.Text) == "":
		return models.Errorf(models.CodeInvalidArgument, "want a text; to have none, delete it")
	case c.Start < 0, o.Duration > 0 && c.Start >= o.Duration:
		return models.Errorf(models.CodeInvalidArgument, "want a beginning within the video, not %v", c.Start)
	case o.Kind != models.CueChapter && (c.End < c.Start+shortest || o.Duration > 0 && c.End > o.Duration):
		return models.Errorf(models.CodeInvalidArgument, "want an end after %v and within the video, not %v", c.Start, c.End)
	}
	for _, other := range o.Cues {
		if o.Kind == models.CueChapter && other.ID != c.ID && (other.Start-c.Start).Abs() < apart {
			return models.Errorf(models.CodeInvalidArgument, "another chapter begins at %v; change that one", other.Start)
		}
	}
	return nil
}

// spokenBy lists the segments of a speaker.
func (o *Overlay) spokenBy(speaker string) (at []int) {
	for i, c := range o.Cues {
		if d, err := c.Speech(); err == nil && c.Kind == models.CueSpeech && d.Speaker == speaker {
			at = append(at, i)
		}
	}
	return at
}

func speaking(c models.Cue, speaker string) (models.Cue, error) {
	d, err := c.Speech()
	d.Speaker = speaker
	return c.WithSpeech(d), err
}
