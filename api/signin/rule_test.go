package signin_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/api/signin"
	"github.com/cuepoint/cuepoint/models"
)

func TestRules(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]signin.Rule{
		"groups=editors:default:read,write,play": {Claim: "groups", Value: "editors", Workspace: "default", Scopes: []models.Scope{"read", "write", "play"}},
		"email=anna@example.com:films:admin":     {Claim: "email", Value: "anna@example.com", Workspace: "films", Scopes: []models.Scope{"admin"}},
		"groups=urn:x:a=b:w:play":                {Claim: "groups", Value: "urn:x:a=b", Workspace: "w", Scopes: []models.Scope{"play"}},
		"https://x.example/roles=a:w:play":       {Claim: "https://x.example/roles", Value: "a", Workspace: "w", Scopes: []models.Scope{"play"}},
	} {
		got, err := signin.ParseRule(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", text, err, diff)
		}
	}
	for _, text := range []string{
		"", "groups", "groups=editors", "groups=editors:default", "=editors:default:read", "groups=:default:read", "groups=editors::read",
		"groups=editors:default:", "groups=editors:default:all", "groups=editors:default:read,read", "groups=editors:default:read,",
		"groups=editors:De fault:read", "groups = editors:default:read", "groups=editors:default: read", "groups=editors:default:READ",
	} {
		if rule, err := signin.ParseRule(text); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%q: %+v, error %v", text, rule, err)
		}
	}
}

func TestWhatIsNoProvider(t *testing.T) {
	t.Parallel()
	rule, err := signin.ParseRule("sub=anna:default:read")
	if err != nil {
		t.Fatal(err)
	}
	good := signin.Config{Issuer: "https://login.example/realms/us", Client: "cuepoint", Rules: []signin.Rule{rule}, Lasts: time.Hour}
	p, err := signin.New(good)
	if err != nil || p.Name() != "login.example" {
		t.Fatalf("%v, error %v", p, err)
	}
	for name, change := range map[string]func(*signin.Config){
		"not encrypted":   func(c *signin.Config) { c.Issuer = "http://login.example" },
		"no address":      func(c *signin.Config) { c.Issuer = "login.example" },
		"with a query":    func(c *signin.Config) { c.Issuer += "?a=b" },
		"with a password": func(c *signin.Config) { c.Issuer = "https://a:b@login.example" },
		"no client":       func(c *signin.Config) { c.Client = "" },
		"for nobody":      func(c *signin.Config) { c.Rules = nil },
		"for no time":     func(c *signin.Config) { c.Lasts = 0 },
	} {
		c := good
		change(&c)
		if _, err := signin.New(c); models.ErrorCode(err) != models.CodeInvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
}
