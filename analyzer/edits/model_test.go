package edits_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/models"
)

// world is a video whose speech, or chapters, people edit while its stage runs
// again and finds the same, something like it or something else.
type world struct {
	kind  models.CueKind
	found []models.Cue // by the last run
	seen  edits.Overlay
	edits []models.Edit // that are not reverted
	runs  int
}

const length = 10 * time.Minute

// line is a text of some words at a time.
type line struct {
	start, end time.Duration
	text       string
}

var lexicon = strings.Fields("bees make honey in the hive and the queen flies far away over fields of clover each spring 蜂蜜 甘い")

func drawText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(lexicon), 1, 6).Draw(t, "words"), " ")
}

func drawScript(t *rapid.T) (script []line) {
	at := time.Duration(0)
	for range rapid.IntRange(0, 12).Draw(t, "lines") {
		at += time.Duration(rapid.IntRange(0, 9).Draw(t, "pause")) * time.Second
		end := at + time.Duration(rapid.IntRange(1, 6).Draw(t, "takes"))*time.Second
		script = append(script, line{at, end, drawText(t)})
		at = end
	}
	return script
}

// run has the stage find a script.
func (w *world) run(script []line) {
	w.runs++
	w.found = nil
	for i := range script {
		if w.kind == models.CueChapter { // which have no gaps
			script[i].end = append(script, line{start: length})[i+1].start
		}
	}
	for i, l := range script {
		c := models.Cue{
			ID: fmt.Sprintf("run%d-%d", w.runs, i), Stage: "stage", Kind: w.kind, Start: l.start, End: l.end, Text: l.text, Confidence: 0.5,
		}
		if w.kind == models.CueSpeech {
			var words []models.Word
			for j, word := range strings.Fields(l.text) {
				words = append(words, models.Word{Text: word, Start: l.start + time.Duration(j), End: l.start + time.Duration(j+1), Confidence: 1})
			}
			c = c.WithSpeech(models.SpeechData{Language: "en", Speaker: []string{"A", "B"}[i%2], Words: words})
		}
		w.found = append(w.found, c)
	}
	w.seen = edits.Overlay{Kind: w.kind, Stage: "stage", Cues: slices.Clone(w.found), Duration: length}
	w.seen.Anchor(w.edits)
}

func (w *world) script() (script []line) {
	for _, c := range w.found {
		script = append(script, line{c.Start, c.End, c.Text})
	}
	return script
}

// rerun has the stage find something that has more or less to do with what it
// found before.
func (w *world) rerun(t *rapid.T) {
	script := w.script()
	switch rapid.SampledFrom([]string{"same", "moved", "other words", "joined", "other"}).Draw(t, "script") {
	case "moved":
		by := time.Duration(rapid.IntRange(0, 20).Draw(t, "by")) * time.Second
		if n := len(script); n > 0 && script[n-1].end+by > length {
			by = -script[0].start // back to the beginning
		}
		for i := range script {
			script[i].start, script[i].end = script[i].start+by, script[i].end+by
		}
	case "other words":
		for i := range script {
			if rapid.Bool().Draw(t, "another") {
				script[i].text = drawText(t)
			}
		}
	case "joined":
		for i := len(script) - 2; i >= 0; i -= 2 {
			script[i].end, script[i].text = script[i+1].end, script[i].text+" "+script[i+1].text
			script = slices.Delete(script, i+1, i+2)
		}
	case "other":
		script = drawScript(t)
	}
	w.run(script)
}

func (w *world) id(t *rapid.T) string {
	if len(w.seen.Cues) == 0 {
		return "none"
	}
	return rapid.SampledFrom(w.seen.Cues).Draw(t, "cue").ID
}

func (w *world) plan(t *rapid.T) edits.Plan {
	at := func(what string) time.Duration {
		return time.Duration(rapid.IntRange(0, 120).Draw(t, what)) * time.Second
	}
	text, start, end := drawText(t), at("start"), at("end")
	actions := []string{"text", "text", "times", "remove", "add"}
	if w.kind == models.CueSpeech {
		actions = append(actions, "speaker", "merge", "split", "rename")
	}
	switch rapid.SampledFrom(actions).Draw(t, "action") {
	case "text":
		return edits.Correct(w.id(t), edits.Correction{Text: &text})
	case "times":
		return edits.Correct(w.id(t), edits.Correction{Start: &start, End: &end})
	case "speaker":
		return edits.Correct(w.id(t), edits.Correction{Speaker: &text})
	case "merge":
		from := rapid.IntRange(0, max(len(w.seen.Cues)-2, 0)).Draw(t, "from")
		var ids []string
		for _, c := range w.seen.Cues[from:min(from+2, len(w.seen.Cues))] {
			ids = append(ids, c.ID)
		}
		return edits.Merge(ids...)
	case "split":
		return edits.Split(w.id(t), rapid.IntRange(0, 12).Draw(t, "after"), nil)
	case "remove":
		return edits.Remove(w.id(t))
	case "rename":
		return edits.Rename(rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "who"), rapid.SampledFrom([]string{"A", "C"}).Draw(t, "to"))
	}
	return edits.Add(start, end, text, "C")
}

// make makes an edit, where there is something to be edited.
func (w *world) make(t *rapid.T) {
	before := slices.Clone(w.seen.Cues)
	e, err := w.seen.Make(w.plan(t))
	if err != nil {
		if code := models.ErrorCode(err); code != models.CodeNotFound && code != models.CodeInvalidArgument {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, w.seen.Cues); diff != "" {
			t.Fatalf("%v, and yet (-before +after):\n%s", err, diff)
		}
		return
	}
	w.settle(e.Covers)
	w.edits = append(w.edits, e)
}

// settle has the edits that some cues come from look whether they are seen.
func (w *world) settle(cues []models.Cue) {
	for i := range w.edits {
		e := &w.edits[i]
		if slices.ContainsFunc(cues, func(c models.Cue) bool { return c.Edit == e.ID }) {
			w.seen.Settle(e)
		}
	}
}

func (w *world) revert(t *rapid.T) {
	if len(w.edits) == 0 {
		return
	}
	w.take(t, rapid.IntRange(0, len(w.edits)-1).Draw(t, "edit"))
}

// take takes an edit back if it can be.
func (w *world) take(t *rapid.T, i int) {
	covers := w.edits[i].Covers
	stood := slices.ContainsFunc(w.edits, func(e models.Edit) bool {
		return slices.ContainsFunc(e.Covers, func(c models.Cue) bool { return c.Edit == w.edits[i].ID })
	})
	switch err := w.seen.Revert(&w.edits[i]); {
	case stood && models.ErrorCode(err) != models.CodeNotRevertible:
		t.Fatalf("an edit that another stands on is reverted: %v", err)
	case err == nil:
		w.settle(covers)
		w.edits = slices.Delete(w.edits, i, i+1) // the store lists no reverted ones
	case !stood:
		t.Fatal(err)
	}
}

// check looks whether everything is somewhere, once.
func (w *world) check(t *rapid.T) {
	ids, shown, hidden, base := map[string]bool{}, map[string]int{}, map[string]int{}, map[string]int{}
	count := func(c models.Cue, where map[string]int) {
		if c.Edit == "" {
			base[c.ID]++
		} else {
			where[c.Edit]++
		}
	}
	for i, c := range w.seen.Cues {
		if ids[c.ID] {
			t.Fatalf("%s is seen twice", c.ID)
		}
		ids[c.ID] = true
		if c.Start < 0 || c.End < c.Start || c.End > length || c.Kind != models.CueChapter && c.End == c.Start && c.Edit != "" {
			t.Fatalf("%s is from %v to %v", c.ID, c.Start, c.End)
		}
		if i > 0 && c.Start < w.seen.Cues[i-1].Start {
			t.Fatalf("%s is out of order", c.ID)
		}
		count(c, shown)
	}
	for _, e := range w.edits {
		for _, c := range e.Covers {
			count(c, hidden)
		}
	}
	for _, c := range w.found {
		if base[c.ID] != 1 {
			t.Fatalf("%s is there %d times, seen or covered", c.ID, base[c.ID])
		}
	}
	if len(base) != len(w.found) {
		t.Fatalf("%d cues of the stage are there, want %d", len(base), len(w.found))
	}
	for _, e := range w.edits {
		w.checkEdit(t, e, shown[e.ID], hidden[e.ID])
		delete(shown, e.ID)
	}
	if len(shown) > 0 {
		t.Fatalf("cues of edits that do not stand are seen: %v", shown)
	}
}

func (w *world) checkEdit(t *rapid.T, e models.Edit, shown, hidden int) {
	size := len(e.Change.After)
	if e.Change.Action == models.EditRename {
		size = len(e.Covers)
	}
	switch e.State {
	case models.EditOrphaned:
		size = 0
		if e.Covers != nil {
			t.Fatalf("%s is orphaned and covers %v", e.ID, e.Covers)
		}
	case models.EditActive:
		if shown == 0 && size > 0 {
			t.Fatalf("%s is active, and nothing of it is seen", e.ID)
		}
	case models.EditSuperseded:
		if shown > 0 || size == 0 {
			t.Fatalf("%s is superseded, and %d of %d are seen", e.ID, shown, size)
		}
	default:
		t.Fatalf("%s is %q", e.ID, e.State)
	}
	if shown+hidden != size {
		t.Fatalf("%s (%s, %s) is there %d+%d times, want %d", e.ID, e.Change.Action, e.State, shown, hidden, size)
	}
}

func each(t *testing.T, check func(t *rapid.T, w *world)) {
	t.Helper()
	for _, kind := range []models.CueKind{models.CueSpeech, models.CueChapter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				w := &world{kind: kind}
				w.run(drawScript(t))
				check(t, w)
			})
		})
	}
}

func TestEveryEditIsSomewhereOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *rapid.T, w *world) {
		for _, step := range rapid.SliceOfN(rapid.SampledFrom([]string{"make", "make", "make", "revert", "rerun"}), 1, 30).Draw(t, "steps") {
			map[string]func(*rapid.T){"make": w.make, "revert": w.revert, "rerun": w.rerun}[step](t)
			w.check(t)
		}
	})
}

func TestARunThatFindsTheSameChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *rapid.T, w *world) {
		for range rapid.IntRange(0, 12).Draw(t, "edits") {
			w.make(t)
		}
		before, states := w.seen.Cues, w.states()
		w.run(w.script())
		if diff := cmp.Diff(plain(before), plain(w.seen.Cues)); diff != "" {
			t.Fatalf("(-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(states, w.states()); diff != "" {
			t.Fatalf("states (-before +after):\n%s", diff)
		}
		again := edits.Overlay{Kind: w.kind, Stage: "stage", Cues: slices.Clone(w.found), Duration: length}
		again.Anchor(slices.Clone(w.edits))
		if diff := cmp.Diff(w.seen.Cues, again.Cues); diff != "" {
			t.Fatalf("laid twice (-first +second):\n%s", diff)
		}
	})
}

// plain is what people see of cues.
func plain(cues []models.Cue) (all []string) {
	for _, c := range cues {
		all = append(all, fmt.Sprintf("%v %v %s %s", c.Start, c.End, c.Text, c.Data))
	}
	return all
}

func (w *world) states() (states []models.EditState) {
	for _, e := range w.edits {
		states = append(states, e.State)
	}
	return states
}

func TestWhatIsTakenBackFromTheLastOnIsAsItWas(t *testing.T) {
	t.Parallel()
	each(t, func(t *rapid.T, w *world) {
		before := plain(w.seen.Cues)
		for range rapid.IntRange(0, 12).Draw(t, "edits") {
			w.make(t)
			w.check(t)
		}
		for len(w.edits) > 0 {
			w.take(t, len(w.edits)-1)
			w.check(t)
		}
		if diff := cmp.Diff(before, plain(w.seen.Cues)); diff != "" {
			t.Fatalf("(-before +after):\n%s", diff)
		}
	})
}
