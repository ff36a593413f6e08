package analyzer

import (
	"cmp"
	"context"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Details sets what the owner of a video says of it, as far as it is not nil.
type Details struct {
	Title      *string            // empty: made of the source's name
	Language   *string            // BCP 47; empty: to be detected
	ExternalID *string            // empty for none
	Labels     *map[string]string // all of them
	Label      map[string]*string // single ones, after Labels; nil takes one away
	Poster     **time.Duration    // to a nil pointer: the best one

	// IfRevision is the only revision of the video that may be changed; nil for any.
	IfRevision *int64
}

// Update changes what the owner says of a video. What was found by its language
// before is found anew, unless nobody works on the video any more: it failed, or
// was canceled. NOT_FOUND, CONFLICT, INVALID_ARGUMENT for labels that cannot be,
// ALREADY_EXISTS where another video has the external id.
func (c *Control) Update(ctx context.Context, workspace, id string, d Details) error {
	err := c.change(ctx, workspace, id, func(t *turn) error {
		if err := expect(t.video, d.IfRevision); err != nil {
			return err
		}
		return d.apply(ctx, t)
	})
	if models.ErrorCode(err) == models.CodeAlreadyExists && d.ExternalID != nil {
		return externalIDTaken(*d.ExternalID, err)
	}
	return err
}

// externalIDTaken is the ALREADY_EXISTS of an external id.
func externalIDTaken(id string, err error) error {
	return models.Errorf(models.CodeAlreadyExists, "another video has the external id %q; take it from that one first", id).Because(err)
}

// apply changes what is new: the revision of a video that is told what it knows
// stays.
func (d Details) apply(ctx context.Context, t *turn) error {
	v, u := t.video, &t.update
	if d.Title != nil {
		set(&v.Title, &u.Title, cmp.Or(*d.Title, titleOf(v.Source)))
	}
	if d.ExternalID != nil {
		set(&v.ExternalID, &u.ExternalID, *d.ExternalID)
	}
	if d.Poster != nil {
		v.Poster, u.Poster = *d.Poster, d.Poster
	}
	if err := d.label(v, u); err != nil {
		return err
	}
	if d.Language == nil || *d.Language == v.Language {
		return nil
	}
	set(&v.Language, &u.Language, *d.Language)
	if v.State == models.VideoCanceled || v.State == models.VideoFailed {
		return nil
	}
	return t.refresh(ctx)
}

// label changes the labels.
func (d Details) label(v *models.Video, u *store.VideoUpdate) error {
	labels := maps.Clone(v.Labels)
	if d.Labels != nil {
		labels = maps.Clone(*d.Labels)
	}
	if labels == nil {
		labels = map[string]string{}
	}
	for key, value := range d.Label {
		if value == nil {
			delete(labels, key)
		} else {
			labels[key] = *value
		}
	}
	if err := models.CheckLabels(labels); err != nil {
		return err
	}
	if !maps.Equal(labels, v.Labels) {
		v.Labels, u.Labels = labels, &labels
	}
	return nil
}

// set gives a field of a video another value, and has it written.
func set(field *string, update **string, value string) {
	if *field != value {
		*field, *update = value, &value
	}
}

// titleOf is the title that a video has unless it is given one.
func titleOf(source string) string {
	base := filepath.Base(source)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
