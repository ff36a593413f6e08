package transcribe

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

// smallSplitting has the proportions of the default and makes windows of two
// seconds, so that a minute of sound crosses many borders.
func smallSplitting() splitting {
	return splitting{target: 100, search: 40, overlap: 10, around: 3, pad: 5, silence: 30, quiet: 1e-6}
}

// spoken is a word in a stream of time code: the number of the word is in each
// of its samples, and its first and last samples say so.
type spoken struct{ start, length int }

const (
	codeFirst = 0.25
	codeInner = 0.5
	codeLast  = 0.75
	codeStep  = 1.0 / (1 << 20)
)

// speak renders words as samples.
func speak(words []spoken, length int) []float32 {
	samples := make([]float32, length)
	for k, w := range words {
		code := float32(k) * codeStep
		for i := range w.length {
			samples[w.start+i] = codeInner + code
		}
		samples[w.start] = codeFirst + code
		samples[w.start+w.length-1] = codeLast + code
	}
	return samples
}

// decodeWords is a recognizer of time code. A word of which a part is missing
// is heard as another one. The number of a word is its confidence.
func decodeWords(samples []float32) []models.Word {
	var words []models.Word
	whole := false
	began := -1
	for i, v := range samples {
		if v == 0 {
			continue
		}
		if v < codeInner || began < 0 {
			began, whole = i, v < codeInner
		}
		final := i+1 == len(samples) || samples[i+1] == 0 || samples[i+1] < codeInner
		if !final {
			continue
		}
		base := float32(codeFirst)
		switch {
		case v >= codeLast:
			base = codeLast
		case v >= codeInner:
			base = codeInner
		}
		whole = whole && v >= codeLast
		k := int((v - base) / codeStep)
		text := []string{"well", "well", "no", "yes"}[k%4]
		if !whole {
			text = "part"
		}
		words = append(words, models.Word{Text: text, Start: at(int64(began)), End: at(int64(i + 1)), Confidence: float64(k)})
		began = -1
	}
	return words
}

// segmented groups words by n.
func segmented(words []models.Word, n int) []models.Segment {
	var segments []models.Segment
	for chunk := range slices.Chunk(words, n) {
		segments = append(segments, models.Segment{
			Start: chunk[0].Start, End: chunk[len(chunk)-1].End, Text: join(chunk), Words: slices.Clone(chunk),
		})
	}
	return segments
}

// drawSpeech makes words of 40 to 160 ms: fluent, with pauses, or with gaps of
// up to two seconds.
func drawSpeech(t *rapid.T) ([]spoken, []float32) {
	lengths := rapid.IntRange(2*frame, 8*frame)
	longest := rapid.SampledFrom([]int{0, frame, 4 * frame, 40 * frame, 100 * frame}).Draw(t, "longest gap")
	gaps := rapid.IntRange(0, longest)
	var words []spoken
	pos := gaps.Draw(t, "lead")
	for range rapid.IntRange(0, 150).Draw(t, "words") {
		w := spoken{start: pos, length: lengths.Draw(t, "length")}
		words = append(words, w)
		pos += w.length + gaps.Draw(t, "gap")
	}
	return words, speak(words, pos)
}

func pushBlocks(t *rapid.T, s *splitter, samples []float32) {
	for len(samples) > 0 {
		n := min(len(samples), rapid.IntRange(1, 30000).Draw(t, "block"))
		if err := s.push(samples[:n]); err != nil {
			t.Fatal(err)
		}
		samples = samples[n:]
	}
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsLostOrDoubledAtTheBorders(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words, samples := drawSpeech(t)
		perSegment := rapid.IntRange(1, 12).Draw(t, "words per segment")
		jitter := rapid.IntRange(0, 2*frame/5).Draw(t, "jitter")
		shift := rapid.SampledFrom([]int{-jitter, 0, jitter})
		var got []models.Word
		var stitch stitcher
		s := newSplitter(smallSplitting(), func(w window) error {
			heard := decodeWords(w.samples)
			for i := range heard {
				by := at(int64(shift.Draw(t, "shift")))
				heard[i].Start += by
				heard[i].End += by
			}
			for _, segment := range stitch.add(w, segmented(heard, perSegment)) {
				if diff := cmp.Diff(join(segment.Words), segment.Text); diff != "" {
					t.Errorf("a segment's text is not its words: %s", diff)
				}
				got = append(got, segment.Words...)
			}
			return nil
		})
		pushBlocks(t, s, samples)

		if len(got) != len(words) {
			t.Fatalf("%d words were said, %d were heard", len(words), len(got))
		}
		for k, w := range got {
			if w.Text == "part" || int(w.Confidence) != k {
				t.Fatalf("word %d was heard as %q, number %v", k, w.Text, w.Confidence)
			}
			said := at(int64(words[k].start))
			if off := (w.Start - said).Abs(); off > at(int64(jitter)) {
				t.Fatalf("word %d is %v off", k, off)
			}
		}
	})
}

func TestWindowsAreBoundedAndShareOutTheSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words, samples := drawSpeech(t)
		cfg := smallSplitting()
		until := int64(0)
		owned := make([]bool, len(samples)+frame)
		s := newSplitter(cfg, func(w window) error {
			if len(w.samples) == 0 || len(w.samples) > cfg.target*frame {
				t.Fatalf("a window of %d samples", len(w.samples))
			}
			if w.keepFrom < until || w.keepFrom < w.start || w.keepTo > w.end() || w.keepTo <= w.keepFrom {
				t.Fatalf("window %d–%d keeps %d–%d after %d", w.start, w.end(), w.keepFrom, w.keepTo, until)
			}
			until = w.keepTo
			for i := w.keepFrom; i < w.keepTo; i++ {
				owned[i] = true
			}
			if got, want := w.samples[0], samples[w.start]; got != want {
				t.Fatalf("window %d begins with sample %v, not %v", w.start, got, want)
			}
			return nil
		})
		pushBlocks(t, s, samples)
		for k, w := range words {
			for i := range w.length {
				if !owned[w.start+i] {
					t.Fatalf("sample %d of word %d is in no window's own part", i, k)
				}
			}
		}
	})
}

func TestSilenceIsNeitherListenedToNorKept(t *testing.T) {
	t.Parallel()
	cfg := defaultSplitting()
	s := newSplitter(cfg, func(window) error {
		t.Error("silence was emitted")
		return nil
	})
	hour := make([]float32, 60*60*sampleRate/100)
	for range 100 {
		if err := s.push(hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
	if n := cap(s.buf); n > 2*sampleRate {
		t.Errorf("%d samples of silence are kept", n)
	}
}

func TestDefaultWindowFitsTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 10 * time.Minute
	cfg := defaultSplitting()
	if d := at(int64(cfg.target * frame)); d > limit {
		t.Errorf("windows of %v, the limit is %v", d, limit)
	}
	if cfg.silence < 2*cfg.pad || cfg.overlap < cfg.around || cfg.target <= cfg.search+2*cfg.overlap+cfg.around {
		t.Errorf("the settings contradict each other: %+v", cfg)
	}
}

func TestCutGoesThroughThePause(t *testing.T) {
	t.Parallel()
	cfg := smallSplitting()
	samples := make([]float32, 3*cfg.target*frame)
	for i := range samples {
		samples[i] = 0.1
	}
	pause := 80 * frame
	clear(samples[pause-4*frame : pause+4*frame])
	var ends []int64
	s := newSplitter(cfg, func(w window) error {
		ends = append(ends, w.keepTo)
		if len(ends) == 1 && w.end() != w.keepTo {
			t.Error("a cut in silence overlaps")
		}
		return nil
	})
	if err := s.push(samples); err != nil {
		t.Fatal(err)
	}
	if len(ends) == 0 || ends[0] < int64(pause-frame) || ends[0] > int64(pause+frame) {
		t.Errorf("first cut at %v, the pause is at %d", ends, pause)
	}
}

func TestWhatEndsWithTheWindowIsItsOwn(t *testing.T) {
	t.Parallel()
	w := window{samples: make([]float32, sampleRate), start: 0, keepFrom: 0, keepTo: sampleRate}
	var s stitcher
	late := models.Segment{Start: 2 * time.Second, End: 3 * time.Second, Text: "late"}
	got := s.add(w, []models.Segment{late})
	want := []models.Segment{{Start: time.Second, End: time.Second, Text: "late", Words: []models.Word{}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
