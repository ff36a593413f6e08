//go:build cgo && matprofile

package opencv_test

import (
	"bytes"
	"testing"

	"gocv.io/x/gocv"

	"github.com/cuepoint/cuepoint/vision"
	"github.com/cuepoint/cuepoint/vision/opencv"
)

// TestNothingLeaks counts the pieces of OpenCV's memory that are left open. It
// runs with -tags matprofile, alone.
func TestNothingLeaks(t *testing.T) { //nolint:paralleltest // the count is the whole process's
	before := gocv.MatProfile.Count()
	scorer, err := opencv.NewScorer(160, 96)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		f := frame(160, 96, checks(1+i%7), uint8(10*i), 128)
		if _, err := scorer.Score(f); err != nil {
			t.Fatal(err)
		}
		_, _ = scorer.Score(f[1:])
		if _, err := (opencv.Eyes{}).Judge(f, 160, 96); err != nil {
			t.Fatal(err)
		}
		bitmap, err := (opencv.Eyes{}).Scale(f, 160, 96, 80, 48)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (opencv.Eyes{}).JPEG(bitmap, 80); err != nil {
			t.Fatal(err)
		}
		_, _ = (opencv.Eyes{}).JPEG(&vision.Bitmap{Width: 1, Height: 1}, 80)
	}
	if left := gocv.MatProfile.Count() - before; left != 0 {
		var b bytes.Buffer
		_ = gocv.MatProfile.WriteTo(&b, 1)
		t.Errorf("%d Mats left open:\n%s", left, b.String())
	}
}
