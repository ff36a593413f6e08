package stages

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// talk is a made-up talk over several topics, and where they begin.
type talk struct {
	duration time.Duration
	segments []models.Segment
	shots    []models.Shot
	starts   []time.Duration
	words    []string
}

// spokenTopic is a text of testdata/topics, one sentence a line. The file is
// named by the word it is about.
type spokenTopic struct {
	word      string
	sentences []string
}

// talkOptions say how a talk is made.
type talkOptions struct {
	topics      int
	least, most int  // sentences of each
	pauses      bool // longer ones between topics
	shots       bool // one at each topic, and at some other sentences
	plain       bool // captions of seven words in small letters without punctuation
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func readTopics(t *testing.T) []spokenTopic {
	t.Helper()
	files, err := filepath.Glob("testdata/topics/*.txt")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d topics found: %v", len(files), err)
	}
	var topics []spokenTopic
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		topics = append(topics, spokenTopic{
			word:      strings.TrimSuffix(filepath.Base(name), ".txt"),
			sentences: strings.Split(strings.TrimSpace(string(text)), "\n"),
		})
	}
	return topics
}

// makeTalk speaks topics in a random order at a usual pace.
func makeTalk(r *rand.Rand, all []spokenTopic, o talkOptions) talk {
	ms := func(least, most int) time.Duration { return time.Duration(least+r.IntN(most-least)) * time.Millisecond }
	var k talk
	var at time.Duration
	for _, n := range r.Perm(len(all))[:o.topics] {
		if o.pauses && at > 0 {
			at += ms(700, 1500)
		}
		k.starts, k.words = append(k.starts, at), append(k.words, all[n].word)
		if o.shots {
			k.shots = append(k.shots, models.Shot{Start: at})
		}
		said := all[n].sentences
		for _, sentence := range said[:min(len(said), o.least+r.IntN(o.most-o.least+1))] {
			for _, line := range captionLines(sentence, o.plain) {
				took := time.Duration(len(strings.Fields(line))) * 380 * time.Millisecond
				k.segments = append(k.segments, models.Segment{Start: at, End: at + took, Text: line})
				at += took
			}
			at += ms(150, 500)
			if o.shots && r.IntN(3) == 0 {
				k.shots = append(k.shots, models.Shot{Start: at - ms(0, 3000)})
			}
		}
	}
	k.duration = at
	return k
}

func captionLines(sentence string, plain bool) []string {
	if !plain {
		return []string{sentence}
	}
	words := strings.Fields(strings.ToLower(strings.NewReplacer(".", "", ",", "", "?", "").Replace(sentence)))
	var lines []string
	for len(words) > 0 {
		n := min(7, len(words))
		lines = append(lines, strings.Join(words[:n], " "))
		words = words[n:]
	}
	return lines
}

// TestTopicShiftsAreFound measures boundaries by F1: within three seconds, or
// within nine, which is a sentence or two, where words are all there is. The
// parameters in analyzer/chapters and analyzer/text were set on every second
// topic; both halves must do.
func TestTopicShiftsAreFound(t *testing.T) {
	t.Parallel()
	all := readTopics(t)
	half := [2][]spokenTopic{}
	for i, topic := range all {
		half[i%2] = append(half[i%2], topic)
	}
	for name, c := range map[string]struct {
		o    talkOptions
		want float64
	}{
		"words alone, 4 or 5 sentences a topic":         {talkOptions{topics: 6, least: 4, most: 5}, 0.55},
		"words alone, 7 or more":                        {talkOptions{topics: 6, least: 7, most: 12}, 0.75},
		"captions without punctuation":                  {talkOptions{topics: 6, least: 7, most: 12, plain: true}, 0.6},
		"words and shots":                               {talkOptions{topics: 4, least: 4, most: 12, shots: true}, 0.68},
		"words and pauses, 3 or 4 sentences a topic":    {talkOptions{topics: 6, least: 3, most: 4, pauses: true}, 0.92},
		"words, pauses and shots, 3 or 4 sentences":     {talkOptions{topics: 6, least: 3, most: 4, pauses: true, shots: true}, 0.95},
		"words, pauses and shots, any number of topics": {talkOptions{topics: 7, least: 3, most: 12, pauses: true, shots: true}, 0.92},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			within := 3 * time.Second
			if !c.o.pauses && !c.o.shots {
				within *= 3
			}
			for i, topics := range half {
				var found, truth, hits float64
				for seed := range uint64(20) {
					k := makeTalk(newRand(seed), topics, c.o)
					cues := chaptersOf(t, chapterJob(k.duration, "en", k.segments, k.shots))
					found += float64(len(cues) - 1)
					truth += float64(len(k.starts) - 1)
					for _, start := range k.starts[1:] {
						for _, cue := range cues[1:] {
							if (cue.Start - start).Abs() <= within {
								hits++
								break
							}
						}
					}
				}
				f1 := 2 * hits / (found + truth)
				t.Logf("half %d: F1 %.2f, precision %.2f, recall %.2f", i, f1, hits/found, hits/truth)
				if f1 < c.want {
					t.Errorf("half %d: F1 %.2f, want %.2f", i, f1, c.want)
				}
			}
		})
	}
}
