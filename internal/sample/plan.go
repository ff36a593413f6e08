package sample

import (
	"fmt"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// show is the sample on its way: what it will be, and what it is made of.
type show struct {
	Truth
	topics []topic
	spoken [][][]int16
}

// The narrator's pauses, and how long the two gradual transitions take.
const (
	before  = 400 * time.Millisecond // the first sentence of a topic
	between = 300 * time.Millisecond // its sentences
	after   = 700 * time.Millisecond // the last
	gradual = 24                     // frames
)

// Which topics hold the gradual transitions, from 0 on: the picture of one
// dissolves into its figure, another begins from black.
const (
	dissolving = 1
	fading     = 3
)

// plan sets everything on frames: topics, sentences and shots.
func plan(topics []topic, spoken [][][]int16) *show {
	s := &show{topics: topics, spoken: spoken}
	var at time.Duration
	for i, t := range topics {
		found := Topic{Start: at, Word: t.word}
		cuts := []time.Duration{at}
		at += before
		for j, sentence := range t.sentences {
			if j == 1 || j == len(t.sentences)-1 {
				// The picture changes in the middle of a pause.
				cuts = append(cuts, frame(at-between/2))
			}
			end := at + lasts(spoken[i][j])
			found.Sentences = append(found.Sentences, models.Segment{Start: at, End: end, Text: sentence, Confidence: 1})
			at = end + between
		}
		at = frame(at - between + after)
		s.Topics = append(s.Topics, found)
		for k, start := range cuts {
			shot := models.Shot{Start: start, Transition: models.TransitionCut, Confidence: 1}
			switch {
			case i == dissolving && k == 2:
				shot.Transition, shot.Over = models.TransitionDissolve, duration(gradual)
			case i == fading && k == 0:
				shot.Transition, shot.Over = models.TransitionFade, duration(gradual)
			}
			s.Shots = append(s.Shots, shot)
		}
	}
	s.Duration = at
	for i := range s.Shots {
		s.Shots[i].End = at
		if i+1 < len(s.Shots) {
			s.Shots[i].End = s.Shots[i+1].Start
		}
	}
	return s
}

// frame is the time of the frame nearest to t, duration that of some frames.
func frame(t time.Duration) time.Duration { return duration(frames(t)) }
func duration(frames int) time.Duration   { return time.Duration(frames) * time.Second / frameRate }
func frames(t time.Duration) int {
	return int((t + time.Second/frameRate/2) * frameRate / time.Second)
}

// graph is the filter graph that draws the shots and joins them to [show].
func (s *show) graph(f fonts) string {
	var chains, joined []string
	for i, shot := range s.Shots {
		t, kind := s.topics[i/3], i%3
		slide := t.slide(kind, f, i/3+1, len(s.topics))
		length := frames(shot.End) - frames(shot.Start)
		next := models.Shot{}
		if i+1 < len(s.Shots) {
			next = s.Shots[i+1]
		}
		// Both sides of a dissolve are on screen for the whole of it.
		length += overlap(shot) + overlap(next)
		slide = append(slide, fmt.Sprintf("trim=end_frame=%d", length))
		if shot.Transition == models.TransitionFade {
			slide = append(slide, fmt.Sprintf("fade=in:0:%d", gradual/2))
		}
		if next.Transition == models.TransitionFade {
			slide = append(slide, fmt.Sprintf("fade=out:%d:%d", length-gradual/2, gradual/2))
		}
		slide = append(slide, "format=yuv420p", "setsar=1", "settb=1/25", "setpts=N")
		chains = append(chains, strings.Join(slide, ",")+fmt.Sprintf("[s%d]", i))
		if overlap(shot) == 0 {
			joined = append(joined, fmt.Sprintf("[s%d]", i))
			continue
		}
		begins := shot.Start - s.Shots[i-1].Start - duration(gradual/2)
		chains = append(chains, fmt.Sprintf("[s%d][s%d]xfade=transition=fade:duration=%.2f:offset=%.2f[x%d]",
			i-1, i, duration(gradual).Seconds(), begins.Seconds(), i))
		joined[len(joined)-1] = fmt.Sprintf("[x%d]", i)
	}
	join := fmt.Sprintf("%sconcat=n=%d:v=1:a=0[show]", strings.Join(joined, ""), len(joined))
	return strings.Join(append(chains, join), ";")
}

// overlap is how many frames a shot has beyond its truth where it meets another
// in a dissolve.
func overlap(shot models.Shot) int {
	if shot.Transition == models.TransitionDissolve {
		return gradual / 2
	}
	return 0
}

func (t topic) slide(kind int, f fonts, number, of int) slide {
	switch kind {
	case 0:
		return t.titleSlide(f, number, of)
	case 1:
		return t.pictureSlide(f)
	default:
		return t.figureSlide(f)
	}
}
