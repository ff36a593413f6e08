package storetest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// What videos hold and filters ask for: few values, so that they meet, and such
// as databases are tempted to read in their own ways.
var (
	someTexts = []string{"", "Bees", "bees", "BÉES make", "straße", "STRASSE", "İstanbul", "東京タワー", "a%b_c", `"q" \ '`, "Ωmega", "ﬁlm", "e\u0301te", "Z", "a"}
	someKeys  = []string{"env", "with-dash", "a_1"}
	lengths   = []time.Duration{0, 1, time.Second, 90 * time.Minute}
	sizes     = []int64{0, 1, 1 << 40}
	states    = []models.VideoState{models.VideoQueued, models.VideoReady}
	instants  = []time.Time{moment, moment.Add(time.Microsecond), moment.Add(time.Hour), time.Date(1969, 1, 1, 0, 0, 0, 1000, time.UTC)}
)

// made numbers the videos and workspaces of properties: ids are everybody's.
var made atomic.Int64

// drawVideo also draws whether the video is deleted.
func drawVideo(t *rapid.T) *models.Video {
	id := fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"a", "B", "z"}).Draw(t, "id"), made.Add(1))
	v := &models.Video{
		ID: id, SHA256: id, State: rapid.SampledFrom(states).Draw(t, "state"), Size: rapid.SampledFrom(sizes).Draw(t, "size"),
		Title: draw(t, someTexts), Source: draw(t, someTexts), Language: draw(t, []string{"", "en", "de-AT"}),
		Labels:  rapid.MapOfN(rapid.SampledFrom(someKeys), rapid.SampledFrom(someTexts), 0, 2).Draw(t, "labels"),
		Created: draw(t, instants), Updated: draw(t, instants),
	}
	if rapid.Bool().Draw(t, "external") {
		v.ExternalID = id
	}
	if rapid.Bool().Draw(t, "probed") {
		v.Media = &models.MediaInfo{Duration: draw(t, lengths)}
	}
	if rapid.IntRange(0, 4).Draw(t, "deleted") == 0 {
		v.Deleted = moment
	}
	return v
}

func draw[T any](t *rapid.T, from []T) T { return rapid.SampledFrom(from).Draw(t, "one of") }

// drawFilter draws a tree of at most so many levels.
func drawFilter(t *rapid.T, levels int) store.Filter {
	some := func() (all []store.Filter) {
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			all = append(all, drawFilter(t, levels-1))
		}
		return all
	}
	shape := rapid.IntRange(0, 5).Draw(t, "shape")
	switch {
	case levels == 0 || shape > 2:
		return drawComparison(t)
	case shape == 0:
		return store.And(some())
	case shape == 1:
		return store.Or(some())
	}
	return store.Not{Filter: drawFilter(t, levels-1)}
}

func drawComparison(t *rapid.T) store.Filter {
	c := store.Comparison{Field: draw(t, []store.Field{
		store.FieldState, store.FieldTitle, store.FieldSource, store.FieldLanguage, store.FieldExternalID, store.FieldLabels,
		store.FieldSize, store.FieldDuration, store.FieldCreateTime, store.FieldUpdateTime,
	})}
	ops := []store.Op{store.OpEqual, store.OpNotEqual, store.OpLess, store.OpLessEqual, store.OpGreater, store.OpGreaterEqual}
	switch c.Field {
	case store.FieldState:
		ops, c.Value = ops[:2], draw(t, []string{"queued", "ready", "deleted"})
	case store.FieldSize:
		c.Value = draw(t, sizes)
	case store.FieldDuration:
		c.Value = draw(t, lengths)
	case store.FieldCreateTime, store.FieldUpdateTime:
		c.Value = draw(t, instants).Add(draw(t, []time.Duration{0, 1, 999, time.Microsecond}))
	case store.FieldExternalID:
		ops, c.Value = []store.Op{store.OpEqual, store.OpNotEqual, store.OpContains}, draw(t, []string{"", "a1", "b", "7"})
	default:
		ops, c.Value = []store.Op{store.OpEqual, store.OpNotEqual, store.OpContains}, draw(t, append([]string{"e", "S", "n", "京"}, someTexts...))
	}
	if c.Field == store.FieldLabels {
		c.Label = draw(t, someKeys)
	}
	if c.Op = draw(t, append([]store.Op{store.OpHas}, ops...)); c.Op == store.OpHas {
		c.Value = nil
	}
	return c
}

func drawOrder(t *rapid.T) store.Order {
	return store.Order{
		By:         draw(t, []store.Field{"", store.FieldCreateTime, store.FieldUpdateTime, store.FieldTitle, store.FieldDuration}),
		Descending: rapid.Bool().Draw(t, "descending"),
	}
}

// add writes videos to a workspace, and returns them as they are there.
func add(t *testing.T, rt *rapid.T, db store.Store, workspace string, videos []*models.Video) (all []*models.Video) {
	err := db.Tx(t.Context(), func(tx store.Tx) error {
		all = nil
		in := tx.In(workspace)
		for _, v := range videos {
			if err := in.CreateVideo(t.Context(), v); err != nil {
				return err
			}
			if !v.Deleted.IsZero() {
				if err := in.DeleteVideo(t.Context(), v.ID, time.Time{}); err != nil {
					return err
				}
			}
			read, err := in.Video(t.Context(), v.ID)
			if err != nil {
				return err
			}
			all = append(all, read)
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	return all
}

// listed answers a query as Go does, without regard to pages.
func listed(videos []*models.Video, q store.VideoQuery) (some []*models.Video) {
	for _, v := range videos {
		if (q.Deleted || v.Deleted.IsZero()) && holds(q.Filter, v) {
			some = append(some, v)
		}
	}
	slices.SortFunc(some, func(a, b *models.Video) int { return follows(q.Order, a, b) })
	return some
}

func testFilters(t *testing.T, db store.Store) {
	some, none := false, false
	rapid.Check(t, func(rt *rapid.T) {
		workspace := fmt.Sprint("filters", made.Add(1))
		videos := add(t, rt, db, workspace, rapid.SliceOfN(rapid.Custom(drawVideo), 0, 8).Draw(rt, "videos"))
		for range 4 {
			q := store.VideoQuery{Filter: drawFilter(rt, 3), Order: drawOrder(rt), Deleted: rapid.Bool().Draw(rt, "deleted ones")}
			want := listed(videos, q)
			page, err := db.In(workspace).Videos(t.Context(), q)
			if diff := gocmp.Diff(want, page.Videos); err != nil || diff != "" || page.Next != "" {
				rt.Fatalf("%s by %v, next page %q, %v (-want +got):\n%s", q.Filter, q.Order, page.Next, err, diff)
			}
			some, none = some || len(want) > 0, none || len(want) < len(videos)
		}
	})
	if !some || !none {
		t.Error("the filters kept all, or nothing")
	}
}

// testChangedFilters asks before and after each change.
func testChangedFilters(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	said, labels := "Été", map[string]string{"env": "Été"}
	contains := func(f store.Field) store.Comparison {
		return store.Comparison{Field: f, Label: "env", Op: store.OpContains, Value: "ETE"}
	}
	for _, test := range []struct {
		f      store.Comparison
		change store.VideoUpdate
	}{
		{contains(store.FieldTitle), store.VideoUpdate{Title: &said}},
		{contains(store.FieldSource), store.VideoUpdate{Source: &said}},
		{contains(store.FieldLanguage), store.VideoUpdate{Language: &said}},
		{contains(store.FieldExternalID), store.VideoUpdate{ExternalID: &said}},
		{contains(store.FieldLabels), store.VideoUpdate{Labels: &labels}},
	} {
		wantListed(t, s, store.Not{Filter: test.f}, v.ID)
		with(t, s, v.ID, test.change)
		wantListed(t, s, test.f, v.ID)
	}
	length := store.Comparison{Field: store.FieldDuration, Op: store.OpEqual, Value: time.Minute}
	wantListed(t, s, store.Not{Filter: length}, v.ID)
	commit(t, s, store.Commit{VideoID: v.ID, Run: run("probe"), Media: &models.MediaInfo{Duration: time.Minute}})
	wantListed(t, s, length, v.ID)
}

// testFilteredPages adds videos between pages: each page holds those that follow
// the last one of the page before.
func testFilteredPages(t *testing.T, db store.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		workspace := fmt.Sprint("pages", made.Add(1))
		some := rapid.SliceOfN(rapid.Custom(drawVideo), 0, 6)
		videos := add(t, rt, db, workspace, some.Draw(rt, "videos"))
		q := store.VideoQuery{Order: drawOrder(rt), Deleted: rapid.Bool().Draw(rt, "deleted ones")}
		if rapid.Bool().Draw(rt, "filtered") {
			q.Filter = drawFilter(rt, 1)
		}
		var last *models.Video
		for more := true; more; {
			q.Size = rapid.IntRange(1, 3).Draw(rt, "size")
			want := slices.DeleteFunc(listed(videos, q), func(v *models.Video) bool { return last != nil && follows(q.Order, v, last) <= 0 })
			page, err := db.In(workspace).Videos(t.Context(), q)
			if diff := gocmp.Diff(want[:min(q.Size, len(want))], page.Videos, noneIsNil); err != nil || diff != "" {
				rt.Fatalf("%v by %v after %q, %v (-want +got):\n%s", q.Filter, q.Order, q.Token, err, diff)
			}
			if more = page.Next != ""; more != (len(want) > q.Size) {
				rt.Fatalf("there is a next page: %v, with %d of %d in this one", more, q.Size, len(want))
			}
			if more {
				q.Token, last = page.Next, page.Videos[len(page.Videos)-1]
				videos = append(videos, add(t, rt, db, workspace, some.Draw(rt, "added"))...)
				more = len(videos) < 40
			}
		}
	})
}

// noneIsNil has a list without videos equal none.
var noneIsNil = gocmp.FilterValues(func(a, b []*models.Video) bool { return len(a)+len(b) == 0 }, gocmp.Ignore())

func testWrongFilters(t *testing.T, db store.Store) {
	deep := store.Filter(store.And{})
	for range 100_000 {
		deep = store.Not{Filter: deep}
	}
	title := store.Comparison{Field: store.FieldTitle, Op: store.OpEqual, Value: "a"}
	for name, f := range map[string]store.Filter{
		"a field that is none":    store.Comparison{Field: "sha256; --", Op: store.OpEqual, Value: "a"},
		"no field":                store.Comparison{},
		"an operator":             store.Comparison{Field: store.FieldTitle, Op: "= '' OR TRUE --", Value: "a"},
		"an order of texts":       store.Comparison{Field: store.FieldTitle, Op: store.OpLess, Value: "a"},
		"a part of a number":      store.Comparison{Field: store.FieldSize, Op: store.OpContains, Value: int64(1)},
		"a part of a state":       store.Comparison{Field: store.FieldState, Op: store.OpContains, Value: "q"},
		"a number as text":        store.Comparison{Field: store.FieldSize, Op: store.OpEqual, Value: "1"},
		"a text as a number":      store.Comparison{Field: store.FieldTitle, Op: store.OpEqual, Value: int64(1)},
		"a number as a duration":  store.Comparison{Field: store.FieldDuration, Op: store.OpEqual, Value: int64(1)},
		"no value":                store.Comparison{Field: store.FieldTitle, Op: store.OpEqual},
		"a label without a key":   store.Comparison{Field: store.FieldLabels, Op: store.OpHas},
		"a key that is none":      store.Comparison{Field: store.FieldLabels, Label: `a"'`, Op: store.OpEqual, Value: ""},
		"a text that is none":     store.Comparison{Field: store.FieldTitle, Op: store.OpEqual, Value: "\xff"},
		"a text that ends early":  store.Comparison{Field: store.FieldTitle, Op: store.OpContains, Value: "a\x00"},
		"a time before all times": store.Comparison{Field: store.FieldCreateTime, Op: store.OpLess, Value: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)},
		"a time after all times":  store.Comparison{Field: store.FieldCreateTime, Op: store.OpLess, Value: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"nothing within":          store.Not{},
		"nothing among others":    store.Or{title, nil},
		"too deep":                deep,
		"too long":                store.And(slices.Repeat([]store.Filter{title}, store.MaxComparisons+1)),
	} {
		_, err := db.In(models.DefaultWorkspace).Videos(t.Context(), store.VideoQuery{Filter: f})
		if models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, by := range []store.Field{store.FieldSize, "id", "title; --"} {
		_, err := db.In(models.DefaultWorkspace).Videos(t.Context(), store.VideoQuery{Order: store.Order{By: by}})
		wantCode(t, err, models.CodeInvalidArgument)
	}
}

// testLargeFilter asks for as much as is allowed, as deep as is allowed.
func testLargeFilter(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	wide := make(store.Or, store.MaxComparisons)
	for i := range wide {
		wide[i] = store.Comparison{Field: store.FieldLabels, Label: "env", Op: store.OpContains, Value: strings.Repeat("é", 1000) + fmt.Sprint(i)}
	}
	deep, levels := store.Filter(store.Comparison{Field: store.FieldTitle, Op: store.OpEqual, Value: v.Title}), 0
	for ; store.CheckFilter(store.Not{Filter: deep}) == nil; levels++ {
		deep = store.Not{Filter: deep}
	}
	for name, test := range map[string]struct {
		f    store.Filter
		want bool
	}{"wide": {wide, false}, "not wide": {store.Not{Filter: wide}, true}, "deep": {deep, levels%2 == 0}} {
		page, err := s.Videos(t.Context(), store.VideoQuery{Filter: test.f})
		if err != nil || len(page.Videos) > 0 != test.want {
			t.Errorf("%s: %d videos, %v, want %v", name, len(page.Videos), err, test.want)
		}
	}
}

// wrongTokens are page tokens that no page gave.
var wrongTokens = []string{"x", "!!", "MTIz", "e30", "bnVsbA", base64.RawURLEncoding.EncodeToString([]byte(`99999999999999999999 id`)),
	base64.RawURLEncoding.EncodeToString([]byte(`9223372036854775807 id`))}

func testPageTokens(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	for n := range 4 {
		create(t, s, n)
	}
	film := store.Comparison{Field: store.FieldSource, Op: store.OpContains, Value: "film"}
	q := store.VideoQuery{Filter: film, Order: store.Order{By: store.FieldTitle}, Size: 1}
	page, err := s.Videos(t.Context(), q)
	if err != nil || page.Next == "" {
		t.Fatalf("%+v, %v, want a next page", page, err)
	}
	q.Token, q.Size = page.Next, 2 // another size is no other list
	if page, err := s.Videos(t.Context(), q); err != nil || len(page.Videos) != 2 || page.Videos[0].ID != "video1" {
		t.Errorf("%+v, %v, want the next two", page, err)
	}
	other := map[string]store.VideoQuery{
		"no filter":        {Order: q.Order},
		"another filter":   {Order: q.Order, Filter: store.Not{Filter: film}},
		"another order":    {Order: store.Order{By: store.FieldDuration}, Filter: film},
		"the other way":    {Order: store.Order{By: store.FieldTitle, Descending: true}, Filter: film},
		"deleted ones too": {Order: q.Order, Filter: film, Deleted: true},
	}
	for name, other := range other {
		other.Token = q.Token
		if _, err := s.Videos(t.Context(), other); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%s: %v, want INVALID_ARGUMENT", name, err)
		}
	}
	_, err = db.In("other").Videos(t.Context(), q)
	wantCode(t, err, models.CodeInvalidArgument)

	// Who forges one gets another place, or is told.
	raw, err := base64.RawURLEncoding.DecodeString(q.Token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		forged := slices.Clone(raw)
		forged[i] ^= 0x15
		q.Token = base64.RawURLEncoding.EncodeToString(forged)
		if _, err := s.Videos(t.Context(), q); err != nil && models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%q: %v", forged, err)
		}
	}
	for _, q.Token = range wrongTokens {
		_, err := s.Videos(t.Context(), q)
		wantCode(t, err, models.CodeInvalidArgument)
	}
}
