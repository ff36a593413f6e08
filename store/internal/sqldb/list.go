package sqldb

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Dialect is in what databases differ where they list videos.
type Dialect struct {
	// Argument adds an argument of a statement, a string, int64 or time.Time, and
	// returns what stands for it.
	Argument func(value any) string
	// Position is the function of two texts that is 0 where the second is no part
	// of the first.
	Position string
}

// columns are those of the fields of videos that a filter or an order can name.
// Each text but the state has one beside it that ends in _folded.
var columns = map[store.Field]string{
	store.FieldState:      "CASE WHEN deleted IS NULL THEN state ELSE 'deleted' END",
	store.FieldTitle:      "title",
	store.FieldSource:     "source",
	store.FieldLanguage:   "language",
	store.FieldExternalID: "external_id",
	store.FieldSize:       "size",
	store.FieldDuration:   "duration_ns",
	store.FieldCreateTime: "created",
	store.FieldUpdateTime: "updated",
}

// Listing is a page of videos that is asked for.
type Listing struct {
	// Clause is the end of the statement, from WHERE on. It has one row more than
	// the page, which tells whether there is a next one.
	Clause string

	size   int
	by     store.Field
	digest string // of what tokens are good for
}

// List makes a statement of a query. INVALID_ARGUMENT.
func List(workspace string, q store.VideoQuery, d Dialect) (*Listing, error) {
	if err := cmp.Or(store.CheckFilter(q.Filter), store.CheckOrder(q.Order)); err != nil {
		return nil, err
	}
	if q.Order.By == "" {
		q.Order = store.Order{By: store.FieldCreateTime, Descending: true}
	}
	if q.Filter == nil {
		q.Filter = store.And{}
	}
	l := &Listing{size: pageSize(q.Size), by: q.Order.By}
	l.digest = digest(workspace, fmt.Sprint(q.Filter), fmt.Sprint(q.Order), fmt.Sprint(q.Deleted))

	column, direction, next := columns[l.by], "", ">"
	if l.by == store.FieldTitle {
		column = "title_folded"
	}
	if q.Order.Descending {
		direction, next = " DESC", "<"
	}
	where := "workspace = " + d.Argument(workspace)
	if !q.Deleted {
		where += " AND deleted IS NULL"
	}
	where += " AND " + d.condition(q.Filter)
	if q.Token != "" {
		key, id, err := l.after(q.Token)
		if err != nil {
			return nil, err
		}
		where += fmt.Sprintf(" AND (%s, id) %s (%s, %s)", column, next, d.Argument(key), d.Argument(id))
	}
	l.Clause = fmt.Sprintf(" WHERE %s ORDER BY %s%s, id%s LIMIT %d", where, column, direction, direction, l.size+1)
	return l, nil
}

// condition writes a filter. It is never NULL, which would be neither true nor false.
func (d Dialect) condition(f store.Filter) string {
	switch f := f.(type) {
	case store.And:
		return d.conditions(f, " AND ", "TRUE")
	case store.Or:
		return d.conditions(f, " OR ", "FALSE")
	case store.Not:
		return "NOT (" + d.condition(f.Filter) + ")"
	case store.Comparison:
		return d.comparison(f)
	}
	return "FALSE" // there is no other
}

func (d Dialect) conditions(all []store.Filter, with, none string) string {
	if len(all) == 0 {
		return none
	}
	parts := make([]string, len(all))
	for i, f := range all {
		parts[i] = d.condition(f)
	}
	return "(" + strings.Join(parts, with) + ")"
}

func (d Dialect) comparison(c store.Comparison) string {
	if c.Op == store.OpHas {
		return d.has(c)
	}
	suffix, value := "", c.Value
	switch v := c.Value.(type) {
	case time.Duration:
		value = int64(v)
	case string:
		if c.Op == store.OpContains {
			suffix, value = "_folded", text.Fold(v)
		}
	}
	column := columns[c.Field] + suffix
	if c.Field == store.FieldLabels {
		column = "coalesce(labels" + suffix + " ->> " + d.Argument(c.Label) + ", '')" // as an empty text where there is none
	}
	if c.Op == store.OpContains {
		return fmt.Sprintf("%s(%s, %s) > 0", d.Position, column, d.Argument(value))
	}
	return fmt.Sprintf("%s %s %s", column, c.Op, d.Argument(value))
}

func (d Dialect) has(c store.Comparison) string {
	switch c.Field {
	case store.FieldLabels:
		return "labels ->> " + d.Argument(c.Label) + " IS NOT NULL"
	case store.FieldSize, store.FieldDuration:
		return columns[c.Field] + " <> 0"
	case store.FieldCreateTime, store.FieldUpdateTime:
		return "TRUE"
	default:
		return columns[c.Field] + " <> ''"
	}
}

// after reads a page token. INVALID_ARGUMENT.
func (l *Listing) after(token string) (key any, id string, err error) {
	p, err := readPlace(token, l.digest)
	if err != nil {
		return nil, "", err
	}
	if key, err = l.key(p.Key); err != nil {
		return nil, "", notOurs(err)
	}
	return key, Clean(p.ID), nil
}

// key is what the order's column is compared with.
func (l *Listing) key(s string) (any, error) {
	if l.by == store.FieldTitle {
		return Clean(s), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if l.by == store.FieldDuration || err != nil {
		return n, err
	}
	return microsecond(n)
}

// keyOf is the reverse of key for the last video of a page.
func (l *Listing) keyOf(v *models.Video) string {
	switch l.by {
	case store.FieldTitle:
		return Folded(v.Title)
	case store.FieldDuration:
		return strconv.FormatInt(Duration(v.Media), 10)
	case store.FieldUpdateTime:
		return strconv.FormatInt(v.Updated.UnixMicro(), 10)
	default:
		return strconv.FormatInt(v.Created.UnixMicro(), 10)
	}
}

// Page cuts the page out of the rows that were read.
func (l *Listing) Page(videos []*models.Video) (store.VideoPage, error) {
	if len(videos) <= l.size {
		return store.VideoPage{Videos: videos}, nil
	}
	last := videos[l.size-1]
	next, err := place{l.digest, l.keyOf(last), last.ID}.token()
	return store.VideoPage{Videos: videos[:l.size], Next: next}, err
}
