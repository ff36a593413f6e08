package edits_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/models"
)

// spoken makes a transcript of lines like "1-3 bees make honey", in seconds.
func spoken(lines ...string) (cues []models.Cue) {
	for i, l := range lines {
		var from, to int
		if _, err := fmt.Sscanf(l, "%d-%d", &from, &to); err != nil {
			panic(err)
		}
		_, text, _ := strings.Cut(l, " ")
		c := models.Cue{
			ID: fmt.Sprintf("%p-%d", &lines[0], i), Kind: models.CueSpeech, Stage: "speech", Text: text, Confidence: 0.5,
			Start: time.Duration(from) * time.Second, End: time.Duration(to) * time.Second,
		}
		cues = append(cues, c.WithSpeech(models.SpeechData{Language: "en", Speaker: "A"}))
	}
	return cues
}

func shown(o edits.Overlay) (lines []string) {
	for _, c := range o.Cues {
		lines = append(lines, fmt.Sprintf("%v-%v %s", c.Start.Seconds(), c.End.Seconds(), c.Text))
	}
	return lines
}

// TestEditsFindTheirPlaceAgain edits the second of three captions and looks at
// what is seen over what the stage finds next; nil where the edit is orphaned.
func TestEditsFindTheirPlaceAgain(t *testing.T) {
	t.Parallel()
	right, middle := "the queen flies far", 5*time.Second
	correct := func(id string) edits.Plan { return edits.Correct(id, edits.Correction{Text: &right}) }
	for name, test := range map[string]struct {
		edit func(id string) edits.Plan
		next []string
		want []string
	}{
		"the same":         {correct, []string{"1-3 bees make honey", "4-6 the green flies far", "7-9 the end"}, []string{"1-3 bees make honey", "4-6 the queen flies far", "7-9 the end"}},
		"moved":            {correct, []string{"21-23 bees make honey", "24-26 the green flies far"}, []string{"21-23 bees make honey", "24-26 the queen flies far"}},
		"heard better":     {correct, []string{"4-7 The queen flies far!"}, []string{"4-7 the queen flies far"}},
		"heard otherwise":  {correct, []string{"5-7 a green fly is far", "7-8 so"}, nil},
		"heard nearly so":  {correct, []string{"5-7 green flies far"}, []string{"5-7 the queen flies far"}},
		"cut in two":       {correct, []string{"4-5 the green", "5-6 flies far", "7-9 the end"}, []string{"4-6 the queen flies far", "7-9 the end"}},
		"part of more":     {correct, []string{"1-6 bees make honey and the green flies far"}, nil},
		"something else":   {correct, []string{"4-6 in spring"}, nil},
		"nothing":          {correct, nil, nil},
		"said twice":       {correct, []string{"1-3 the green flies far", "5-7 the green flies far"}, []string{"1-3 the green flies far", "5-7 the queen flies far"}},
		"far away":         {correct, []string{"100-103 the green flies far"}, nil},
		"removed":          {edits.Remove, []string{"1-3 bees make honey", "5-6 the green flies far"}, []string{"1-3 bees make honey"}},
		"nothing to split": {func(id string) edits.Plan { return edits.Split(id, 10, &middle) }, []string{"4-6 in spring"}, nil},
		"split": {
			func(id string) edits.Plan { return edits.Split(id, 10, &middle) },
			[]string{"10-14 the green flies far"}, []string{"10-12 the green", "12-14 flies far"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := edits.Overlay{Kind: models.CueSpeech, Cues: spoken("1-3 bees make honey", "4-6 the green flies far", "7-9 the end"), Duration: time.Hour}
			e, err := o.Make(test.edit(o.Cues[1].ID))
			if err != nil {
				t.Fatal(err)
			}
			if test.next != nil {
				o.Cues = spoken(test.next...)
			} else {
				o.Cues = nil
			}
			standing, want, state := []models.Edit{e}, test.want, models.EditActive
			o.Anchor(standing)
			if want == nil {
				want, state = test.next, models.EditOrphaned
			}
			if diff := cmp.Diff(want, shown(o)); diff != "" || standing[0].State != state {
				t.Errorf("%s, want %s (-want +got):\n%s", standing[0].State, state, diff)
			}
		})
	}
}

func TestAnOrphanComesBackWithWhatItWasMadeOn(t *testing.T) {
	t.Parallel()
	o := edits.Overlay{Kind: models.CueSpeech, Cues: spoken("1-3 bees mak honey")}
	right := "bees make honey"
	e, err := o.Make(edits.Correct(o.Cues[0].ID, edits.Correction{Text: &right}))
	if err != nil {
		t.Fatal(err)
	}
	standing := []models.Edit{e}
	for _, step := range []struct {
		found, seen string
		state       models.EditState
	}{{"1-3 nonsense", "1-3 nonsense", models.EditOrphaned}, {"2-4 bees mak honey", "2-4 bees make honey", models.EditActive}} {
		o.Cues = spoken(step.found)
		o.Anchor(standing)
		if diff := cmp.Diff([]string{step.seen}, shown(o)); diff != "" || standing[0].State != step.state {
			t.Errorf("%s, want %s (-want +got):\n%s", standing[0].State, step.state, diff)
		}
	}
}

// TestWhatNobodySaidStaysTheStages corrects one thing of a segment: the rest
// becomes better when the stage does.
func TestWhatNobodySaidStaysTheStages(t *testing.T) {
	t.Parallel()
	o := edits.Overlay{Kind: models.CueSpeech, Cues: spoken("1-3 bees make honney", "4-6 in the hive")}
	anna := "Anna"
	speaker, err := o.Make(edits.Correct(o.Cues[0].ID, edits.Correction{Speaker: &anna}))
	if err != nil {
		t.Fatal(err)
	}
	merge, err := o.Make(edits.Merge(o.Cues[0].ID, o.Cues[1].ID))
	if err != nil {
		t.Fatal(err)
	}
	o.Cues = spoken("1-3 Bees make honey.", "4-7 In the hive.")
	o.Anchor([]models.Edit{speaker, merge})
	if diff := cmp.Diff([]string{"1-7 Bees make honey. In the hive."}, shown(o)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d, err := o.Cues[0].Speech(); err != nil || d.Speaker != anna {
		t.Errorf("said by %q (%v), want %s", d.Speaker, err, anna)
	}
}

func TestARenamedSpeakerIsRenamedInWhatIsFoundNext(t *testing.T) {
	t.Parallel()
	o := edits.Overlay{Kind: models.CueSpeech, Cues: spoken("1-3 bees make honey")}
	e, err := o.Make(edits.Rename("A", "Anna"))
	if err != nil {
		t.Fatal(err)
	}
	o.Cues = spoken("5-6 something else", "7-8 altogether")
	standing := []models.Edit{e}
	o.Anchor(standing)
	for _, c := range o.Cues {
		if d, err := c.Speech(); err != nil || d.Speaker != "Anna" {
			t.Errorf("%q is said by %q (%v), want Anna", c.Text, d.Speaker, err)
		}
	}
	if err := o.Revert(&standing[0]); err != nil || slices.ContainsFunc(o.Cues, func(c models.Cue) bool { return c.Edit != "" }) {
		t.Errorf("%v: %v", err, o.Cues)
	}
}

func TestWordsKeepTheirTimes(t *testing.T) {
	t.Parallel()
	at := func(text string, start, end int) models.Word {
		return models.Word{Text: text, Start: time.Duration(start) * time.Millisecond, End: time.Duration(end) * time.Millisecond, Confidence: 0.5}
	}
	words := []models.Word{at("Bees", 0, 10), at("mak", 10, 20), at("hony", 20, 30), at("here.", 30, 40)}
	for text, want := range map[string][]models.Word{
		"Bees make honey here.": {at("Bees", 0, 10), {Text: "make", Start: 10 * time.Millisecond, End: 20 * time.Millisecond, Confidence: 1}, {Text: "honey", Start: 20 * time.Millisecond, End: 30 * time.Millisecond, Confidence: 1}, at("here.", 30, 40)},
		"bees, here":            {at("bees,", 0, 10), at("here", 30, 40)},
		"Oh, bees mak":          {{Text: "Oh,", Confidence: 1}, at("bees", 0, 10), at("mak", 10, 20)},
		"蜂は蜜を作る":                nil, // nobody knows which of it was when
	} {
		c := models.Cue{ID: "c", Kind: models.CueSpeech, End: 40 * time.Millisecond, Text: "Bees mak hony here."}
		o := edits.Overlay{Kind: models.CueSpeech, Cues: []models.Cue{c.WithSpeech(models.SpeechData{Words: append([]models.Word{}, words...)})}}
		if _, err := o.Make(edits.Correct("c", edits.Correction{Text: &text})); err != nil {
			t.Fatal(err)
		}
		d, err := o.Cues[0].Speech()
		if diff := cmp.Diff(want, d.Words); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

func TestWhatCannotBeEdited(t *testing.T) {
	t.Parallel()
	text, none, late := "text", " ", 2*time.Hour
	for name, test := range map[string]struct {
		plan edits.Plan
		want models.Code
	}{
		"a cue that is not there": {edits.Remove("none"), models.CodeNotFound},
		"no text":                 {edits.Correct("0", edits.Correction{Text: &none}), models.CodeInvalidArgument},
		"a time after the video":  {edits.Correct("0", edits.Correction{Text: &text, End: &late}), models.CodeInvalidArgument},
		"an end before the start": {edits.Correct("1", edits.Correction{End: new(time.Duration)}), models.CodeInvalidArgument},
		"one to be merged":        {edits.Merge("0"), models.CodeInvalidArgument},
		"the same twice":          {edits.Merge("0", "0"), models.CodeInvalidArgument},
		"no neighbours":           {edits.Merge("0", "2"), models.CodeInvalidArgument},
		"a split at the end":      {edits.Split("0", 100, nil), models.CodeInvalidArgument},
		"a split before it":       {edits.Split("0", 4, new(time.Duration)), models.CodeInvalidArgument},
		"a name nobody has":       {edits.Rename("B", "C"), models.CodeNotFound},
	} {
		o := edits.Overlay{Kind: models.CueSpeech, Cues: spoken("0-1 one two", "2-3 three", "4-5 four"), Duration: time.Hour}
		for i := range o.Cues {
			o.Cues[i].ID = fmt.Sprint(i)
		}
		if _, err := o.Make(test.plan); models.ErrorCode(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func TestChaptersLeaveNoGap(t *testing.T) {
	t.Parallel()
	mark := func(id string, start time.Duration) models.Cue {
		return models.Cue{ID: id, Kind: models.CueChapter, Stage: "chapters", Start: start, Text: id, Data: json.RawMessage(`{}`)}
	}
	o := edits.Overlay{Kind: models.CueChapter, Cues: []models.Cue{mark("a", 0), mark("b", 60*time.Second), mark("c", 120*time.Second)}, Duration: 180 * time.Second}
	o.Cues[0].End, o.Cues[1].End, o.Cues[2].End = 60*time.Second, 120*time.Second, 180*time.Second
	later := 70 * time.Second
	var made []models.Edit
	for _, step := range []struct {
		plan edits.Plan
		want []string
	}{
		{edits.Correct("b", edits.Correction{Start: &later}), []string{"0-70 a", "70-120 b", "120-180 c"}},
		{edits.Remove("c"), []string{"0-70 a", "70-180 b"}},
		{edits.Add(30*time.Second, 0, "d", ""), []string{"0-30 a", "30-70 d", "70-180 b"}},
	} {
		e, err := o.Make(step.plan)
		if diff := cmp.Diff(step.want, shown(o)); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		made = append(made, e)
	}
	if _, err := o.Make(edits.Add(later+time.Second/2, 0, "e", "")); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("two chapters at once: %v", err)
	}
	for _, e := range slices.Backward(made) {
		if err := o.Revert(&e); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"0-60 a", "60-120 b", "120-180 c"}, shown(o)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
