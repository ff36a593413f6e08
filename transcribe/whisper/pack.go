package whisper

import (
	"time"

	"github.com/cuepoint/cuepoint/models"
)

const (
	// sampleRate is what Whisper listens to, in hertz.
	sampleRate = 16000
	// shortest is what libwhisper takes for too short to listen to, and a bit:
	// silence is added to shorter sound.
	shortest = sampleRate * 11 / 10
)

// span is a stretch of samples with a voice in it.
type span struct{ from, to int }

// pack returns a copy of the spans of samples, one after another.
func pack(samples []float32, spans []span) []float32 {
	n := 0
	for _, s := range spans {
		n += s.to - s.from
	}
	packed := make([]float32, 0, max(n, shortest))
	for _, s := range spans {
		packed = append(packed, samples[s.from:s.to]...)
	}
	return packed
}

// unpack moves what was heard in packed spans to where it was said. A word is
// said in one span, that which its middle lies in: the times that Whisper
// gives to words know nothing of where the spans meet.
func unpack(heard []models.Segment, spans []span) {
	for i := range heard {
		s := &heard[i]
		for j := range s.Words {
			w := &s.Words[j]
			place := locate(spans, (w.Start+w.End)/2)
			if j == 0 {
				s.Start = place.back(s.Start)
			}
			if j == len(s.Words)-1 {
				s.End = place.back(s.End)
			}
			w.Start, w.End = place.back(w.Start), place.back(w.End)
		}
	}
}

// place is a span, and how much later it is than where it was packed.
type place struct {
	from, to, by time.Duration
}

// locate finds the span that a time of the packed sound lies in.
func locate(spans []span, t time.Duration) place {
	packed := 0
	for i, s := range spans {
		length := s.to - s.from
		if t < duration(packed+length) || i == len(spans)-1 {
			return place{from: duration(s.from), to: duration(s.to), by: duration(s.from) - duration(packed)}
		}
		packed += length
	}
	return place{}
}

// back returns when what is heard at t was said, within the span.
func (p place) back(t time.Duration) time.Duration {
	return min(max(t+p.by, p.from), p.to)
}

func duration(samples int) time.Duration {
	return time.Duration(samples) * time.Second / sampleRate
}
