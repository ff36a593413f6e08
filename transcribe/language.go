package transcribe

import (
	"path/filepath"
	"strings"

	"golang.org/x/text/language"
)

// Undetermined is the tag of a language that is not known (BCP 47).
const Undetermined = "und"

// Language returns a language tag in its canonical form: "ger" and "de" are
// "de", "pt_br" is "pt-BR". It is "und" for what is no language.
func Language(tag string) string {
	t, err := language.Parse(strings.TrimSpace(tag))
	if err != nil {
		return Undetermined
	}
	return t.String()
}

// LanguageOf reads the language that a caption file's name ends with, as
// people name them: "movie.de.vtt", "movie.pt-BR.forced.srt". It is "und"
// where the name tells none.
func LanguageOf(path string) string {
	parts := strings.Split(filepath.Base(path), ".")
	for i := len(parts) - 2; i > 0; i-- {
		t, err := language.Parse(parts[i])
		if err != nil {
			continue
		}
		// Three letters that have no shorter form are rather a word: "web".
		if base, _ := t.Base(); len(base.String()) == 2 {
			return t.String()
		}
	}
	return Undetermined
}

// SameLanguage tells whether two tags name one language, whatever its script
// and region: "pt-BR" and "por".
func SameLanguage(a, b string) bool {
	x, errX := language.Parse(a)
	y, errY := language.Parse(b)
	baseX, _ := x.Base()
	baseY, _ := y.Base()
	return errX == nil && errY == nil && !x.IsRoot() && !y.IsRoot() && baseX == baseY
}
