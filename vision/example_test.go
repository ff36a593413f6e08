package vision_test

import (
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/vision"
)

// Scores usually come from a Scorer; here the twelfth frame shows something
// that the one before did not.
func ExampleDetector() {
	detector := vision.NewDetector(vision.Grid{Rate: models.Ratio{Num: 24, Den: 1}})
	for n := range 36 {
		score := vision.Score{Luma: 90, Contrast: 40}
		if n >= 12 {
			score.Picture[0] = 200
		}
		if n == 12 {
			score.Difference, score.Structure = 60, 0.8
		}
		detector.Push(&score)
	}
	for _, shot := range detector.Shots(1500 * time.Millisecond) {
		fmt.Println(shot.Start, shot.End, shot.Transition)
	}
	// Output:
	// 0s 500ms cut
	// 500ms 1.5s cut
}
