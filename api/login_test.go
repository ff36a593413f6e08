package api_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

// browser is who has no key and keeps cookies.
type browser struct {
	*bundle
	cookie *http.Cookie
	csrf   string
}

// do sends a request as a page of ours does; change, where not nil, changes it before.
func (b *browser) do(t *testing.T, method, path, body string, change func(*http.Request)) answer {
	t.Helper()
	return b.ask(t, method, path, strings.NewReader(body), func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("X-Cuepoint-Csrf", b.csrf)
		if b.cookie != nil {
			r.AddCookie(b.cookie)
		}
		if change != nil {
			change(r)
		}
	})
}

// signIn posts a token and keeps what comes back.
func (b *browser) signIn(t *testing.T, token string, change func(*http.Request)) answer {
	t.Helper()
	a := b.do(t, http.MethodPost, "/login", `{"token":"`+token+`"}`, change)
	if a.Code != http.StatusOK {
		return a
	}
	cookies := (&http.Response{Header: a.Header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	b.cookie = cookies[0]
	b.csrf, _ = a.JSON(t)["csrf"].(string)
	return a
}

func TestABrowserSignsInAndOut(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t)}
	b.add(t, "tides")
	if a := b.do(t, http.MethodGet, "/session", "", nil); a.Code != http.StatusOK || a.JSON(t)["signedIn"] != false {
		t.Errorf("before: %d %s", a.Code, a.Body)
	}
	a := b.signIn(t, b.Gate.NewLogin().Reveal(), nil)
	if a.Code != http.StatusOK || !b.cookie.HttpOnly || b.cookie.SameSite != http.SameSiteStrictMode || b.cookie.Path != "/" ||
		b.cookie.Secure || b.cookie.Domain != "" || b.cookie.Expires.IsZero() || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s, cookie %v", a.Code, a.Body, b.cookie)
	}
	if strings.Contains(a.Body, b.cookie.Value) {
		t.Error("scripts can read the cookie")
	}
	if a := b.do(t, http.MethodGet, "/session", "", nil); a.JSON(t)["signedIn"] != true || a.JSON(t)["csrf"] != b.csrf {
		t.Errorf("session %s", a.Body)
	}
	for _, path := range []string{"/v1/videos/tides", "/play/tides/package@run1/master.m3u8"} {
		if a := b.do(t, http.MethodGet, path, "", func(r *http.Request) { r.Header.Del("X-Cuepoint-Csrf") }); a.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
	if a := b.do(t, http.MethodPost, "/v1/videos/tides:cancel", "{}", nil); a.Code != http.StatusOK {
		t.Errorf("a command: %d %s", a.Code, a.Body)
	}
	if a := b.do(t, http.MethodPost, "/logout", "", nil); a.Code != http.StatusOK || !strings.Contains(a.Header.Get("Set-Cookie"), "=;") {
		t.Errorf("logout: %d, cookie %q", a.Code, a.Header.Get("Set-Cookie"))
	}
	if a := b.do(t, http.MethodGet, "/v1/videos/tides", "", nil); a.Code != http.StatusUnauthorized {
		t.Errorf("after: %d %s", a.Code, a.Body)
	}
}

func TestOtherPagesChangeNothing(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t)}
	b.add(t, "tides")
	b.signIn(t, b.Key, nil)
	other := &browser{bundle: b.bundle}
	other.signIn(t, b.Key, nil)
	for name, change := range map[string]func(*http.Request){
		"no token":             func(r *http.Request) { r.Header.Del("X-Cuepoint-Csrf") },
		"another's token":      func(r *http.Request) { r.Header.Set("X-Cuepoint-Csrf", other.csrf) },
		"another site":         func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another port":         func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"an older browser":     func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "http://evil.example") },
		"another port, no key": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site"); r.Header.Set("X-Api-Key", "") },
	} {
		for _, path := range []string{"/v1/videos/tides:cancel", "/logout"} {
			a := b.do(t, http.MethodPost, path, "{}", change)
			if a.Code != http.StatusForbidden {
				t.Errorf("%s, %s: %d %s", name, path, a.Code, a.Body)
			}
			contains(t, a.Body, `"reason":"PERMISSION_DENIED"`)
		}
		if a := b.do(t, http.MethodDelete, "/v1/videos/tides?purge=true", "", change); a.Code != http.StatusForbidden {
			t.Errorf("%s, DELETE: %d %s", name, a.Code, a.Body)
		}
	}
	for _, site := range []string{"cross-site", "same-site"} { // logs a victim in as somebody else
		a := b.do(t, http.MethodPost, "/login", `{"token":"`+b.Key+`"}`, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", site) })
		if a.Code != http.StatusForbidden || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("login from %s: %d", site, a.Code)
		}
	}
	if given := b.Commands.Given(); given != nil {
		t.Errorf("given %q", given)
	}
	// Who shows a key has no cookie to misuse.
	if a := b.ask(t, http.MethodPost, "/v1/videos/tides:cancel", strings.NewReader("{}"), nil); a.Code != http.StatusOK {
		t.Errorf("with a key: %d %s", a.Code, a.Body)
	}
}

func TestSessionsAreNotFixed(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t)}
	b.signIn(t, b.Key, nil)
	before := *b.cookie
	b.csrf = ""
	b.signIn(t, b.Key, nil)
	if b.cookie.Value == before.Value {
		t.Error("signing in again gives the same session")
	}
	after := b.cookie
	b.cookie = &before
	if a := b.do(t, http.MethodGet, "/v1/videos", "", nil); a.Code != http.StatusUnauthorized {
		t.Errorf("the session before: %d", a.Code)
	}
	chosen := *after
	chosen.Value = "cs_" + strings.Repeat("a", 43)
	b.cookie = &chosen
	if b.signIn(t, b.Key, nil); b.cookie.Value == chosen.Value {
		t.Error("a session that somebody chose was taken")
	}
	b.cookie = &chosen
	if a := b.do(t, http.MethodGet, "/v1/videos", "", nil); a.Code != http.StatusUnauthorized {
		t.Errorf("a session that somebody chose: %d", a.Code)
	}
}

func TestWhatDoesNotSignIn(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t)}
	once := b.Gate.NewLogin().Reveal()
	if a := b.signIn(t, once, nil); a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	b.cookie = nil
	for name, body := range map[string]string{
		"a link that was used": `{"token":"` + once + `"}`,
		"a link made up":       `{"token":"cl_` + strings.Repeat("a", 32) + `"}`,
		"a key made up":        `{"token":"ck_0123456789abcdef_` + strings.Repeat("a", 32) + `"}`,
		"nothing":              `{}`,
	} {
		a := b.do(t, http.MethodPost, "/login", body, nil)
		if a.Code != http.StatusUnauthorized || a.Header.Get("Set-Cookie") != "" || a.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
		contains(t, a.Body, `"reason":"UNAUTHENTICATED"`)
	}
	for name, body := range map[string]string{"no JSON": "token=" + b.Key, "too much": `{"token":"` + strings.Repeat("a", 5000) + `"}`, "a list": `[]`} {
		if a := b.do(t, http.MethodPost, "/login", body, nil); a.Code != http.StatusBadRequest || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
}

func TestASessionMayDoWhatItsKeyMay(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t)}
	b.add(t, "tides")
	b.signIn(t, b.key(t, models.DefaultWorkspace, models.ScopePlay), nil)
	for path, want := range map[string]int{"/play/tides/package@run1/master.m3u8": 200, "/v1/videos": 403} {
		if a := b.do(t, http.MethodGet, path, "", nil); a.Code != want {
			t.Errorf("%s: %d, want %d", path, a.Code, want)
		}
	}
	b.signIn(t, b.key(t, models.DefaultWorkspace, models.ScopeWrite), nil)
	for path, want := range map[string]int{"/play/tides/package@run1/master.m3u8": 403, "/v1/videos": 403} {
		if a := b.do(t, http.MethodGet, path, "", nil); a.Code != want {
			t.Errorf("%s: %d, want %d", path, a.Code, want)
		}
	}
}

func TestWhereNobodyIsAsked(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t, func(_ *api.Config, g *access.Config) {
		g.Anonymous = &access.Caller{Workspace: models.DefaultWorkspace, Scopes: []models.Scope{models.ScopeRead, models.ScopePlay}}
	})}
	b.add(t, "tides")
	b.cookie = &http.Cookie{Name: "cuepoint-" + strings.Split(b.URL, ":")[2], Value: "cs_" + strings.Repeat("a", 43)} // left over
	for _, path := range []string{"/v1/videos/tides", "/play/tides/package@run1/master.m3u8", "/session"} {
		if a := b.do(t, http.MethodGet, path, "", nil); a.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
	b.cookie = nil
	if a := b.do(t, http.MethodPost, "/v1/videos/tides:cancel", "{}", nil); a.Code != http.StatusForbidden {
		t.Errorf("a command: %d %s", a.Code, a.Body)
	}
	if a := b.do(t, http.MethodGet, "/v1/videos", "", func(r *http.Request) { r.Header.Set("X-Api-Key", "ck_wrong") }); a.Code != http.StatusUnauthorized {
		t.Errorf("a key that is not good: %d %s", a.Code, a.Body)
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	proxied := func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", "203.0.113.9, 198.51.100.7")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "videos.example")
	}
	stranger := &browser{bundle: setup(t)}
	stranger.signIn(t, stranger.Key, proxied)
	if stranger.cookie.Secure || strings.HasPrefix(stranger.cookie.Name, "__Host-") {
		t.Errorf("anybody says what is encrypted: %v", stranger.cookie)
	}
	trusted := &browser{bundle: setup(t, func(c *api.Config, _ *access.Config) {
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})}
	trusted.signIn(t, trusted.Key, proxied)
	if !trusted.cookie.Secure || trusted.cookie.Name != "__Host-cuepoint" {
		t.Errorf("the proxy is not believed: %v", trusted.cookie)
	}
	if a := trusted.do(t, http.MethodGet, "/v1/videos", "", proxied); a.Code != http.StatusOK {
		t.Errorf("with the cookie: %d %s", a.Code, a.Body)
	}
	if a := trusted.do(t, http.MethodGet, "/v1/videos", "", func(r *http.Request) {
		proxied(r)
		r.Header.Set("X-Forwarded-Host", "evil.example")
	}); a.Code != http.StatusMisdirectedRequest {
		t.Errorf("by another name: %d", a.Code)
	}
}
