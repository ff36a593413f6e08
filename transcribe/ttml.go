package transcribe

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

// writeTTML writes TTML (W3C), speakers as agents.
func writeTTML(w io.Writer, t *models.Transcript) error {
	var agents []string
	for _, s := range t.Segments {
		if s.Speaker != "" && !slices.Contains(agents, s.Speaker) {
			agents = append(agents, s.Speaker)
		}
	}
	var b strings.Builder
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, "<tt xmlns=\"http://www.w3.org/ns/ttml\" xmlns:ttm=\"http://www.w3.org/ns/ttml#metadata\" xml:lang=\"%s\">\n", xmlText(t.Language))
	if len(agents) > 0 {
		b.WriteString("<head><metadata>\n")
		for i, name := range agents {
			fmt.Fprintf(&b, "<ttm:agent xml:id=\"speaker%d\" type=\"person\"><ttm:name type=\"full\">%s</ttm:name></ttm:agent>\n", i+1, xmlText(name))
		}
		b.WriteString("</metadata></head>\n")
	}
	b.WriteString("<body><div>\n")
	for _, s := range t.Segments {
		agent := ""
		if i := slices.Index(agents, s.Speaker); i >= 0 {
			agent = fmt.Sprintf(" ttm:agent=\"speaker%d\"", i+1)
		}
		fmt.Fprintf(&b, "<p begin=\"%s\" end=\"%s\"%s>%s</p>\n", webvtt.Timestamp(s.Start), webvtt.Timestamp(s.End), agent, xmlText(s.Text))
	}
	b.WriteString("</div></body>\n</tt>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// xmlText escapes a line of text for XML, where some characters cannot stand at
// all.
func xmlText(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(webvtt.Line(s))) //nolint:errcheck // a Builder takes everything
	return b.String()
}
