package access

import (
	"context"
	"regexp"
	"slices"

	"github.com/cuepoint/cuepoint/models"
)

// Caller is who asks. The zero Caller is nobody: in no workspace, and may do
// nothing.
type Caller struct {
	Workspace string
	Scopes    []models.Scope
	Key       string // the id of the key that was shown, now or to sign in; empty without one
	Person    string // whom the provider named who signed in there; empty for who did not
	Session   bool   // a browser that signed in
	Local     bool   // came by the socket of the data directory, and may do everything
}

// May tells whether the caller may do what a scope is about.
func (c Caller) May(scope models.Scope) bool {
	return c.Local || models.Allows(c.Scopes, scope)
}

type callerKey struct{}

// With returns a context in which c asks.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns who asks in ctx, nobody where that was not found out.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

var workspacePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidWorkspace tells whether a workspace may have this name.
func ValidWorkspace(name string) bool { return workspacePattern.MatchString(name) }

// ValidScopes tells whether these are scopes that there are, each once.
func ValidScopes(scopes []models.Scope) bool {
	for i, scope := range scopes {
		if !slices.Contains(models.Scopes(), scope) || slices.Contains(scopes[:i], scope) {
			return false
		}
	}
	return true
}
