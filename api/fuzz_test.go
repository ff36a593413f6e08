package api_test

import (
	"encoding/base64"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/models"
)

// FuzzAuthorization: whatever two headers hold, one key at most is found, which
// stands in them and can be shown to who knows it; nothing is said of another.
func FuzzAuthorization(f *testing.F) {
	const key = "ck_0123456789abcdef_0123456789abcdef0123456789abcdef"
	for _, pair := range [][2]string{
		{"Bearer " + key, ""}, {"", key}, {"bearer  " + key + " ", key}, {"BEARER\t" + key, ""}, {"Bearer", ""}, {"Bearer a b", ""}, {"Basic YTpi", key},
		{"Bearer " + key, key + "x"}, {"Bearer caf\xe9", ""}, {"Bearer a\x00b", ""}, {"Bearer " + strings.Repeat("a", 129), ""}, {"Bearer a, Bearer b", ""},
		{"Bearer\u00a0" + key, "\u2028"},
	} {
		f.Add(pair[0], pair[1])
	}
	printable := regexp.MustCompile(`^[!-~]{1,128}$`)
	f.Fuzz(func(t *testing.T, authorization, apiKey string) {
		found, err := api.KeyIn([]string{authorization}, []string{apiKey})
		switch {
		case err != nil:
			if models.ErrorCode(err) != models.CodeUnauthenticated || found != "" {
				t.Fatalf("%v, found %q", err, found)
			}
		case found == "":
			if apiKey != "" || strings.HasPrefix(authorization, "Bearer ") && strings.TrimSpace(authorization) != "Bearer" {
				t.Fatal("what was shown is overlooked")
			}
		case !printable.MatchString(found) || found != apiKey && !strings.HasSuffix(strings.TrimSpace(authorization), found):
			t.Fatalf("found %q", found)
		}
		twice, err := api.KeyIn([]string{authorization, authorization}, []string{apiKey, apiKey})
		if twice != found && err == nil {
			t.Fatalf("shown twice it is %q, not %q", twice, found)
		}
	})
}

// FuzzCursor: a text is a cursor that we wrote, or none.
func FuzzCursor(f *testing.F) {
	for _, text := range []string{
		api.NewCursor(0, time.Time{}), api.NewCursor(math.MaxInt64, time.UnixMilli(math.MaxInt64)), api.NewCursor(-1, time.Now()),
		"", "AQ", "AQ==", strings.Repeat("A", 23), strings.Repeat("_", 23), "AQAAAAAAAAAAAAABofmN9hA\n", "caf\xe9",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if again, err := api.Cursor(text); err == nil && again != text {
			t.Fatalf("it is taken for %q", again)
		}
	})
}

// FuzzPageToken: a text is a token that we wrote for this question, which begins
// within what there is or after all of it, or INVALID_ARGUMENT.
func FuzzPageToken(f *testing.F) {
	starts := []time.Duration{0, time.Second, time.Second, time.Hour}
	const question = "AAAAAAAAAAA"
	for i := range starts {
		f.Add(api.NewPageToken(question, starts[:i+1]))
	}
	for _, raw := range []string{"", "\x00", "\x00\x00\x00", "\x80\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", "\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f", strings.Repeat("\x80", 20)} {
		f.Add(question + base64.RawURLEncoding.EncodeToString([]byte(raw)))
	}
	f.Add("AAAAAAAAAABAAA")
	f.Add(question + "AA\nAA")
	f.Fuzz(func(t *testing.T, token string) {
		again, index, err := api.PageToken(question, token, starts)
		switch {
		case err != nil:
			if models.ErrorCode(err) != models.CodeInvalidArgument {
				t.Fatal(err)
			}
		case token != "" && again != token:
			t.Fatalf("it is taken for %q", again)
		case index < 0 || index > len(starts):
			t.Fatalf("it begins at %d", index)
		}
	})
}
