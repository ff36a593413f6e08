package text_test

import (
	"fmt"

	"github.com/cuepoint/cuepoint/analyzer/text"
)

func ExampleTokens() {
	const said = "Été à l’école: 東京"
	for _, token := range text.Tokens(said) {
		fmt.Printf("%q is indexed as %q\n", said[token.Start:token.End], token.Term)
	}
	// Output:
	// "Été" is indexed as "ete"
	// "à" is indexed as "a"
	// "l" is indexed as "l"
	// "école" is indexed as "ecol"
	// "東" is indexed as "東京"
	// "京" is indexed as "京"
}

func ExampleTitles() {
	for _, title := range text.Titles("en", []string{
		"Bees visit flowers. The bees carry nectar to the hive. A bee dances in the hive.",
		"A bridge carries its weight. The suspension bridge hangs from steel cables.",
	}) {
		fmt.Println(title)
	}
	// Output:
	// Bees and Hive
	// Bridge and Weight
}

// The second unit goes on about what the first one said, the third does not.
func ExampleCohesion() {
	cohesion := text.NewCohesion(text.ContentTerms("en", []string{
		"The moon pulls the tides, and the tides rise.",
		"When the moon is full the tides are high.",
		"Sourdough needs flour and a warm oven.",
	}))
	gain := func(start, end int) (found float64) {
		cohesion.Backwards(end, func(at int, gain float64) bool {
			found = gain
			return at > start
		})
		return found
	}
	fmt.Println(gain(0, 2) > gain(1, 3))
	// Output: true
}
