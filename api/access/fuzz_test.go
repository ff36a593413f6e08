package access_test

import (
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// FuzzToken: no text but the token itself opens anything, and none is a fault.
func FuzzToken(f *testing.F) {
	b := setup(f, nil)
	_, token := b.add(f, access.KeyRequest{})
	for _, text := range []string{
		token, token + " ", token[:len(token)-1], strings.ToUpper(token), "ck_", "ck__", "cl_" + token[3:], "cs_" + strings.Repeat("a", 43),
		token[:20] + strings.Repeat("0", 32), "ck_0123456789abcdef_" + strings.Repeat("0", 32), token + "\n", "\x00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, shown := range []access.Shown{{Key: text}, {Session: text}} {
			caller, err := b.Identify(t.Context(), shown)
			if shown.Key == token {
				if err != nil {
					t.Fatal(err)
				}
				continue
			}
			if code(err) != models.CodeUnauthenticated || caller.May(models.ScopeRead) {
				t.Fatalf("%+v, error %v", caller, err)
			}
		}
		if _, _, err := b.SignIn(t.Context(), text, ""); text != token && code(err) != models.CodeUnauthenticated {
			t.Fatalf("signed in: %v", err)
		}
	})
}
