package transcribe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/language"
	"golang.org/x/text/transform"
)

// decodeText makes text of a file in UTF-8 or UTF-16, or else in what Windows
// used for the language. Line ends become \n; control characters go.
func decodeText(data []byte, tag string) (string, error) {
	decoder := xunicode.UTF8.NewDecoder()
	if !utf8.Valid(data) {
		decoder = codePage(tag).NewDecoder()
	}
	decoded, _, err := transform.Bytes(xunicode.BOMOverride(decoder), data)
	if err != nil {
		return "", fmt.Errorf("decode text: %w", err)
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(decoded))
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text), nil
}

// codePage is the encoding that Windows used for a language.
func codePage(tag string) encoding.Encoding {
	base, _ := language.Make(tag).Base()
	switch base.String() {
	case "pl", "cs", "sk", "hu", "hr", "sl", "ro", "bs", "sq":
		return charmap.Windows1250
	case "ru", "uk", "bg", "sr", "mk", "be":
		return charmap.Windows1251
	case "el":
		return charmap.Windows1253
	case "tr", "az":
		return charmap.Windows1254
	case "he", "yi":
		return charmap.Windows1255
	case "ar", "fa", "ur":
		return charmap.Windows1256
	case "et", "lv", "lt":
		return charmap.Windows1257
	case "vi":
		return charmap.Windows1258
	}
	return charmap.Windows1252
}
