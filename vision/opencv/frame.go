//go:build cgo

package opencv

import (
	"fmt"
	"image"

	"gocv.io/x/gocv"
)

// maxSide bounds what OpenCV is asked to allocate.
const maxSide = 16384

// check tells whether a frame has the size it is said to have: planar luma and
// two chroma planes of half its sides.
func check(frame []byte, width, height int) error {
	if width < 2 || height < 2 || width > maxSide || height > maxSide || width%2+height%2 > 0 || len(frame) != width*height*3/2 {
		return fmt.Errorf("no frame of %dx%d in %d bytes", width, height, len(frame))
	}
	return nil
}

// planes are the three planes of a frame. They look at its bytes, which must
// outlive them.
type planes struct{ y, u, v gocv.Mat }

func newPlanes(frame []byte, width, height int) (*planes, error) {
	if err := check(frame, width, height); err != nil {
		return nil, err
	}
	luma := width * height
	var p planes
	for _, part := range []struct {
		mat           *gocv.Mat
		width, height int
		bytes         []byte
	}{
		{&p.y, width, height, frame[:luma]},
		{&p.u, width / 2, height / 2, frame[luma : luma*5/4]},
		{&p.v, width / 2, height / 2, frame[luma*5/4:]},
	} {
		var err error
		if *part.mat, err = gocv.NewMatFromBytes(part.height, part.width, gocv.MatTypeCV8UC1, part.bytes); err != nil {
			return nil, fmt.Errorf("look at a frame: %w", err) // for no bytes only, which check excludes
		}
	}
	return &p, nil
}

func (p *planes) close() {
	p.y.Close()
	p.u.Close()
	p.v.Close()
}

// spread is the mean and standard deviation of a plane.
func spread(m gocv.Mat) (mean, deviation float64) {
	a, b := gocv.NewMat(), gocv.NewMat()
	defer a.Close()
	defer b.Close()
	gocv.MeanStdDev(m, &a, &b)
	return a.GetDoubleAt(0, 0), b.GetDoubleAt(0, 0)
}

// shrink scales a plane into dst, which holds width × height bytes.
func shrink(m gocv.Mat, dst []byte, width, height int) {
	out := gocv.NewMat()
	defer out.Close()
	gocv.Resize(m, &out, image.Pt(width, height), 0, 0, gocv.InterpolationArea)
	if data, err := out.DataPtrUint8(); err == nil {
		copy(dst, data)
	}
}
