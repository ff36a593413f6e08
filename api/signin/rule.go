package signin

import (
	"slices"
	"strings"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// Rule lets those in of whom the provider says one thing.
type Rule struct {
	Claim     string // such as groups, email or sub
	Value     string // that the claim has, or has among others
	Workspace string
	Scopes    []models.Scope
}

// ParseRule reads a rule: CLAIM=VALUE:WORKSPACE:SCOPE,…, where a value may hold
// colons and equals signs too. INVALID_ARGUMENT.
func ParseRule(text string) (Rule, error) {
	claim, rest, _ := strings.Cut(text, "=")
	parts := strings.Split(rest, ":")
	if claim == "" || len(parts) < 3 {
		return Rule{}, models.Errorf(models.CodeInvalidArgument,
			"%q is no rule; want CLAIM=VALUE:WORKSPACE:SCOPE,…, such as groups=editors:default:read,write,play", text)
	}
	r := Rule{Claim: claim, Value: strings.Join(parts[:len(parts)-2], ":"), Workspace: parts[len(parts)-2]}
	for scope := range strings.SplitSeq(parts[len(parts)-1], ",") {
		r.Scopes = append(r.Scopes, models.Scope(scope))
	}
	return r, r.validate()
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *Rule) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRule(string(text))
	return err
}

func (r Rule) validate() error {
	if r.Claim != strings.TrimSpace(r.Claim) || r.Value == "" || r.Value != strings.TrimSpace(r.Value) {
		return models.Errorf(models.CodeInvalidArgument, "a rule needs a claim and a value, without spaces around them; have %q=%q", r.Claim, r.Value)
	}
	if !access.ValidWorkspace(r.Workspace) {
		return models.Errorf(models.CodeInvalidArgument, "%q is no name for a workspace; want small letters, digits and hyphens, at most 63", r.Workspace)
	}
	if !access.ValidScopes(r.Scopes) {
		return models.Errorf(models.CodeInvalidArgument, "want some of %q, each once; have %q", models.Scopes(), r.Scopes)
	}
	return nil
}

// claims are what the provider says of somebody in one of its answers.
type claims map[string]any

// address is that of whom this is said, where the provider has seen to it that it
// is theirs: elsewhere anybody may claim anybody's.
func (c claims) address() string {
	verified := c["email_verified"]
	if verified != true && verified != "true" { // Amazon's Cognito writes it as text
		return ""
	}
	address, _ := c["email"].(string)
	return address
}

// match tells whether the rule lets in of whom this is said.
func (r Rule) match(said claims) bool {
	if r.Claim == "email" {
		return said.address() == r.Value
	}
	switch value := said[r.Claim].(type) {
	case string:
		return value == r.Value
	case []any:
		return slices.Contains(value, any(r.Value))
	}
	return false
}

// find returns the first rule that lets in of whom any of this is said.
func find(rules []Rule, said ...claims) (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return slices.ContainsFunc(said, r.match) })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}
