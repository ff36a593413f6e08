package chapters

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, c := range map[string]struct {
		segments []models.Segment
		want     []Unit
	}{
		"a sentence over two captions": {
			[]models.Segment{{Start: 0, End: 2 * s, Text: "The tide"}, {Start: 2 * s, End: 4 * s, Text: "comes in."}, {Start: 4 * s, End: 5 * s, Text: "Then it goes."}},
			[]Unit{{0, 4 * s, "The tide comes in."}, {4 * s, 5 * s, "Then it goes."}},
		},
		"two sentences in one caption, by their lengths": {
			[]models.Segment{{Start: 0, End: 4 * s, Text: "One two. Six ten."}},
			[]Unit{{0, 2 * s, "One two."}, {2 * s, 4 * s, "Six ten."}},
		},
		"two sentences in one caption, by their words": {
			[]models.Segment{{Start: 0, End: 4 * s, Text: "One. Six.", Words: []models.Word{
				{Text: "One.", Start: 0, End: s}, {Text: "Six.", Start: 3 * s, End: 4 * s},
			}}},
			[]Unit{{0, s, "One."}, {3 * s, 4 * s, "Six."}},
		},
		"titles and initials end no sentence": {
			[]models.Segment{{Start: 0, End: 4 * s, Text: "Dr. J. Watson writes."}},
			[]Unit{{0, 4 * s, "Dr. J. Watson writes."}},
		},
		"captions without punctuation are units": {
			[]models.Segment{{Start: 0, End: 2 * s, Text: "so the bees"}, {Start: 2 * s, End: 4 * s, Text: "fly home"}},
			[]Unit{{0, 2 * s, "so the bees"}, {2 * s, 4 * s, "fly home"}},
		},
		"rolling captions say everything once": {
			[]models.Segment{
				{Start: 0, End: 2 * s, Text: "hello and welcome"},
				{Start: 2 * s, End: 4 * s, Text: "hello and welcome\nto the show"},
				{Start: 4 * s, End: 6 * s, Text: "to the show\nabout bees"},
			},
			[]Unit{{0, 2 * s, "hello and welcome"}, {3200 * time.Millisecond, 4 * s, "to the show"}, {5043478260, 6 * s, "about bees"}},
		},
		"notes are not speech": {
			[]models.Segment{{Start: 0, End: s, Text: "[Music]"}, {Start: s, End: 2 * s, Text: "♪ la la ♪"}, {Start: 2 * s, End: 3 * s, Text: "(applause)"}},
			nil,
		},
		"a pause ends a unit": {
			[]models.Segment{{Start: 0, End: s, Text: "well"}, {Start: 5 * s, End: 6 * s, Text: "yes. No. Sure."}},
			[]Unit{{0, s, "well"}, {5 * s, 5333333333, "yes."}, {5333333333, 5600000000, "No."}, {5600000000, 6 * s, "Sure."}},
		},
		"heard words of scripts without spaces": {
			[]models.Segment{{Start: 0, End: 2 * s, Text: "今日は晴れ。", Words: []models.Word{
				{Text: "今日", Start: 0, End: s}, {Text: " は", Start: s, End: s}, {Text: "晴れ。", Start: s, End: 2 * s}, {Text: " "},
			}}},
			[]Unit{{0, 2 * s, "今日は晴れ。"}},
		},
		"a caption that stays while others come and go": {
			[]models.Segment{{Start: 0, End: 3600 * s, Text: "stays"}, {Start: s, End: 2 * s, Text: "comes"}, {Start: 2 * s, End: 3 * s, Text: "goes"}},
			[]Unit{{0, s, "stays"}, {s, 2 * s, "comes"}, {2 * s, 3 * s, "goes"}},
		},
		"sentences of scripts without spaces": {
			[]models.Segment{{Start: 0, End: 4 * s, Text: "火山爆发。熔岩流动。"}},
			[]Unit{{0, 2 * s, "火山爆发。"}, {2 * s, 4 * s, "熔岩流动。"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Units(c.segments)); diff != "" {
				t.Errorf("units (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnitsLoseNoWordAndKeepOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{1,8}[.?!,]?`)
		var segments []models.Segment
		var want []string
		at := time.Duration(0)
		for i := range rapid.IntRange(1, 20).Draw(t, "segments") {
			words := rapid.SliceOfN(word, 1, 12).Draw(t, "words")
			words[0] = strings.Repeat("x", i+1) // no two captions begin alike, so none repeats another
			took := time.Duration(rapid.Int64Range(0, int64(8*time.Second)).Draw(t, "took"))
			segments = append(segments, models.Segment{Start: at, End: at + took, Text: strings.Join(words, " ")})
			at += took + time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "gap"))
			want = append(want, words...)
		}
		var got []string
		var clock time.Duration
		for _, u := range Units(segments) {
			got = append(got, strings.Fields(u.Text)...)
			if u.Start < clock || u.End < u.Start {
				t.Fatalf("unit %+v begins before %v or ends before it begins", u, clock)
			}
			clock = u.End
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("words (-said +kept):\n%s", diff)
		}
	})
}
