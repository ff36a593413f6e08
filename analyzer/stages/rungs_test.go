package stages

import (
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

func TestFrameRateIsTheFractionItWas(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]models.Ratio{
		25:             {Num: 25, Den: 1},
		24000.0 / 1001: {Num: 24000, Den: 1001},
		29.97:          {Num: 30000, Den: 1001},
		59.94:          {Num: 60000, Den: 1001},
		12.5:           {Num: 12500, Den: 1000},
		1:              {Num: 1, Den: 1},
	} {
		if got := frameRate(rate); got != want {
			t.Errorf("%v is %v, want %v", rate, got, want)
		}
	}
}
