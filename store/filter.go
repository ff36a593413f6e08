package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
)

// Filter says which videos are meant: an [And], an [Or], a [Not] or a
// [Comparison]. A video either is meant or is not; there is no third. Every
// database agrees.
type Filter interface {
	// String is the filter as people write it (AIP-160). Filters that differ have
	// different ones.
	String() string

	check(depth int, left *int) error
}

type (
	// And holds where all hold: without any, for every video.
	And []Filter
	// Or holds where one holds: without any, for none.
	Or []Filter
	// Not holds where the other does not.
	Not struct{ Filter Filter }
)

// Comparison compares a field of a video with a value. What a video does not
// have compares as an empty text or 0.
type Comparison struct {
	Field Field
	Label string // the key, where Field is FieldLabels
	Op    Op
	Value any // of the field's type: see [Field]; nil for [OpHas]
}

// Field is a field of videos that can be compared.
type Field string

// The fields, with the type of their values.
const (
	FieldState      Field = "state"       // string; that of a deleted video is "deleted"
	FieldTitle      Field = "title"       // string
	FieldSource     Field = "source"      // string
	FieldLanguage   Field = "language"    // string
	FieldExternalID Field = "external_id" // string
	FieldLabels     Field = "labels"      // string: the value of one label
	FieldSize       Field = "size"        // int64, in bytes
	FieldDuration   Field = "duration"    // time.Duration; 0 until it is known
	FieldCreateTime Field = "create_time" // time.Time, compared to the microsecond
	FieldUpdateTime Field = "update_time" // time.Time, compared to the microsecond
)

// Op is how a field and a value are compared.
type Op string

// The operators.
const (
	OpEqual        Op = "="  // all fields; texts exactly
	OpNotEqual     Op = "!=" // all fields
	OpLess         Op = "<"  // all but texts, like the next three
	OpLessEqual    Op = "<="
	OpGreater      Op = ">"
	OpGreaterEqual Op = ">="
	OpContains     Op = ":"   // texts but the state: the value is part of it, both as analyzer/text folds them
	OpHas          Op = "has" // all fields: the label is there, a text is not empty, a number not 0
)

// Bounds of a filter.
const (
	MaxComparisons = 100
	maxDepth       = 50
)

// CheckFilter tells whether databases can answer a filter. INVALID_ARGUMENT
// where it is too large, or compares what cannot be compared.
func CheckFilter(f Filter) error {
	if f == nil {
		return nil
	}
	left := MaxComparisons
	return f.check(maxDepth, &left)
}

func (f And) check(depth int, left *int) error { return checkAll(f, depth, left) }
func (f Or) check(depth int, left *int) error  { return checkAll(f, depth, left) }
func (f Not) check(depth int, left *int) error { return checkAll([]Filter{f.Filter}, depth, left) }

func checkAll(all []Filter, depth int, left *int) error {
	if depth == 0 {
		return models.Errorf(models.CodeInvalidArgument, "filter: more than %d parentheses within each other; write it flatter", maxDepth)
	}
	for _, f := range all {
		if f == nil {
			return models.Errorf(models.CodeInvalidArgument, "filter: a part of it is empty")
		}
		if err := f.check(depth-1, left); err != nil {
			return err
		}
	}
	return nil
}

func (c Comparison) check(_ int, left *int) error {
	if *left--; *left < 0 {
		return models.Errorf(models.CodeInvalidArgument, "filter: more than %d comparisons; ask for less at once", MaxComparisons)
	}
	of, known := kinds[c.Field]
	switch {
	case !known:
		return models.Errorf(models.CodeInvalidArgument, "filter: videos have no field %.80q; those that can be compared are %s", c.Field, fieldNames())
	case c.Field == FieldLabels && !models.IsLabelKey(c.Label):
		return models.Errorf(models.CodeInvalidArgument, "filter: %.80q is no key of a label", c.Label)
	case c.Op == OpHas:
		return nil
	case !slices.Contains(of.ops, c.Op):
		return models.Errorf(models.CodeInvalidArgument, "filter: %s cannot be compared with %.80s", c.Field, c.Op)
	case !of.takes(c.Value):
		return models.Errorf(models.CodeInvalidArgument, "filter: %s is compared with %s", c.Field, of.value)
	}
	return nil
}

// kind is what fields have in common.
type kind struct {
	value string // for people
	takes func(value any) bool
	ops   []Op
}

var (
	ordered = []Op{OpEqual, OpNotEqual, OpLess, OpLessEqual, OpGreater, OpGreaterEqual}
	texts   = kind{"a text", isText, []Op{OpEqual, OpNotEqual, OpContains}}
	times   = kind{"a time of the years 1 to 9999", isTime, ordered}

	kinds = map[Field]kind{
		FieldState:      {"a state", isText, []Op{OpEqual, OpNotEqual}},
		FieldTitle:      texts,
		FieldSource:     texts,
		FieldLanguage:   texts,
		FieldExternalID: texts,
		FieldLabels:     texts,
		FieldSize:       {"a number of bytes", is[int64], ordered},
		FieldDuration:   {"a duration", is[time.Duration], ordered},
		FieldCreateTime: times,
		FieldUpdateTime: times,
	}
)

func is[T any](value any) bool { _, ok := value.(T); return ok }

// isText leaves out what no database keeps.
func isText(value any) bool {
	s, ok := value.(string)
	return ok && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

func isTime(value any) bool {
	t, ok := value.(time.Time)
	return ok && 1 <= t.UTC().Year() && t.UTC().Year() <= 9999
}

func fieldNames() string {
	names := make([]string, 0, len(kinds))
	for f := range kinds {
		names = append(names, string(f))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// String implements [Filter].
func (f And) String() string { return join(f, " AND ", "TRUE") }

// String implements [Filter].
func (f Or) String() string { return join(f, " OR ", "FALSE") }

// String implements [Filter].
func (f Not) String() string { return "NOT (" + f.Filter.String() + ")" }

func join(all []Filter, with, none string) string {
	if len(all) == 0 {
		return none
	}
	parts := make([]string, len(all))
	for i, f := range all {
		parts[i] = f.String()
	}
	return "(" + strings.Join(parts, with) + ")"
}

// String implements [Filter].
func (c Comparison) String() string {
	field := string(c.Field)
	if c.Field == FieldLabels {
		field += "." + c.Label
	}
	switch value := c.Value.(type) {
	case string:
		return field + " " + string(c.Op) + " " + strconv.Quote(value)
	case time.Time:
		return field + " " + string(c.Op) + " " + value.UTC().Format(time.RFC3339Nano)
	case nil:
		return field + ":*"
	default:
		return field + " " + string(c.Op) + " " + fmt.Sprint(value)
	}
}

// Order is the order of a list of videos; ids decide between equal ones, in the
// same direction. The zero value has the newest first.
type Order struct {
	By         Field // FieldCreateTime, FieldUpdateTime, FieldTitle (folded) or FieldDuration
	Descending bool
}

// CheckOrder tells whether there is such an order. INVALID_ARGUMENT.
func CheckOrder(o Order) error {
	if slices.Contains([]Field{"", FieldCreateTime, FieldUpdateTime, FieldTitle, FieldDuration}, o.By) {
		return nil
	}
	return models.Errorf(models.CodeInvalidArgument, "order: videos are ordered by create_time, update_time, title or duration, not by %.80q", o.By)
}
