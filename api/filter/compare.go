package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// fields are those that can be compared, by the names they have in the API.
var fields = map[string]struct {
	field store.Field
	read  func(string) (value any, err error)
	want  string // where it cannot be read
}{
	"title":         {store.FieldTitle, text, ""},
	"source":        {store.FieldSource, text, ""},
	"language_code": {store.FieldLanguage, text, ""},
	"external_id":   {store.FieldExternalID, text, ""},
	"state":         {store.FieldState, state, "a state such as STATE_READY"},
	"size":          {store.FieldSize, number, "a number of bytes"},
	"duration":      {store.FieldDuration, duration, "a duration such as 90s"},
	"create_time":   {store.FieldCreateTime, moment, "a time such as 2026-11-20T12:00:00Z"},
	"update_time":   {store.FieldUpdateTime, moment, "a time such as 2026-11-20T12:00:00Z"},
}

func text(s string) (any, error) { return s, nil }

func number(s string) (any, error) { return strconv.ParseInt(s, 10, 64) }

func duration(s string) (any, error) { return time.ParseDuration(s) }

func moment(s string) (any, error) { return time.Parse(time.RFC3339, s) }

// states are those that a video can be in.
var states = []models.VideoState{
	models.VideoUploading, models.VideoQueued, models.VideoProcessing, models.VideoReady,
	models.VideoPartial, models.VideoFailed, models.VideoCanceled, models.VideoDeleted,
}

// state reads a state as the API writes it, or as the command line does.
func state(s string) (any, error) {
	word := strings.ToLower(strings.TrimPrefix(s, "STATE_"))
	if !slices.Contains(states, models.VideoState(word)) {
		return nil, fmt.Errorf("there is no state %q", s)
	}
	return word, nil
}

// anything is the value after a colon that holds wherever there is something.
const anything = "*"

// compare makes a comparison of its parts, or says what is wrong with them.
func compare(name string, op store.Op, written string) (c store.Comparison, wrong string) {
	c = store.Comparison{Field: fields[name].field, Op: op, Value: written}
	if labels, key, _ := strings.Cut(name, "."); labels == "labels" {
		c.Field, c.Label = store.FieldLabels, key
	}
	switch {
	case c.Field == "":
		return c, fmt.Sprintf("there is no field %.80q; those there are: %s", name, strings.Join(names(), ", "))
	case name == "labels" && op == store.OpContains: // AIP-160 writes the key of a map as its part
		return store.Comparison{Field: c.Field, Label: written, Op: store.OpHas}, ""
	case op == store.OpContains && written == anything:
		c.Op, c.Value = store.OpHas, nil
	case c.Field != store.FieldLabels:
		var err error
		if c.Value, err = fields[name].read(written); err != nil {
			return c, fmt.Sprintf("%s is compared with %s, not %.80q", name, fields[name].want, written)
		}
	}
	return c, ""
}

// names are those of the fields, for people.
func names() []string {
	all := []string{"labels.KEY"}
	for name := range fields {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// orders are the fields that videos can be ordered by.
var orders = []string{"create_time", "update_time", "title", "duration"}

// ParseOrder reads an order; an empty one has the newest first. INVALID_ARGUMENT.
func ParseOrder(text string) (store.Order, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return store.Order{}, nil
	}
	descending := len(words) == 2 && words[1] == "desc"
	if !slices.Contains(orders, words[0]) || len(words) > 1 && !descending {
		return store.Order{}, models.Errorf(models.CodeInvalidArgument,
			"order_by: want one of %s, with \" desc\" behind it for the last first, not %.80q", strings.Join(orders, ", "), text)
	}
	return store.Order{By: fields[words[0]].field, Descending: descending}, nil
}
