package transcribe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

func texts(segments []models.Segment) []string {
	var out []string
	for _, s := range segments {
		out = append(out, s.Text)
	}
	return out
}

func TestCleanDropsWhatNobodySaid(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ heard, want []string }{
		"annotations":                    {[]string{"[BLANK_AUDIO]", "(soft music)", "♪ ♪", "*sighs*", "..."}, nil},
		"words beside an annotation":     {[]string{"[Music] Hello."}, []string{"[Music] Hello."}},
		"a loop":                         {[]string{"Go on.", "go on", "Go on!", "Go on.", "Stop."}, []string{"Go on.", "go on", "Stop."}},
		"the same words, but not in row": {[]string{"No.", "Yes.", "No.", "Yes.", "No."}, []string{"No.", "Yes.", "No.", "Yes.", "No."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c cleaner
			var got []string
			for _, text := range tt.heard { // each from a window of its own
				got = append(got, texts(c.clean([]models.Segment{{Text: text}}))...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCleanSplitsAtPauses(t *testing.T) {
	t.Parallel()
	sec := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	s := models.Segment{
		Start: sec(1), End: sec(63), Text: "Hello there, goodbye.", Confidence: 0.5,
		Words: []models.Word{
			{Text: "Hello", Start: sec(1), End: sec(1.5)},
			{Text: "there,", Start: sec(1.5), End: sec(2)},
			{Text: "goodbye.", Start: sec(62), End: sec(63)},
		},
	}
	want := []models.Segment{
		{Start: sec(1), End: sec(2), Text: "Hello there,", Confidence: 0.5, Words: s.Words[:2]},
		{Start: sec(62), End: sec(63), Text: "goodbye.", Confidence: 0.5, Words: s.Words[2:]},
	}
	var c cleaner
	if diff := cmp.Diff(want, c.clean([]models.Segment{s})); diff != "" {
		t.Error(diff)
	}
}

func TestPartsKeepTheWayWordsAreJoined(t *testing.T) {
	t.Parallel()
	s := models.Segment{Text: "今日は晴れ。", Words: []models.Word{{Text: "今日"}, {Text: "は"}, {Text: "晴れ。"}}}
	if got := part(s, 1, 3).Text; got != "は晴れ。" {
		t.Errorf("got %q", got)
	}
}
