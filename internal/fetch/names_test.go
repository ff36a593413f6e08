package fetch_test

import (
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/fetch"
)

func TestAnAddressIsShownWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://example.org/a%20b/film.mp4?X-Amz-Signature=1#t": "https://example.org/a%20b/film.mp4",
		"https://user:password@example.org:8443/film":            "https://example.org:8443/film",
		"https://example.org":                                    "https://example.org",
		"https://example.org/\u202efilm":                         "https://example.org/%E2%80%AEfilm",
		"http://%zz/":                                            "",
		"mailto:someone?secret":                                  "mailto:",
		"https://example.org/" + strings.Repeat("x", 1000):       "https://example.org/" + strings.Repeat("x", 492) + "…",
	} {
		if got := fetch.Show(raw); got != want {
			t.Errorf("%q is shown as %q, want %q", raw, got, want)
		}
	}
}

func TestAFileHasTheNameThatItsHostGivesIt(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                "clip one.mp4",
		"attachment":                      "clip one.mp4",
		`attachment; filename="film.mp4"`: "film.mp4",
		`attachment; filename="film.mp4"; filename*=UTF-8''na%C3%AFve.mp4`: "naïve.mp4",
		`attachment; filename="../../etc/passwd"`:                          "../../etc/passwd", // for who keeps it to judge
		`attachment; filename="`:                                           "clip one.mp4",
	} {
		answer := ok + "Content-Type: video/mp4\r\nContent-Length: 0\r\n"
		if header != "" {
			answer += "Content-Disposition: " + header + "\r\n"
		}
		d, _, err := all(t, impatient(), fetch.Request{URL: host(t, says(answer+"\r\n")) + "/films/clip%20one.mp4?x=/y"})
		if err != nil || d.Filename != want || d.ContentType != "video/mp4" {
			t.Errorf("%s: %+v, %v, want %q", header, d, err, want)
		}
	}
}
