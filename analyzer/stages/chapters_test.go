package stages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/analyzertest"
	"github.com/cuepoint/cuepoint/analyzer/chapters"
	"github.com/cuepoint/cuepoint/models"
)

// chapterJob is a job over a video that is known by its cues.
func chapterJob(duration time.Duration, language string, segments []models.Segment, shots []models.Shot) analyzer.Job {
	var cues []models.Cue
	for _, s := range segments {
		data, _ := json.Marshal(models.SpeechData{Language: language, Source: models.SourceImported, Words: s.Words})
		cues = append(cues, models.Cue{Kind: models.CueSpeech, Start: s.Start, End: s.End, Text: s.Text, Data: data})
	}
	for _, s := range shots {
		cues = append(cues, s.Cue())
	}
	return analyzer.Job{
		Video:  &models.Video{Media: &models.MediaInfo{Duration: duration}},
		Inputs: &analyzertest.Inputs{Moments: cues},
	}
}

func chaptersOf(t *testing.T, job analyzer.Job) []models.Cue {
	t.Helper()
	result, _ := analyzertest.Run(t, NewChapters(), job)
	checkChapters(t, result.Cues, job.Video.Media.Duration)
	return result.Cues
}

// fataler is what testing.T and rapid.T share.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkChapters fails unless the chapters are contiguous from 0 to the end and
// have names of their own.
func checkChapters(t fataler, cues []models.Cue, duration time.Duration) {
	t.Helper()
	var at time.Duration
	used := map[string]bool{}
	for i, c := range cues {
		if c.Start != at || c.End <= c.Start {
			t.Fatalf("chapter %d is %v to %v, want it to begin at %v", i, c.Start, c.End, at)
		}
		if name := strings.ToLower(c.Text); c.Text == "" || used[name] {
			t.Fatalf("chapter %d has the title %q, want one of its own", i, c.Text)
		}
		used[strings.ToLower(c.Text)] = true
		at = c.End
	}
	if at != duration {
		t.Fatalf("the chapters end at %v, want %v", at, duration)
	}
}

func shotsAt(duration time.Duration, starts ...time.Duration) []models.Shot {
	var shots []models.Shot
	for i, start := range starts {
		end := duration
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		shots = append(shots, models.Shot{Start: start, End: end, Transition: models.TransitionCut})
	}
	return shots
}

func TestChaptersKeepTheContract(t *testing.T) {
	t.Parallel()
	k := makeTalk(newRand(1), readTopics(t), talkOptions{topics: 4, least: 4, most: 6, pauses: true, shots: true})
	analyzertest.StageContract(t, NewChapters(), chapterJob(k.duration, "en", k.segments, k.shots))
}

func TestChaptersPublishWebVTT(t *testing.T) {
	t.Parallel()
	job := analyzer.Job{Video: &models.Video{Media: &models.MediaInfo{
		Duration: 90 * time.Second,
		Chapters: []models.MediaMark{
			{Start: 30 * time.Second, End: 60 * time.Second, Title: "Rock & <roll>\n\n00:00 --> 00:01"},
			{Start: 0, End: 30 * time.Second, Title: "First"},
			{Start: 30*time.Second + 1, End: 31 * time.Second, Title: "at the same place"},
			{Start: 61 * time.Second, End: 62 * time.Second},
			{Start: 95 * time.Second, End: 99 * time.Second, Title: "past the end"},
		},
	}}}
	result, scratch := analyzertest.Run(t, NewChapters(), job)
	checkChapters(t, result.Cues, 90*time.Second)
	got, err := os.ReadFile(filepath.Join(scratch, result.Artifacts[0].Path))
	if err != nil {
		t.Fatal(err)
	}
	const want = `WEBVTT

00:00:00.000 --> 00:00:30.000
First

00:00:30.000 --> 00:01:01.000
Rock &amp; &lt;roll&gt; 00:00 --&gt; 00:01

00:01:01.000 --> 00:01:30.000
Part 3
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("chapters.vtt (-want +got):\n%s", diff)
	}
	var data models.ChapterData
	if err := json.Unmarshal(result.Cues[1].Data, &data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]models.Evidence{{Kind: chapters.Container, Score: 1}}, data.Evidence); diff != "" {
		t.Errorf("evidence of an author's chapter (-want +got):\n%s", diff)
	}
}

func TestChaptersWithoutWords(t *testing.T) {
	t.Parallel()
	const second = time.Second
	t.Run("shots become chapters at their clearest breaks", func(t *testing.T) {
		t.Parallel()
		shots := shotsAt(60*second, 0, 4*second, 9*second, 21*second, 33*second, 37*second, 41*second, 55*second)
		shots[3].Transition = models.TransitionFade
		shots[6].Transition = models.TransitionFade
		cues := chaptersOf(t, chapterJob(60*second, "", nil, shots))
		if len(cues) != 3 || cues[1].Start != 21*second || cues[2].Start != 41*second {
			t.Errorf("chapters %+v, want them to begin at the fades, 21 s and 41 s", cues)
		}
		if cues[0].Text != "Part 1" {
			t.Errorf("title %q, want %q", cues[0].Text, "Part 1")
		}
	})
	t.Run("one shot in which nobody speaks is skipped", func(t *testing.T) {
		t.Parallel()
		job := chapterJob(60*second, "", nil, shotsAt(60*second, 0))
		job.Scratch, job.Progress = t.TempDir(), func(float64) {}
		_, err := NewChapters().Run(t.Context(), &job)
		if reason := analyzer.Skipped(err); reason == nil || reason.Code != models.CodeNotApplicable {
			t.Errorf("error %v, want a skip because it does not apply", err)
		}
	})
	t.Run("two shots of a second are one chapter", func(t *testing.T) {
		t.Parallel()
		if cues := chaptersOf(t, chapterJob(2*second, "", nil, shotsAt(2*second, 0, second))); len(cues) != 1 {
			t.Errorf("%d chapters, want 1", len(cues))
		}
	})
}

func TestChaptersSuitTheLengthOfAVideo(t *testing.T) {
	t.Parallel()
	all := readTopics(t)
	for name, c := range map[string]struct {
		talks, least, most int
	}{
		"a long day of six hours": {28, 45, 120},
		"an hour":                 {5, 7, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// All topics over and over, in another order each time.
			var segments []models.Segment
			var at time.Duration
			r := newRand(7)
			for range c.talks {
				k := makeTalk(r, all, talkOptions{topics: len(all), least: 99, most: 99})
				for _, s := range k.segments {
					s.Start, s.End = s.Start+at, s.End+at
					segments = append(segments, s)
				}
				at += k.duration
			}
			cues := chaptersOf(t, chapterJob(at, "en", segments, nil))
			if n := len(cues); n < c.least || n > c.most {
				t.Errorf("%d chapters in %v, want %d to %d", n, at, c.least, c.most)
			}
		})
	}
}

func TestChaptersOfAnyInput(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		duration := rapid.Int64Range(1, int64(20*time.Minute)).Draw(t, "duration")
		moment := rapid.Int64Range(-1e9, duration+int64(time.Minute))
		texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "[Music]", "the the", "Volcanoes erupt. Lava flows!", "火山の話"}))
		var segments []models.Segment
		for range rapid.IntRange(0, 12).Draw(t, "segments") {
			a, b := moment.Draw(t, "start"), moment.Draw(t, "end")
			segments = append(segments, models.Segment{Start: time.Duration(a), End: time.Duration(b), Text: texts.Draw(t, "text")})
		}
		slices.SortFunc(segments, func(a, b models.Segment) int { return int(a.Start - b.Start) })
		var starts []time.Duration
		for _, s := range rapid.SliceOfN(moment, 2, 20).Draw(t, "shots") {
			starts = append(starts, time.Duration(s))
		}
		slices.Sort(starts)
		job := chapterJob(time.Duration(duration), "", segments, shotsAt(time.Duration(duration), starts...))
		found, err := NewChapters().find(t.Context(), &job)
		if err != nil {
			t.Fatalf("find: %v", err)
		}
		var cues []models.Cue
		for _, c := range found {
			cues = append(cues, models.Cue{Start: c.Start, End: c.End, Text: c.Title})
		}
		checkChapters(t, cues, time.Duration(duration))
	})
}

func TestChaptersOfRealSpeech(t *testing.T) {
	t.Parallel()
	// Shakespeare's first sonnet, as its captions have it.
	lines := `From fairest creatures we desire increase,
That thereby beauty's rose might never die,
But as the riper should by time decease,
His tender heir might bear his memory:
But thou contracted to thine own bright eyes,
Feed'st thy light's flame with self-substantial fuel,
Making a famine where abundance lies,
Thy self thy foe, to thy sweet self too cruel:
Thou that art now the world's fresh ornament,
And only herald to the gaudy spring,
Within thine own bud buriest thy content,
And tender churl mak'st waste in niggarding:
Pity the world, or else this glutton be,
To eat the world's due, by the grave and thee.`
	var segments []models.Segment
	var at time.Duration
	for line := range strings.Lines(lines) {
		segments = append(segments, models.Segment{Start: at, End: at + 3800*time.Millisecond, Text: line})
		at += 3800 * time.Millisecond
	}
	if cues := chaptersOf(t, chapterJob(at, "en", segments, nil)); len(cues) > 4 {
		t.Errorf("%d chapters in a sonnet of %v, want 1 to 4", len(cues), at)
	}
}

func TestChaptersInOtherLanguages(t *testing.T) {
	t.Parallel()
	for language, c := range otherLanguages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			var segments []models.Segment
			var starts []time.Duration
			var at time.Duration
			for _, topic := range c {
				starts = append(starts, at)
				for line := range strings.Lines(topic.said) {
					line = strings.TrimSpace(line)
					took := time.Duration(len(line)) * 60 * time.Millisecond
					segments = append(segments, models.Segment{Start: at, End: at + took, Text: line})
					at += took + 200*time.Millisecond
				}
				at += time.Second
			}
			for _, declared := range []string{language, "und"} {
				cues := chaptersOf(t, chapterJob(at, declared, segments, nil))
				if len(cues) != len(starts) {
					t.Fatalf("as %s: %d chapters %s, want %d", declared, len(cues), titlesOf(cues), len(starts))
				}
				for i, topic := range c {
					if d := (cues[i].Start - starts[i]).Abs(); d > 2*time.Second {
						t.Errorf("as %s: chapter %d begins at %v, want %v", declared, i, cues[i].Start, starts[i])
					}
					if !strings.Contains(strings.ToLower(cues[i].Text), topic.word) {
						t.Errorf("as %s: title %q, want it to hold %q", declared, cues[i].Text, topic.word)
					}
				}
			}
		})
	}
}

func titlesOf(cues []models.Cue) string {
	var titles []string
	for _, c := range cues {
		titles = append(titles, fmt.Sprintf("%q", c.Text))
	}
	return strings.Join(titles, ", ")
}
