package api

import (
	"fmt"
	"strings"
	"unicode"
)

// dispositionHeader is the metadata of an answer that is a file.
const dispositionHeader = "content-disposition"

// longestName is how many bytes of a title a file's name takes.
const longestName = 120

// disposition says that an answer is to be saved, under a name that people
// gave, or a plain one, which is ASCII, where the client knows no other (RFC 6266).
func disposition(plain, name string) string {
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, plain, extended(fileName(name)))
}

// fileName makes a name fit for any file system: one part, without characters
// that are syntax somewhere, and not too long. Its extensions stay.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r), unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return '-'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, valid(name))
	clean = strings.Trim(clean, " .-")
	if cut := len(clean) - longestName; cut > 0 {
		end := clean[max(0, len(clean)-40):] // more than a language and an extension
		if at := strings.IndexByte(end, '.'); at >= 0 {
			end = end[at:]
		}
		clean = strings.ToValidUTF8(clean[:longestName-min(len(end), longestName)], "") + end
	}
	return clean
}

// extended writes a name as RFC 8187 does.
func extended(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
