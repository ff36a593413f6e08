package whisper

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

const ms = time.Millisecond

func TestWordsOfALanguageWithoutSpaces(t *testing.T) {
	t.Parallel()
	tokens := []token{
		{"今", 0, 100 * ms, 1}, {"日は", 100 * ms, 300 * ms, 0.5},
		{"\xe6\x99", 300 * ms, 350 * ms, 0.5}, {"\xb4れ", 350 * ms, 500 * ms, 1}, {"。", 500 * ms, 500 * ms, 1},
	}
	want := models.Segment{
		Start: 0, End: 500 * ms, Text: "今日は晴れ。", Confidence: 0.8,
		Words: []models.Word{
			{Text: "今", Start: 0, End: 100 * ms, Confidence: 1},
			{Text: "日は", Start: 100 * ms, End: 300 * ms, Confidence: 0.5},
			{Text: "晴れ。", Start: 300 * ms, End: 500 * ms, Confidence: 5. / 6},
		},
	}
	opt := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
	if diff := cmp.Diff(want, segment(tokens, 0, 500*ms, false), opt); diff != "" {
		t.Error(diff)
	}
}

func TestPackedTimesGoBackToWhereTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var spans []span
		var at []int // the sample of the stream for each packed one
		pos := 0
		for range rapid.IntRange(1, 8).Draw(t, "spans") {
			from := pos + rapid.IntRange(0, 5000).Draw(t, "gap")
			pos = from + rapid.IntRange(1, 5000).Draw(t, "length")
			spans = append(spans, span{from, pos})
			for i := from; i < pos; i++ {
				at = append(at, i)
			}
		}
		stream := make([]float32, pos)
		for i := range stream {
			stream[i] = float32(i)
		}
		packed := pack(stream, spans)
		if len(packed) != len(at) {
			t.Fatalf("%d samples, not %d", len(packed), len(at))
		}
		i := rapid.IntRange(0, len(at)-1).Draw(t, "sample")
		if int(packed[i]) != at[i] {
			t.Fatalf("sample %d is %v, not %d", i, packed[i], at[i])
		}
		// A word that begins and ends with this sample.
		start, end := duration(i), duration(i+1)
		heard := []models.Segment{{Start: start, End: end, Words: []models.Word{{Start: start, End: end}}}}
		unpack(heard, spans)
		w := heard[0].Words[0]
		// Samples are no whole number of nanoseconds.
		near := func(a, b time.Duration) bool { return (a - b).Abs() < 100*time.Nanosecond }
		if !near(w.Start, duration(at[i])) || !near(w.End, duration(at[i]+1)) {
			t.Fatalf("sample %d of the stream is said at %v–%v", at[i], w.Start, w.End)
		}
		if heard[0].Start != w.Start || heard[0].End != w.End {
			t.Fatalf("segment at %v–%v", heard[0].Start, heard[0].End)
		}
	})
}
