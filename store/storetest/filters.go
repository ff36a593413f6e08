package storetest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// holds tells what a filter means.
func holds(f store.Filter, v *models.Video) bool {
	is := func(f store.Filter) bool { return holds(f, v) }
	switch f := f.(type) {
	case store.And:
		return !slices.ContainsFunc(f, func(f store.Filter) bool { return !is(f) })
	case store.Or:
		return slices.ContainsFunc(f, is)
	case store.Not:
		return !is(f.Filter)
	case store.Comparison:
		return compares(f, v)
	}
	return true
}

func compares(c store.Comparison, v *models.Video) bool {
	var duration time.Duration
	if v.Media != nil {
		duration = v.Media.Duration
	}
	has, order := true, 0
	of := map[store.Field]string{
		store.FieldState: string(v.State), store.FieldTitle: v.Title, store.FieldSource: v.Source,
		store.FieldLanguage: v.Language, store.FieldExternalID: v.ExternalID, store.FieldLabels: v.Labels[c.Label],
	}[c.Field]
	switch c.Field {
	case store.FieldLabels:
		_, has = v.Labels[c.Label]
	case store.FieldSize:
		has = v.Size != 0
	case store.FieldDuration:
		has = duration != 0
	case store.FieldCreateTime, store.FieldUpdateTime:
	default:
		has = of != ""
	}
	switch value := c.Value.(type) {
	case string:
		if c.Op == store.OpContains {
			return strings.Contains(text.Fold(of), text.Fold(value))
		}
		order = strings.Compare(of, value)
	case int64:
		order = cmp.Compare(v.Size, value)
	case time.Duration:
		order = cmp.Compare(duration, value)
	case time.Time:
		at := v.Created
		if c.Field == store.FieldUpdateTime {
			at = v.Updated
		}
		order = at.Compare(value.Truncate(time.Microsecond))
	}
	return map[store.Op]bool{
		store.OpHas: has, store.OpEqual: order == 0, store.OpNotEqual: order != 0, store.OpLess: order < 0,
		store.OpLessEqual: order <= 0, store.OpGreater: order > 0, store.OpGreaterEqual: order >= 0,
	}[c.Op]
}

// follows compares videos in an order.
func follows(o store.Order, a, b *models.Video) int {
	length := func(v *models.Video) time.Duration {
		if v.Media == nil {
			return 0
		}
		return v.Media.Duration
	}
	var c int
	switch o.By {
	case store.FieldTitle:
		c = strings.Compare(text.Fold(a.Title), text.Fold(b.Title))
	case store.FieldDuration:
		c = cmp.Compare(length(a), length(b))
	case store.FieldUpdateTime:
		c = a.Updated.Compare(b.Updated)
	default:
		c = a.Created.Compare(b.Created)
	}
	c = cmp.Or(c, strings.Compare(a.ID, b.ID))
	if o.Descending || o.By == "" {
		return -c
	}
	return c
}
