package api_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/signin"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// guest is a browser whose owner has no key, and an account at a provider.
type guest struct {
	*browser
	provider *testenv.OIDC
	flow     *http.Cookie
	passed   atomic.Int64 // nanoseconds that the server's clock is ahead
}

// invite starts a server that lets in whom the provider says this of.
func invite(t *testing.T, claims map[string]any, rules ...string) *guest {
	t.Helper()
	g := &guest{provider: testenv.NewOIDC(t, claims)}
	c := signin.Config{
		Issuer: g.provider.Issuer, Client: testenv.OIDCClient, Secret: config.NewSecret(testenv.OIDCSecret),
		Scopes: []string{"profile", "email"}, Name: "Example", Lasts: 12 * time.Hour,
		Now: func() time.Time { return time.Now().Add(time.Duration(g.passed.Load())) },
	}
	for _, text := range rules {
		rule, err := signin.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		c.Rules = append(c.Rules, rule)
	}
	p, err := signin.New(c)
	if err != nil {
		t.Fatal(err)
	}
	g.browser = &browser{bundle: setup(t, func(c *api.Config, _ *access.Config) {
		c.Provider = p
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})}
	g.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return g
}

// leave begins to sign in, and returns where the provider leads back to.
func (g *guest) leave(t *testing.T, change func(*http.Request)) *url.URL {
	t.Helper()
	a := g.do(t, http.MethodPost, "/login/oidc", "{}", change)
	if a.Code != http.StatusOK {
		t.Fatalf("begin: %d %s", a.Code, a.Body)
	}
	g.flow = cookies(a)["signin"]
	location, _ := a.JSON(t)["location"].(string)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, location, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := g.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("the provider answered %s with %s", location, resp.Status)
	}
	return back
}

// arrive is led back by the provider's page, which is another site's.
func (g *guest) arrive(t *testing.T, answer url.Values, change func(*http.Request)) answer {
	t.Helper()
	return g.do(t, http.MethodGet, "/login/callback?"+answer.Encode(), "", func(r *http.Request) {
		r.Header.Del("X-Cuepoint-Csrf")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Del("Cookie") // a Strict one does not come along
		if g.flow != nil {
			r.AddCookie(g.flow)
		}
		if change != nil {
			change(r)
		}
	})
}

// cookies are those that an answer sets, by what their names end with.
func cookies(a answer) map[string]*http.Cookie {
	all := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.HasSuffix(c.Name, "-signin") {
			all["signin"] = c
		} else {
			all["session"] = c
		}
	}
	return all
}

// stays fails the test where an answer let somebody in, or led elsewhere than to
// the page with this problem.
func stays(t *testing.T, a answer, problem string) {
	t.Helper()
	if to := a.Header.Get("Location"); a.Code != http.StatusSeeOther || to != "/login#problem="+problem || cookies(a)["session"] != nil {
		t.Errorf("%d to %q, cookies %v; want the problem %s", a.Code, to, cookies(a), problem)
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Error("the answer may be kept")
	}
}

func TestAProviderLetsABrowserIn(t *testing.T) {
	t.Parallel()
	g := invite(t, map[string]any{"groups": []string{"all", "editors"}, "email": "anna@example.com", "email_verified": true},
		"groups=editors:default:read,play", "sub=anna:other:admin")
	g.add(t, "tides")
	if a := g.do(t, http.MethodGet, "/session", "", nil); a.JSON(t)["provider"] != "Example" || a.JSON(t)["signedIn"] != false {
		t.Errorf("before: %s", a.Body)
	}
	back := g.leave(t, nil)
	if g.flow == nil || !g.flow.HttpOnly || g.flow.SameSite != http.SameSiteLaxMode || g.flow.Secure || g.flow.Domain != "" ||
		time.Until(g.flow.Expires) > 10*time.Minute {
		t.Errorf("the cookie of the way there: %v", g.flow)
	}
	if want := g.URL + "/login/callback"; !strings.HasPrefix(back.String(), want+"?") {
		t.Fatalf("led back to %s, want %s", back, want)
	}
	a := g.arrive(t, back.Query(), nil)
	g.cookie = cookies(a)["session"]
	if a.Code != http.StatusSeeOther || a.Header.Get("Location") != "/login" || g.cookie == nil || !g.cookie.HttpOnly ||
		g.cookie.SameSite != http.SameSiteStrictMode || cookies(a)["signin"].Value != "" {
		t.Fatalf("%d to %q, cookies %v", a.Code, a.Header.Get("Location"), cookies(a))
	}
	if left := time.Until(g.cookie.Expires); left > 12*time.Hour || left < 11*time.Hour {
		t.Errorf("the session lasts %v", left)
	}
	a = g.do(t, http.MethodGet, "/session", "", nil)
	g.csrf, _ = a.JSON(t)["csrf"].(string)
	if a.JSON(t)["signedIn"] != true || a.JSON(t)["workspace"] != "default" || a.JSON(t)["person"] != "anna@example.com" || g.csrf == "" {
		t.Errorf("session %s", a.Body)
	}
	if a := g.do(t, http.MethodGet, "/v1/videos/tides", "", nil); a.Code != http.StatusOK {
		t.Errorf("reading: %d %s", a.Code, a.Body)
	}
	if a := g.do(t, http.MethodPost, "/v1/videos/tides:cancel", "{}", nil); a.Code != http.StatusForbidden {
		t.Errorf("writing: %d %s", a.Code, a.Body)
	}
	stays(t, g.arrive(t, back.Query(), func(r *http.Request) { r.Header.Del("Cookie") }), "UNAUTHENTICATED") // as a browser does it again
	stays(t, g.arrive(t, back.Query(), nil), "UNAUTHENTICATED")                                              // as who kept the cookie does
	for _, secret := range append(strings.Split(g.flow.Value, "."), back.Query().Get("code"), testenv.OIDCSecret) {
		if strings.Contains(g.Log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
	if a := g.do(t, http.MethodPost, "/logout", "", nil); a.Code != http.StatusOK {
		t.Errorf("logout: %d %s", a.Code, a.Body)
	}
	if a := g.do(t, http.MethodGet, "/v1/videos/tides", "", nil); a.Code != http.StatusUnauthorized {
		t.Errorf("after: %d %s", a.Code, a.Body)
	}
}

func TestOnlyWhoBeganSignsIn(t *testing.T) {
	t.Parallel()
	g := invite(t, nil, "sub=anna:default:read")
	for name, tt := range map[string]struct {
		change  func(flow *http.Cookie, answer url.Values)
		problem string
	}{
		"another state":             {func(_ *http.Cookie, a url.Values) { a.Set("state", "made up") }, "UNAUTHENTICATED"},
		"no state":                  {func(_ *http.Cookie, a url.Values) { a.Del("state") }, "UNAUTHENTICATED"},
		"no flow and no state":      {func(f *http.Cookie, a url.Values) { f.Value = ".."; a.Del("state") }, "UNAUTHENTICATED"},
		"another provider's answer": {func(_ *http.Cookie, a url.Values) { a.Set("iss", "https://evil.example") }, "UNAUTHENTICATED"},
		"a code found somewhere":    {func(f *http.Cookie, _ url.Values) { f.Value = f.Value[:len(f.Value)-8] + "AAAAAAAA" }, "UNAUTHENTICATED"},
		"a code made up":            {func(_ *http.Cookie, a url.Values) { a.Set("code", "made up") }, "UNAUTHENTICATED"},
		"no code":                   {func(_ *http.Cookie, a url.Values) { a.Del("code") }, "UNAUTHENTICATED"},
		"a refusal":                 {func(_ *http.Cookie, a url.Values) { a.Set("error", "access_denied") }, "CANCELED"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := g.leave(t, nil).Query()
			tt.change(g.flow, answer)
			stays(t, g.arrive(t, answer, nil), tt.problem)
		})
	}
	answer := g.leave(t, nil).Query()
	g.flow = nil // somebody else's browser: login CSRF
	stays(t, g.arrive(t, answer, nil), "UNAUTHENTICATED")
	g.leave(t, nil) // a browser that is on a way of its own
	stays(t, g.arrive(t, answer, nil), "UNAUTHENTICATED")
	if a := g.arrive(t, url.Values{"state": {"made up"}}, nil); cookies(a)["signin"] != nil {
		t.Error("a link ends a sign-in that is on its way")
	}
	for _, site := range []string{"cross-site", "same-site"} {
		if a := g.do(t, http.MethodPost, "/login/oidc", "{}", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", site) }); a.Code != http.StatusForbidden || cookies(a)["signin"] != nil {
			t.Errorf("begun %s: %d", site, a.Code)
		}
	}
	if a := g.do(t, http.MethodGet, "/login/oidc", "", nil); cookies(a)["signin"] != nil || a.Header.Get("Location") != "" {
		t.Errorf("begun by a link: %d", a.Code)
	}
}

func TestOnlyGoodTokensSignIn(t *testing.T) {
	t.Parallel()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func(claims map[string]any) string {
		text := testenv.TokenText(map[string]any{"alg": "HS256", "kid": "one"}, claims)
		mac := hmac.New(sha256.New, []byte(testenv.OIDCSecret))
		mac.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	g := invite(t, nil, "sub=anna:default:read")
	attempt := func(claims map[string]any, sign func(map[string]any) string) answer {
		g.provider.Change(func(a *testenv.OIDCAnswers) {
			a.Claims = claims
			if sign != nil {
				a.Sign = sign
			}
		})
		return g.arrive(t, g.leave(t, nil).Query(), nil)
	}
	for name, claims := range map[string]map[string]any{
		"another nonce":               {"nonce": "AAAAAAAAAAAAAAAAAAAAAAAAAA"},
		"no nonce":                    {"nonce": ""},
		"another issuer":              {"iss": "https://evil.example"},
		"another audience":            {"aud": "somebody-else"},
		"another party among several": {"aud": []string{testenv.OIDCClient, "somebody-else"}, "azp": "somebody-else"},
		"no party among several":      {"aud": []string{testenv.OIDCClient, "somebody-else"}},
		"another party":               {"azp": "somebody-else"},
		"expired":                     {"exp": time.Now().Add(-time.Second).Unix()},
		"without end":                 {"exp": nil},
		"not good yet":                {"nbf": time.Now().Add(time.Hour).Unix()},
	} {
		t.Run(name, func(t *testing.T) { stays(t, attempt(claims, nil), "UNAUTHENTICATED") })
	}
	if a := attempt(nil, nil); cookies(a)["session"] == nil {
		t.Fatalf("a good one: %d to %q", a.Code, a.Header.Get("Location"))
	}
	for name, sign := range map[string]func(map[string]any) string{
		"another's key by our name": func(c map[string]any) string { return testenv.SignToken(stranger, "one", c) },
		"an unknown key":            func(c map[string]any) string { return testenv.SignToken(stranger, "two", c) },
		"no signature":              func(c map[string]any) string { return testenv.TokenText(map[string]any{"alg": "none"}, c) + "." },
		"our secret as a key":       hs256,
		"no token":                  func(map[string]any) string { return "" },
	} {
		t.Run(name, func(t *testing.T) { stays(t, attempt(nil, sign), "UNAUTHENTICATED") })
	}
}

func TestAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	g := invite(t, nil, "sub=anna:default:read")
	away := func(is bool) { g.provider.Change(func(a *testenv.OIDCAnswers) { a.Away = is }) }
	away(true)
	a := g.do(t, http.MethodPost, "/login/oidc", "{}", nil)
	if a.Code != http.StatusServiceUnavailable || cookies(a)["signin"] != nil {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	contains(t, a.Body, `"reason":"SIGN_IN_UNAVAILABLE"`)
	contains(t, a.Body, "Example cannot be asked")
	if a := g.signIn(t, g.Key, nil); a.Code != http.StatusOK {
		t.Errorf("with a key: %d %s", a.Code, a.Body)
	}
	away(false)
	if a := g.do(t, http.MethodPost, "/login/oidc", "{}", nil); a.Code != http.StatusServiceUnavailable {
		t.Errorf("it is asked again at once: %d %s", a.Code, a.Body)
	}
	g.passed.Store(int64(6 * time.Second))
	answer := g.leave(t, nil).Query()
	away(true)
	stays(t, g.arrive(t, answer, nil), "SIGN_IN_UNAVAILABLE")
}

func TestAProviderThatTakesSecretsInTheBody(t *testing.T) {
	t.Parallel()
	g := invite(t, nil, "sub=anna:default:read")
	g.provider.Change(func(a *testenv.OIDCAnswers) { a.Post = true })
	if a := g.arrive(t, g.leave(t, nil).Query(), nil); cookies(a)["session"] == nil {
		t.Errorf("%d to %q", a.Code, a.Header.Get("Location"))
	}
}

func TestTheWayBackIsOurOwn(t *testing.T) {
	t.Parallel()
	g := invite(t, nil, "sub=anna:default:read")
	proxied := func(r *http.Request) {
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "videos.example")
	}
	if back := g.leave(t, proxied); !strings.HasPrefix(back.String(), "https://videos.example/login/callback?") ||
		!g.flow.Secure || g.flow.Name != "__Host-cuepoint-signin" {
		t.Errorf("behind a proxy: led back to %s with %v", back, g.flow)
	}
	for _, host := range []string{"evil.example", "videos.example:443@evil.example", "videos.example:evil"} {
		if a := g.do(t, http.MethodPost, "/login/oidc", "{}", func(r *http.Request) { r.Host = host }); a.Code != http.StatusMisdirectedRequest {
			t.Errorf("by the name %s: %d %s", host, a.Code, a.Body)
		}
	}
	answer := g.leave(t, nil).Query()
	answer.Set("redirect", "https://evil.example")
	answer.Set("to", "//evil.example")
	if a := g.arrive(t, answer, nil); a.Header.Get("Location") != "/login" {
		t.Errorf("led to %q", a.Header.Get("Location"))
	}
}

func TestWhereThereIsNoProvider(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t)}
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if a := b.do(t, http.MethodPost, "/login/oidc", "{}", nil); a.Code != http.StatusMethodNotAllowed {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	stays(t, b.do(t, http.MethodGet, "/login/callback?code=a&state=b", "", nil), "UNIMPLEMENTED")
}
