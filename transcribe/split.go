package transcribe

import "time"

// frame is the grain of splitting: 20 ms of samples.
const frame = sampleRate / 50

// splitting says where sound is cut. All but quiet count frames.
type splitting struct {
	target  int // a window is at most this long
	search  int // a cut is looked for this far back from its end
	overlap int // on each side of a cut that goes through sound
	around  int // half of what must be quiet around a cut
	pad     int // of silence kept before and after sound
	silence int // this much ends a window, and is not listened to
	quiet   float64
}

// defaultSplitting makes windows of four to five minutes, 19 MB of samples:
// recognizers lose the thread and memory over longer ones. A cut through sound
// is heard from both sides, two seconds each, so that no word is heard only in
// part. Below -60 dB of full scale there is silence, over which recognizers
// invent words.
func defaultSplitting() splitting {
	const second = sampleRate / frame
	return splitting{
		target:  5 * 60 * second,
		search:  60 * second,
		overlap: 2 * second,
		around:  8,
		pad:     second / 2,
		silence: 10 * second,
		quiet:   1e-6,
	}
}

// window is a stretch of sound to recognize at once. Its neighbours may hear
// parts of it too: what is said from keepFrom until keepTo is its own.
type window struct {
	samples          []float32 // valid until emit returns
	start            int64     // sample of the stream
	keepFrom, keepTo int64
}

func (w window) end() int64 { return w.start + int64(len(w.samples)) }

func (w window) duration() time.Duration { return at(int64(len(w.samples))) }

// splitter cuts a stream of samples into windows: between sounds where it can,
// else at the quietest spot. Long silences are in no window. Every other
// sample is some window's own, and only one's. It holds one window's samples.
type splitter struct {
	splitting
	emit func(window) error

	buf      []float32 // the window being gathered
	levels   []float64 // the mean square of each whole frame of buf
	start    int64     // of buf in the stream
	keepFrom int64
	last     int // the last frame with sound, -1 where there is none
}

func newSplitter(s splitting, emit func(window) error) *splitter {
	return &splitter{splitting: s, emit: emit, last: -1}
}

// push adds samples to the stream. It returns what emit returned.
func (s *splitter) push(samples []float32) error {
	for len(samples) > 0 {
		n := min(frame-len(s.buf)%frame, len(samples))
		s.buf = append(s.buf, samples[:n]...)
		samples = samples[n:]
		if len(s.buf)%frame == 0 {
			if err := s.step(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush ends the stream.
func (s *splitter) flush() error {
	if part := len(s.buf) % frame; part > 0 {
		if err := s.push(make([]float32, frame-part)); err != nil {
			return err
		}
	}
	if s.last < 0 {
		return nil
	}
	return s.end(min(len(s.levels), s.last+1+s.pad))
}

// step takes note of the frame that was completed.
func (s *splitter) step() error {
	i := len(s.levels)
	s.levels = append(s.levels, meanSquare(s.buf[i*frame:]))
	if s.levels[i] >= s.quiet {
		s.last = i
	}
	switch {
	case s.last < 0:
		s.drop(len(s.levels) - s.pad)
		s.keepFrom = s.start
	case i-s.last >= s.silence:
		return s.end(s.last + 1 + s.pad)
	case len(s.levels) >= s.target:
		return s.cut()
	}
	return nil
}

// end emits the first n frames; silence follows them.
func (s *splitter) end(n int) error {
	to := s.start + int64(n*frame)
	err := s.emit(window{samples: s.buf[:n*frame], start: s.start, keepFrom: s.keepFrom, keepTo: to})
	s.drop(n)
	s.keepFrom = to
	s.last = -1
	return err
}

// cut emits what lies before the best spot for a cut.
func (s *splitter) cut() error {
	at, silent := s.spot()
	overlap := s.overlap
	if silent {
		overlap = 0
	}
	to := s.start + int64(at*frame)
	err := s.emit(window{samples: s.buf[:(at+overlap)*frame], start: s.start, keepFrom: s.keepFrom, keepTo: to})
	s.drop(at - overlap)
	s.keepFrom = to
	s.last = -1
	for i, level := range s.levels {
		if level >= s.quiet {
			s.last = i
		}
	}
	return err
}

// spot finds the frame with the least sound around it, and whether that is silence.
func (s *splitter) spot() (best int, silent bool) {
	hi := len(s.levels) - max(s.overlap, s.around)
	lowest := -1.0
	for i := hi - s.search; i <= hi; i++ {
		sum, loudest := 0.0, 0.0
		for _, level := range s.levels[i-s.around : i+s.around] {
			sum += level
			loudest = max(loudest, level)
		}
		if lowest < 0 || sum < lowest {
			best, lowest, silent = i, sum, loudest < s.quiet
		}
	}
	return best, silent
}

// drop forgets the first n frames.
func (s *splitter) drop(n int) {
	if n <= 0 {
		return
	}
	s.buf = s.buf[:copy(s.buf, s.buf[n*frame:])]
	s.levels = s.levels[:copy(s.levels, s.levels[n:])]
	s.start += int64(n * frame)
}

func meanSquare(samples []float32) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += float64(v) * float64(v)
	}
	return sum / float64(len(samples))
}
