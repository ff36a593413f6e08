package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/api/filter"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// is a comparison of a text.
func is(field store.Field, op store.Op, value any) store.Comparison {
	return store.Comparison{Field: field, Op: op, Value: value}
}

func label(key string, op store.Op, value any) store.Comparison {
	return store.Comparison{Field: store.FieldLabels, Label: key, Op: op, Value: value}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	a, b, c := is(store.FieldTitle, "=", "a"), is(store.FieldTitle, "=", "b"), is(store.FieldTitle, "=", "c")
	for text, want := range map[string]store.Filter{
		"":                                   nil,
		" \t ":                               nil,
		"title:tide":                         is(store.FieldTitle, ":", "tide"),
		`title = "ebb and (flow)"`:           is(store.FieldTitle, "=", "ebb and (flow)"),
		`title != 'it"s \'me\' \\'`:          is(store.FieldTitle, "!=", `it"s 'me' \`),
		`title=""`:                           is(store.FieldTitle, "=", ""),
		"title = a=b:c<d":                    is(store.FieldTitle, "=", "a=b:c<d"),
		"title:été":                          is(store.FieldTitle, ":", "été"),
		"language_code = pt-BR":              is(store.FieldLanguage, "=", "pt-BR"),
		"external_id:*":                      is(store.FieldExternalID, store.OpHas, nil),
		"source:mp4":                         is(store.FieldSource, ":", "mp4"),
		"state = STATE_READY":                is(store.FieldState, "=", "ready"),
		"state != deleted":                   is(store.FieldState, "!=", "deleted"),
		"size >= 1000":                       is(store.FieldSize, ">=", int64(1000)),
		"duration > 1.5s":                    is(store.FieldDuration, ">", 1500*time.Millisecond),
		"duration<=1h":                       is(store.FieldDuration, "<=", time.Hour),
		"create_time > 2026-11-20T12:00:00Z": is(store.FieldCreateTime, ">", noon),
		`update_time < "2026-11-20T13:00:00+01:00"`: is(store.FieldUpdateTime, "<", noon),
		"labels.my-key = x":                         label("my-key", "=", "x"),
		"labels.course:phys":                        label("course", ":", "phys"),
		"labels.draft:*":                            label("draft", store.OpHas, nil),
		"labels:draft":                              label("draft", store.OpHas, nil),
		"-title=a":                                  store.Not{Filter: a},
		"NOT(title=a)":                              store.Not{Filter: a},
		"NOT - title=a":                             store.Not{Filter: store.Not{Filter: a}},
		"((title=a))":                               a,
		"title=a AND title=b":                       store.And{a, b},
		"title=a OR title=b AND title=c":            store.And{store.Or{a, b}, c}, // OR binds closer
		"title=a OR (title=b AND title=c)":          store.Or{a, store.And{b, c}},
		"title = OR OR title=b":                     store.Or{is(store.FieldTitle, "=", "OR"), b},
	} {
		got, err := filter.Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

func TestFiltersThatCannotBe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tides":                              `at character 6: want an operator and a value after "tides"`,
		"nice = 1":                           "at character 1: there is no field \"nice\"; those there are: create_time, duration, external_id, labels.KEY, language_code, size, source, state, title, update_time",
		"title=a AND media = x":              `at character 13: there is no field "media"`,
		"title=a title=b":                    "at character 9: want AND, OR or the end",
		"title=a AND":                        "at character 12: want a field",
		"title=a and title=b":                "at character 9: want AND, OR or the end",
		"title=":                             "at character 7: want a value",
		`title="a`:                           "at character 7: the quotes that begin here do not end",
		`title="été\`:                        "at character 7: the quotes",
		"(title=a":                           "at character 9: want AND, OR or )",
		"title=a)":                           "at character 8: want AND, OR or the end",
		"()":                                 "at character 2: want a field",
		"title=(a)":                          "at character 7: want a value",
		"title.x = a":                        `there is no field "title.x"`,
		"title < a":                          "title cannot be compared with <",
		"state = nice":                       "state is compared with a state such as STATE_READY",
		"state:ready":                        "state cannot be compared with :",
		"duration > 90":                      "duration is compared with a duration such as 90s, not \"90\"",
		"duration > NaN":                     "duration is compared with",
		"duration > 9999999999h":             "duration is compared with",
		"duration = *":                       "duration is compared with a duration such as 90s",
		"size > 1e400":                       "size is compared with a number of bytes",
		"size > 9223372036854775808":         "size is compared with a number of bytes",
		"create_time > yesterday":            "create_time is compared with a time such as",
		"create_time > 0000-01-01T00:00:00Z": "create_time is compared with a time of the years 1 to 9999",
		"labels = x":                         `"" is no key of a label`,
		"labels.A = x":                       `"A" is no key of a label`,
		"labels.x.y = x":                     `"x.y" is no key of a label`,
		"title=\"a\x00\"":                    "title is compared with a text",
		"title=\xff":                         "title is compared with a text",
		"\xff=a":                             "there is no field",
		strings.Repeat("(", 51) + "title=a":  "more than 50 parentheses within each other",
		strings.Repeat("NOT ", 2000):         "it has 8000 bytes, at most 4096 are read",
		strings.Repeat("-", 4000):            "more than 50 parentheses within each other",
		strings.Repeat("title=a OR ", 100) + "title=a": "more than 100 comparisons",
	} {
		got, err := filter.Parse(text)
		if models.ErrorCode(err) != models.CodeInvalidArgument || !strings.Contains(models.AsError(err).Message, want) || len(models.AsError(err).Message) > 500 {
			t.Errorf("%.100q: %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]store.Order{
		"":                 {},
		"title":            {By: store.FieldTitle},
		" duration  desc ": {By: store.FieldDuration, Descending: true},
		"create_time":      {By: store.FieldCreateTime},
		"update_time desc": {By: store.FieldUpdateTime, Descending: true},
	} {
		if got, err := filter.ParseOrder(text); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"desc", "title asc", "title, duration", "size", "labels.a", "title desc desc", "desc title", "title\x00"} {
		if got, err := filter.ParseOrder(text); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// FuzzFilter: whatever is written, it is a filter that databases can answer, or
// INVALID_ARGUMENT.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`title:tide AND duration > 90s AND (labels.course = physics OR labels.draft:*)`,
		`NOT (state = STATE_FAILED OR -source:"a \"b\"")`, `create_time>=2026-11-20T12:00:00.5+01:00`, `labels:a AND size != -1`,
		`((((((((title='`, "title=\xff\x00", `a.b.c:"*" OR`, "\u2003title\u2003=\u2003x", `-(-(-title:*))`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := filter.Parse(text)
		if err != nil {
			if models.ErrorCode(err) != models.CodeInvalidArgument || got != nil {
				t.Fatalf("%v, %v", got, err)
			}
			return
		}
		if err := store.CheckFilter(got); err != nil {
			t.Fatal(err)
		}
		if again, err := filter.Parse("(" + text + ")"); strings.TrimSpace(text) != "" && len(text) < 4000 && !cmp.Equal(got, again) && err == nil {
			t.Fatalf("in parentheses it is %v, not %v", again, got)
		}
	})
}
