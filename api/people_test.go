package api_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

func TestWhoMayComeIn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rules        []string
		claims, info map[string]any
		workspace    string // empty: nobody is let in
	}{
		"a group":                         {[]string{"groups=editors:w:read"}, map[string]any{"groups": []string{"x", "editors"}}, nil, "w"},
		"a group alone":                   {[]string{"groups=editors:w:read"}, map[string]any{"groups": "editors"}, nil, "w"},
		"a group that is told when asked": {[]string{"groups=editors:w:read"}, nil, map[string]any{"groups": []string{"editors"}}, "w"},
		"the first rule that fits":        {[]string{"groups=no:v:read", "groups=b:w:read", "sub=anna:x:admin"}, map[string]any{"groups": []string{"b"}}, nil, "w"},
		"an address":                      {[]string{"email=a@example.com:w:read"}, map[string]any{"email": "a@example.com", "email_verified": true}, nil, "w"},
		"an address, verified in writing": {[]string{"email=a@example.com:w:read"}, map[string]any{"email": "a@example.com", "email_verified": "true"}, nil, "w"},
		"an address nobody verified":      {[]string{"email=a@example.com:w:read"}, map[string]any{"email": "a@example.com"}, nil, ""},
		"an address of somebody else's":   {[]string{"email=a@example.com:w:read"}, map[string]any{"email": "a@example.com", "email_verified": false}, nil, ""},
		"one verified, the other not": {[]string{"email=a@example.com:w:read"}, map[string]any{"email": "b@example.com", "email_verified": true},
			map[string]any{"email": "a@example.com"}, ""},
		"no rule":                       {[]string{"groups=editors:w:read"}, map[string]any{"groups": []string{"editor", "editors2"}}, nil, ""},
		"a claim of another shape":      {[]string{"groups=editors:w:read"}, map[string]any{"groups": map[string]any{"editors": "editors"}}, nil, ""},
		"what is told of somebody else": {[]string{"groups=editors:w:read"}, nil, map[string]any{"sub": "eve", "groups": "editors"}, "another"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := invite(t, tt.claims, tt.rules...)
			g.provider.Change(func(a *testenv.OIDCAnswers) {
				for claim, value := range tt.info {
					a.Info[claim] = value
				}
			})
			a := g.arrive(t, g.leave(t, nil).Query(), nil)
			switch tt.workspace {
			case "":
				stays(t, a, "PERMISSION_DENIED")
				return
			case "another":
				stays(t, a, "UNAUTHENTICATED")
				return
			}
			if g.cookie = cookies(a)["session"]; g.cookie == nil {
				t.Fatalf("%d to %q", a.Code, a.Header.Get("Location"))
			}
			if a := g.do(t, http.MethodGet, "/session", "", nil); a.JSON(t)["workspace"] != tt.workspace {
				t.Errorf("session %s", a.Body)
			}
		})
	}
}

// A person goes by an address that the provider has verified, else by what it
// knows them as: not by what they call themselves.
func TestPeopleHaveNames(t *testing.T) {
	t.Parallel()
	for name, claims := range map[string]map[string]any{
		"anna@example.com": {"email": "anna@example.com", "email_verified": true},
		"anna":             {"email": "boss@example.com", "name": "The Boss", "preferred_username": "boss"},
	} {
		g := invite(t, claims, "sub=anna:default:read")
		g.cookie = cookies(g.arrive(t, g.leave(t, nil).Query(), nil))["session"]
		if a := g.do(t, http.MethodGet, "/session", "", nil); a.JSON(t)["person"] != name {
			t.Errorf("session %s, want %s", a.Body, name)
		}
	}
}

func TestEditsKeepWhoSignedIn(t *testing.T) {
	t.Parallel()
	e := setupEditors(t)
	cookie, _, err := e.Gate.Begin(t.Context(), access.Caller{Workspace: models.DefaultWorkspace, Scopes: models.Scopes(), Person: "anna@example.com"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(e.Server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{bundle: e.bundle, cookie: &http.Cookie{Name: "cuepoint-" + port, Value: cookie.Reveal()}, csrf: access.CSRF(cookie.Reveal())}
	if a := b.do(t, http.MethodPatch, "/v1/"+moon, `{"text":"Tides are drawn by the moon."}`, nil); a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	edits, err := e.edits.ListEdits(t.Context(), &cuepointv1.ListEditsRequest{Parent: "videos/tides"})
	if err != nil || len(edits.GetEdits()) != 1 || edits.GetEdits()[0].GetAuthor() != "people/anna@example.com" {
		t.Errorf("%v, error %v", edits, err)
	}
}
