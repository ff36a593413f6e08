package streaming

import (
	"math"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// standardRates are the frame rates that cameras, films and screens have.
var standardRates = []models.Ratio{
	{Num: 1, Den: 1}, {Num: 2, Den: 1}, {Num: 5, Den: 1}, {Num: 10, Den: 1}, {Num: 12, Den: 1},
	{Num: 15000, Den: 1001}, {Num: 15, Den: 1}, {Num: 20, Den: 1},
	{Num: 24000, Den: 1001}, {Num: 24, Den: 1}, {Num: 25, Den: 1},
	{Num: 30000, Den: 1001}, {Num: 30, Den: 1}, {Num: 48, Den: 1}, {Num: 50, Den: 1},
	{Num: 60000, Den: 1001}, {Num: 60, Den: 1},
	{Num: 100, Den: 1}, {Num: 120000, Den: 1001}, {Num: 120, Den: 1}, {Num: 144, Den: 1}, {Num: 240, Den: 1},
}

const (
	stillRate = 10  // frames per second for pictures that last longer than a second
	readRate  = 240 // more is no frame rate but a clock
)

// gridRate chooses the constant frame rate of a source's renditions, at most
// 60: its own where that is constant, else the standard one that loses none of
// the frames in its busiest parts.
func gridRate(s models.Stream, span ffmpeg.Span) models.Ratio {
	rate := 0.0
	if span.Step > 0 {
		rate = float64(time.Second) / float64(span.Step)
	}
	claimed := s.FrameRate.Float()
	if rate > readRate*1.01 {
		rate, span.Steady = 30, false
		if claimed >= 1 && claimed <= maxRate {
			rate = claimed
		}
	}
	switch {
	case span.Packets <= 1 && claimed >= 1 && claimed <= maxRate:
		return nearest(claimed)
	case rate < 0.99:
		return models.Ratio{Num: stillRate, Den: 1}
	case !span.Steady:
		return atMost60(next(rate))
	case math.Abs(claimed/rate-1) < 0.005:
		return atMost60(nearest(claimed))
	}
	return atMost60(nearest(rate))
}

// nearest snaps to a standard rate that cannot be told from rate, and keeps
// others to a thousandth of a frame.
func nearest(rate float64) models.Ratio {
	best := models.Ratio{}
	for _, r := range standardRates {
		if math.Abs(r.Float()/rate-1) < math.Abs(best.Float()/rate-1) {
			best = r
		}
	}
	if math.Abs(best.Float()/rate-1) < 0.002 {
		return best
	}
	return reduce(int(math.Round(rate*1000)), 1000)
}

// next is the standard rate that cannot be told from rate, or the slowest one
// that is not slower.
func next(rate float64) models.Ratio {
	best := standardRates[len(standardRates)-1]
	for _, r := range standardRates {
		if math.Abs(r.Float()/rate-1) < 0.0005 {
			return r
		}
		if r.Float() >= rate*0.97 && r.Float() < best.Float() {
			best = r
		}
	}
	return best
}

// atMost60 keeps every second frame, or third, of those that are faster.
func atMost60(r models.Ratio) models.Ratio {
	n := 1
	for r.Float()/float64(n) > maxRate+0.01 {
		n++
	}
	return reduce(r.Num, r.Den*n)
}

// shift is how far pictures that keep to a grid are to be moved, so that none of
// them is near the border between two frames of a rendition: there the smallest
// jitter, such as the milliseconds of Matroska, would show one twice and lose
// its neighbour. It is half a frame of the rendition at most, as far as a
// container tells.
func shift(rate models.Ratio, span ffmpeg.Span) time.Duration {
	if !span.Regular {
		return 0
	}
	const told = 2 * time.Millisecond
	frame := time.Duration(float64(time.Second) / rate.Float())
	moved := -(span.Start % frame)
	if moved > 0 {
		moved -= frame // it starts before time 0
	}
	if -moved > frame/2+told {
		moved += frame
	}
	// Of two or four pictures to a frame one would be right on the border.
	if n := math.Round(float64(frame) / float64(span.Step)); n > 0 && math.Mod(n, 2) == 0 {
		moved += span.Step / 2
	}
	return moved
}
