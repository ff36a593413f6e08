package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"regexp"

	"golang.org/x/oauth2"
)

// Flow is one browser's way to the provider and back. It is kept in that browser
// alone: who comes back without it, or with another's, did not leave from here.
type Flow struct {
	State    string // comes back in the address
	Nonce    string // comes back in the token
	Verifier string // proves to the provider that who began also ends (PKCE)
}

// NewFlow begins one.
func NewFlow() Flow { return Flow{rand.Text(), rand.Text(), oauth2.GenerateVerifier()} }

// String is the flow as a cookie keeps it.
func (f Flow) String() string { return f.State + "." + f.Nonce + "." + f.Verifier }

var flowPattern = regexp.MustCompile(`^([A-Z2-7]{26})\.([A-Z2-7]{26})\.([0-9A-Za-z_-]{43})$`)

// ParseFlow reads what String wrote.
func ParseFlow(text string) (f Flow, ok bool) {
	m := flowPattern.FindStringSubmatch(text)
	if m == nil {
		return f, false
	}
	return Flow{m[1], m[2], m[3]}, true
}

// Matches tells whether a browser came back on this way.
func (f Flow) Matches(state string) bool {
	return f.State != "" && subtle.ConstantTimeCompare([]byte(f.State), []byte(state)) == 1
}
