package vision

import "math"

// Quality says how good a picture a frame is.
type Quality struct {
	Luma      float64 // mean, 0 to 255
	Contrast  float64 // standard deviation of luma
	Sharpness float64 // standard deviation of the Laplacian of luma, at a common size
	Color     float64 // mean distance of chroma from grey, 0 to 128
}

// Score is the quality in one number, above 0, more is better. Sharpness
// decides between pictures that are neither dark, pale nor burnt out.
func (q Quality) Score() float64 {
	return (0.01 + exposure(q.Luma)) * (0.05 + math.Min(q.Contrast/50, 1)) *
		math.Log1p(q.Sharpness) * (1 + math.Min(q.Color/40, 1)/2)
}

// exposure is 1 for a mean luma that shows something everywhere, falling to 0
// for black and white.
func exposure(luma float64) float64 {
	switch {
	case luma < 70:
		return max(0, (luma-8)/62)
	case luma > 180:
		return max(0, (250-luma)/70)
	}
	return 1
}

// Bitmap is a picture of 8-bit blue, green and red, row by row without gaps.
type Bitmap struct {
	Width, Height int
	BGR           []byte
}

// newBitmap returns a black picture.
func newBitmap(width, height int) *Bitmap {
	return &Bitmap{Width: width, Height: height, BGR: make([]byte, width*height*3)}
}

// draw copies src to a place in b where it fits.
func (b *Bitmap) draw(src *Bitmap, x, y int) {
	for row := range src.Height {
		copy(b.BGR[((y+row)*b.Width+x)*3:], src.BGR[row*src.Width*3:(row+1)*src.Width*3])
	}
}

// fit scales a size into a square of a side, never up, to even sides.
func fit(width, height, side int) (int, int) {
	scale := math.Min(1, float64(side)/float64(max(width, height)))
	even := func(n int) int { return max(2, int(float64(n)*scale/2+0.5)*2) }
	return even(width), even(height)
}
