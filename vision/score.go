package vision

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
)

// Sizes of a [Picture], in pixels. Chroma has half of each.
const (
	PictureWidth  = 32
	PictureHeight = 18
)

// Picture is a frame in very small: enough to tell whether two frames show the
// same thing, and whether one is a blend of two others. It holds luma, then the
// two chroma planes.
type Picture [PictureWidth * PictureHeight * 3 / 2]uint8

// luma is the part of a picture that has the detail.
const luma = PictureWidth * PictureHeight

// Score is what the detectors know of a frame. Differences are to the frame
// before and 0 for the first frame.
type Score struct {
	Luma       float64 // mean, 0 to 255
	Contrast   float64 // standard deviation of luma, 0 to 128
	Difference float64 // mean absolute difference of luma, 0 to 255
	Color      float64 // how far the colours moved in the chroma plane, wherever they are in the picture, 0 to 255
	// Structure is the share of the frames' detail, 0 to 1, that is not found
	// near its place in the other frame, however bright it is there.
	Structure float64
	Picture   Picture
}

// Scorer turns frames into scores.
type Scorer interface {
	// Score looks at the next frame, as [ReadFrames] yields it.
	Score(frame []byte) (Score, error)
}

// Novelty is how little of a frame, 0 to 1, motion and light explain. Where
// detail is lacking or the same, a change of colour tells.
func (s *Score) Novelty() float64 {
	return max(s.Structure, min(1, max(0, (s.Color-10)/20)))
}

// Change is the strength of a cut before the frame: how much is different, as
// far as neither motion nor light explains it.
func (s *Score) Change() float64 { return s.step() * s.Novelty() }

// step is how much is different, whatever explains it.
func (s *Score) step() float64 { return s.Difference + s.Color }

// flat tells whether a frame shows black or white and nothing else.
func (s *Score) flat() bool { return s.Contrast < 4 && (s.Luma < 40 || s.Luma > 215) }

// scoreWriter writes scores as comma-separated values under a line of names.
type scoreWriter struct {
	w    *csv.Writer
	grid Grid
	n    int
}

// newScoreWriter returns a writer of the scores of a grid's frames.
func newScoreWriter(w io.Writer, g Grid) *scoreWriter {
	c := &scoreWriter{w: csv.NewWriter(w), grid: g}
	_ = c.w.Write([]string{"frame", "seconds", "luma", "contrast", "difference", "color", "structure", "change"})
	return c
}

// Write adds the next frame. Errors are kept for Flush.
func (c *scoreWriter) Write(s *Score) {
	number := func(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
	_ = c.w.Write([]string{
		strconv.Itoa(c.n), number(c.grid.At(c.n).Seconds(), 6), number(s.Luma, 2), number(s.Contrast, 2),
		number(s.Difference, 2), number(s.Color, 2), number(s.Structure, 4), number(s.Change(), 3),
	})
	c.n++
}

// Flush writes what is left and returns the first error.
func (c *scoreWriter) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// distance is the mean absolute difference of two pictures, 0 to 255.
func distance(a, b *Picture) float64 {
	var sum int
	for i := range a {
		d := int(a[i]) - int(b[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a))
}

// Tiles of a picture, in pixels, for [unlikeness].
const (
	tileWidth  = 4
	tileHeight = 6
)

// unlikeness is the share, 0 to 1, of the parts with detail that look different
// in two pictures: 0 where one is the other in another light, about 1/3 where a
// title was laid over it.
func unlikeness(a, b *Picture) float64 {
	var different, parts float64
	for y := 0; y < PictureHeight; y += tileHeight {
		for x := 0; x < PictureWidth; x += tileWidth {
			if like, ok := correlation(a, b, x, y); ok {
				different += 1 - max(0, like)
				parts++
			}
		}
	}
	if parts < 3 { // two colours, or two lights
		return min(1, distance(a, b)/80)
	}
	return different / max(parts, 6)
}

// correlation compares a tile's luma, -1 to 1. It is not ok where neither
// picture has detail there.
func correlation(a, b *Picture, x, y int) (like float64, ok bool) {
	const n, detail = tileWidth * tileHeight, 16.0
	var sa, sb, saa, sbb, sab float64
	for row := y; row < y+tileHeight; row++ {
		for i := row*PictureWidth + x; i < row*PictureWidth+x+tileWidth; i++ {
			p, q := float64(a[i]), float64(b[i])
			sa, sb, saa, sbb, sab = sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
		}
	}
	va, vb := saa/n-sa/n*sa/n, sbb/n-sb/n*sb/n
	if va < detail && vb < detail {
		return 0, false
	}
	return (sab/n - sa/n*sb/n) / math.Sqrt(max(va, 1)*max(vb, 1)), true
}

// blend tells how x lies between a and b: share is 0 at a and 1 at b, and rest
// is what no blend of the two explains, relative to their distance.
func blend(x, a, b *Picture) (share, rest float64) {
	var along, length, off float64
	for i := range x {
		v, w := float64(b[i])-float64(a[i]), float64(x[i])-float64(a[i])
		along, length, off = along+v*w, length+v*v, off+w*w
	}
	if length == 0 {
		return 0, math.Inf(1)
	}
	return along / length, math.Sqrt(max(0, off-along*along/length) / length)
}
