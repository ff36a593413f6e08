//go:build cgo

package opencv

import (
	"fmt"
	"image"
	"math"

	"gocv.io/x/gocv"

	"github.com/cuepoint/cuepoint/vision"
)

// Scorer scores frames of one size for the shot detectors.
type Scorer struct {
	width, height int
	plane         int // bytes of the luma plane

	// Of the frame before, nil at the first.
	luma, detail []byte
	colors       []float64
}

// The detail picture is luma in a size at which motion between two frames is a
// few pixels.
const (
	detailWidth  = 80
	detailHeight = 48
	tile         = 16   // side of the squares that are looked for
	reach        = 8    // how far from their place
	quiet        = 0.5  // mean difference below which nothing has moved
	heaviest     = 20.0 // that a tile may weigh
	grain        = 3.0  // standard deviation that noise alone may have
	bins         = 64   // of a chroma histogram
	enough       = 30.0 // sum of the tiles' deviations that tells pictures apart
)

// NewScorer returns a scorer for frames of a size, in even pixels.
func NewScorer(width, height int) (*Scorer, error) {
	if width < 2 || height < 2 || width%2+height%2 > 0 {
		return nil, fmt.Errorf("score frames of %dx%d: not an even size", width, height)
	}
	return &Scorer{width: width, height: height, plane: width * height}, nil
}

// Score implements [vision.Scorer].
func (s *Scorer) Score(frame []byte) (vision.Score, error) {
	now, err := newPlanes(frame, s.width, s.height)
	if err != nil {
		return vision.Score{}, err
	}
	defer now.close()

	var score vision.Score
	score.Luma, score.Contrast = spread(now.y)
	const width, height, luma = vision.PictureWidth, vision.PictureHeight, vision.PictureWidth * vision.PictureHeight
	shrink(now.y, score.Picture[:luma], width, height)
	shrink(now.u, score.Picture[luma:luma*5/4], width/2, height/2)
	shrink(now.v, score.Picture[luma*5/4:], width/2, height/2)
	detail := make([]byte, detailWidth*detailHeight)
	shrink(now.y, detail, detailWidth, detailHeight)

	colors := append(histogram(now.u), histogram(now.v)...)

	if s.luma != nil {
		before, err := gocv.NewMatFromBytes(s.height, s.width, gocv.MatTypeCV8UC1, s.luma)
		if err != nil {
			return vision.Score{}, err
		}
		defer before.Close()
		score.Difference = gocv.NormWithMats(now.y, before, gocv.NormL1) / float64(s.plane)
		score.Color = moved(s.colors[:bins], colors[:bins]) + moved(s.colors[bins:], colors[bins:])
		if score.Difference > quiet {
			if score.Structure, err = unfound(s.detail, detail, score.Difference); err != nil {
				return vision.Score{}, err
			}
		}
	}
	s.luma = append(s.luma[:0], frame[:s.plane]...)
	s.detail, s.colors = detail, colors
	return score, nil
}

// histogram is the share of a plane's samples in each of some bins.
func histogram(m gocv.Mat) []float64 {
	hist, mask := gocv.NewMat(), gocv.NewMat()
	defer hist.Close()
	defer mask.Close()
	gocv.CalcHist([]gocv.Mat{m}, []int{0}, mask, &hist, []int{bins}, []float64{0, 256}, false)
	shares := make([]float64, bins)
	for i := range shares {
		shares[i] = float64(hist.GetFloatAt(i, 0)) / float64(m.Total())
	}
	return shares
}

// moved is the least mean distance by which the samples of one histogram have
// to move to make the other, in levels of 256.
func moved(a, b []float64) float64 {
	var ahead, sum float64
	for i := range a {
		ahead += a[i] - b[i]
		sum += math.Abs(ahead)
	}
	return sum * 256 / bins
}

// unfound is the share of two detail pictures' detail that the other one does
// not have near the same place. Each tile is matched by its normalised
// correlation, so that neither motion nor light counts. Where there is less
// detail than that of a face in the fog, the difference of light has to tell.
func unfound(before, after []byte, difference float64) (float64, error) {
	a, err := gocv.NewMatFromBytes(detailHeight, detailWidth, gocv.MatTypeCV8UC1, before)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	b, err := gocv.NewMatFromBytes(detailHeight, detailWidth, gocv.MatTypeCV8UC1, after)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	result, mask := gocv.NewMat(), gocv.NewMat()
	defer result.Close()
	defer mask.Close()

	bounds := image.Rect(0, 0, detailWidth, detailHeight)
	var lost, total float64
	look := func(from, in gocv.Mat, weight float64, at image.Rectangle) {
		if weight > 0 {
			total += weight
			lost += weight * (1 - match(from, in, at, at.Inset(-reach).Intersect(bounds), &result, mask))
		}
	}
	for y := 0; y < detailHeight; y += tile {
		for x := 0; x < detailWidth; x += tile {
			at := image.Rect(x, y, x+tile, y+tile)
			look(a, b, weight(before, at), at)
			look(b, a, weight(after, at), at)
		}
	}
	if missing := enough - total; missing > 0 {
		total += missing
		lost += missing * min(1, max(0, (difference-4)/16))
	}
	return lost / total, nil
}

// match is how well the tile of one picture is found around its place in
// another, 0 to 1.
func match(from, in gocv.Mat, at, around image.Rectangle, result *gocv.Mat, mask gocv.Mat) float64 {
	t := from.Region(at)
	defer t.Close()
	where := in.Region(around)
	defer where.Close()
	gocv.MatchTemplate(where, t, result, gocv.TmCcoeffNormed, mask)
	_, best, _, _ := gocv.MinMaxLoc(*result)
	if best != best { // not a number: nothing there to compare with
		return 0
	}
	return min(1, max(0, float64(best)))
}

// weight is how much a tile counts: by its detail, but no tile alone for a picture.
func weight(p []byte, r image.Rectangle) float64 { return min(heaviest, deviation(p, r)-grain) }

// deviation is the standard deviation of a part of a detail picture.
func deviation(p []byte, r image.Rectangle) float64 {
	var n, sum, squares int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range p[y*detailWidth+r.Min.X : y*detailWidth+r.Max.X] {
			n++
			sum += int(v)
			squares += int(v) * int(v)
		}
	}
	mean := float64(sum) / float64(n)
	return math.Sqrt(max(0, float64(squares)/float64(n)-mean*mean))
}
