package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTitles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		language    string
		parts, want []string
	}{
		"what one part says and the others do not": {
			"en", []string{
				"Bees carry nectar. The bees of one hive share their nectar, and people like honey.",
				"A bridge carries weight. Every bridge is tested, and people like the steel bridge.",
			}, []string{"Bees and Nectar", "Bridge"},
		},
		"a phrase that is said again": {
			"en", []string{"The neural network learns. A neural network forgets.", "Cats sleep. Cats purr."},
			[]string{"Neural Network", "Cats Sleep"},
		},
		"capitals throughout are not kept, those within a word are": {
			"en", []string{"THE IPHONE RINGS. ANSWER THE IPHONE!"}, []string{"Iphone Rings"},
		},
		"names keep their writing": {
			"en", []string{"My iPhone rings. This iPhone is loud.", "The DNA helix. The DNA code."},
			[]string{"IPhone Rings", "DNA Helix"},
		},
		"no two titles alike": {
			"en", []string{"Tide.", "Tide.", "Tide."}, []string{"Tide", "Tide 2", "Tide 3"},
		},
		"nothing but stop words": {"en", []string{"And so it was, you know.", "", "12 345."}, []string{"", "", ""}},
		"German keeps its capitals": {
			"de", []string{"Der Vulkan speit Lava. Der Vulkan ruht."}, []string{"Vulkan und Lava"},
		},
		"a language that has no list": {
			"fi", []string{"Tulivuori purkautuu. Tulivuori lepää.", "Mehiläiset lentävät. Mehiläiset nukkuvat."},
			[]string{"Tulivuori purkautuu", "Mehiläiset lentävät"},
		},
		"an unknown language with a list": {
			"und", []string{"The comet has a tail, and the comet is made of ice."}, []string{"Comet and Tail"},
		},
		"characters without spaces": {
			"ja", []string{"火山は熱い。火山が鳴る。", "満潮と干潮。満潮です。"}, []string{"火山", "満潮"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Titles(c.language, c.parts)); diff != "" {
				t.Errorf("titles (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTitlesOfAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`([a-zé]{1,7}[ .'-]){0,40}`),
			rapid.StringMatching(`[火山蜜蜂。 の]{0,20}`)), 0, 6).Draw(t, "parts")
		language := rapid.SampledFrom([]string{"", "und", "en", "de-AT", "ja", "xx"}).Draw(t, "language")
		titles := Titles(language, parts)
		if len(titles) != len(parts) {
			t.Fatalf("%d titles of %d parts", len(titles), len(parts))
		}
		used := map[string]bool{}
		for _, title := range titles {
			name := strings.ToLower(title)
			if title != "" && used[name] {
				t.Fatalf("title %q is there twice", title)
			}
			used[name] = true
			if strings.TrimSpace(title) != title || strings.ContainsAny(title, "\n\t") {
				t.Fatalf("title %q is no line of text", title)
			}
		}
		if diff := cmp.Diff(titles, Titles(language, parts)); diff != "" {
			t.Fatalf("titles differ the second time:\n%s", diff)
		}
	})
}

func TestCohesionPrefersRecurringWords(t *testing.T) {
	t.Parallel()
	units := ContentTerms("en", []string{
		"Bees fly to flowers.", "Flowers feed the bees.", "The bees leave the flowers.",
		"Steel carries the bridge.", "The bridge hangs on steel.", "A bridge of steel.",
	})
	gain := func(from, to int) float64 {
		var found float64
		NewCohesion(units).Backwards(to, func(start int, gain float64) bool {
			found = gain
			return start > from
		})
		return found
	}
	apart, across := gain(0, 3)+gain(3, 6), gain(0, 2)+gain(2, 6)
	if whole := gain(0, 6); apart <= whole || apart <= across {
		t.Errorf("apart %.2f nats, across the shift %.2f, whole %.2f: want apart to be most", apart, across, whole)
	}
}

func TestCohesionOfNothing(t *testing.T) {
	t.Parallel()
	NewCohesion(nil).Backwards(0, func(int, float64) bool { t.Error("visited a stretch of nothing"); return false })
	c := NewCohesion([][]string{{}, {}})
	c.Backwards(c.Len(), func(start int, gain float64) bool {
		if gain != 0 {
			t.Errorf("gain %v of units without words, want 0", gain)
		}
		return true
	})
}
