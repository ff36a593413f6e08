package chapters_test

import (
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/analyzer/chapters"
	"github.com/cuepoint/cuepoint/models"
)

// Without words, fades tell where chapters begin.
func ExampleDivide() {
	shot := func(seconds int, how models.Transition) models.Shot {
		return models.Shot{Start: time.Duration(seconds) * time.Second, Transition: how}
	}
	for _, part := range chapters.Divide(chapters.Input{
		Duration: time.Minute,
		Shots: []models.Shot{
			shot(0, models.TransitionCut), shot(12, models.TransitionCut), shot(20, models.TransitionFade),
			shot(31, models.TransitionCut), shot(41, models.TransitionFade), shot(50, models.TransitionCut),
		},
	}) {
		fmt.Println(part.Start, part.End, part.Evidence)
	}
	// Output:
	// 0s 20s [{opening 1}]
	// 20s 41s [{shot 1} {pause 1}]
	// 41s 1m0s [{shot 1} {pause 1}]
}
