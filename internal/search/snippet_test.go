package search

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSnippetsOfAnyText(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{"tide", "Tides", "l'eau", "été", "東京", "京", "ข้าว", "--", "🎬", "e\u0301", "9.5"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(word, 0, 120).Draw(t, "words"), rapid.SampledFrom([]string{" ", "", ", "}).Draw(t, "between"))
		phrases, err := parse(word.Draw(t, "query"))
		if err != nil {
			t.Skip("no word")
		}
		hits := find(s, phrases)
		var shown strings.Builder
		for i, p := range snippet(s, hits) {
			if p.Text == "" || !utf8.ValidString(p.Text) {
				t.Fatalf("part %q", p.Text)
			}
			if !p.Hit && p.Text == "…" {
				continue // no text holds one
			}
			if p.Hit && len(find(p.Text, phrases)) == 0 {
				t.Fatalf("part %d, %q, is marked and holds no hit", i, p.Text)
			}
			shown.WriteString(p.Text)
		}
		if !strings.Contains(s, shown.String()) {
			t.Fatalf("snippet %q is not in %q", shown.String(), s)
		}
		if len(s) <= snippetBytes && shown.String() != s {
			t.Fatalf("snippet %q of a short text %q", shown.String(), s)
		}
	})
}
