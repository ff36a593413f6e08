//go:build cgo

package opencv

import (
	"fmt"
	"image"

	"gocv.io/x/gocv"

	"github.com/cuepoint/cuepoint/vision"
)

// Version is the version of OpenCV that is linked.
func Version() string { return gocv.OpenCVVersion() }

// Eyes implements [vision.Eyes].
type Eyes struct{}

// Scorer implements [vision.Eyes].
func (Eyes) Scorer(width, height int) (vision.Scorer, error) { return NewScorer(width, height) }

// judgeSide is the longest side at which sharpness is measured, so that it
// compares between sizes.
const judgeSide = 640

// Judge implements [vision.Eyes].
func (Eyes) Judge(frame []byte, width, height int) (vision.Quality, error) {
	var q vision.Quality
	p, err := newPlanes(frame, width, height)
	if err != nil {
		return q, err
	}
	defer p.close()
	q.Luma, q.Contrast = spread(p.y)
	q.Color = (offGrey(p.u) + offGrey(p.v)) / 2

	small, edges := gocv.NewMat(), gocv.NewMat()
	defer small.Close()
	defer edges.Close()
	scale := min(1, float64(judgeSide)/float64(max(width, height)))
	size := image.Pt(max(1, int(float64(width)*scale)), max(1, int(float64(height)*scale)))
	gocv.Resize(p.y, &small, size, 0, 0, gocv.InterpolationArea)
	gocv.Laplacian(small, &edges, gocv.MatTypeCV16S, 1, 1, 0, gocv.BorderDefault)
	_, q.Sharpness = spread(edges)
	return q, nil
}

// offGrey is the mean distance of chroma from grey.
func offGrey(m gocv.Mat) float64 {
	const grey = 128
	neutral := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(grey, 0, 0, 0), m.Rows(), m.Cols(), gocv.MatTypeCV8UC1)
	defer neutral.Close()
	return gocv.NormWithMats(m, neutral, gocv.NormL1) / float64(m.Total())
}

// Scale implements [vision.Eyes].
func (Eyes) Scale(frame []byte, width, height, toWidth, toHeight int) (*vision.Bitmap, error) {
	if toWidth < 1 || toHeight < 1 || toWidth > maxSide || toHeight > maxSide {
		return nil, fmt.Errorf("scale a frame to %dx%d", toWidth, toHeight)
	}
	p, err := newPlanes(frame, width, height)
	if err != nil {
		return nil, err
	}
	defer p.close()
	y, u, v := gocv.NewMat(), gocv.NewMat(), gocv.NewMat()
	defer y.Close()
	defer u.Close()
	defer v.Close()
	size := image.Pt(toWidth, toHeight)
	resize(p.y, &y, size)
	resize(p.u, &u, size)
	resize(p.v, &v, size)
	merged, color := gocv.NewMat(), gocv.NewMat()
	defer merged.Close()
	defer color.Close()
	gocv.Merge([]gocv.Mat{y, v, u}, &merged) // OpenCV's order
	gocv.CvtColor(merged, &color, gocv.ColorYCrCbToBGR)
	return &vision.Bitmap{Width: toWidth, Height: toHeight, BGR: color.ToBytes()}, nil
}

// resize averages when it makes smaller and interpolates when it does not.
func resize(src gocv.Mat, dst *gocv.Mat, size image.Point) {
	how := gocv.InterpolationArea
	if size.X > src.Cols() || size.Y > src.Rows() {
		how = gocv.InterpolationLinear
	}
	gocv.Resize(src, dst, size, 0, 0, how)
}

// JPEG implements [vision.Eyes].
func (Eyes) JPEG(b *vision.Bitmap, quality int) ([]byte, error) {
	if b.Width < 1 || b.Height < 1 || b.Width > maxSide || b.Height > maxSide || len(b.BGR) != b.Width*b.Height*3 {
		return nil, fmt.Errorf("encode a picture of %dx%d in %d bytes", b.Width, b.Height, len(b.BGR))
	}
	m, err := gocv.NewMatFromBytes(b.Height, b.Width, gocv.MatTypeCV8UC3, b.BGR)
	if err != nil {
		return nil, fmt.Errorf("look at a picture: %w", err)
	}
	defer m.Close()
	buf, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, m, []int{gocv.IMWriteJpegQuality, min(100, max(1, quality))})
	if err != nil {
		return nil, fmt.Errorf("encode a picture: %w", err)
	}
	defer buf.Close()
	return append([]byte(nil), buf.GetBytes()...), nil
}
