package text_test

import (
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/analyzer/text"
)

func BenchmarkTokens(b *testing.B) {
	for name, s := range map[string]string{
		"English":  strings.Repeat("The moon pulls the tides, doesn't it? ", 100),
		"French":   strings.Repeat("L’été, les marées s’élèvent à l’aube. ", 100),
		"Japanese": strings.Repeat("東京都の地図を見る。", 100),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				text.Tokens(s)
			}
		})
	}
}
