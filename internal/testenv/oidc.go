package testenv

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// What an [OIDC] knows its one client by.
const (
	OIDCClient = "cuepoint"
	OIDCSecret = "kept/to:itself" // whose characters have to be escaped on the way
)

// OIDC is an OpenID Connect provider that lets in whoever comes, as one person:
// the one whom the claims describe. It signs for real and refuses what the
// standards have it refuse, so that who signs in there does it by the rules.
type OIDC struct {
	Issuer string

	mu     sync.Mutex
	claims map[string]any
	info   map[string]any
	sign   func(claims map[string]any) string
	post   bool
	away   bool
	codes  map[string]url.Values // what each was given for; spent ones are gone
}

// oidcKey signs for every provider: making one takes long.
var oidcKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// NewOIDC starts a provider, of whose person the claims say more than who it is.
func NewOIDC(t testing.TB, claims map[string]any) *OIDC {
	t.Helper()
	p := &OIDC{claims: claims, sign: func(claims map[string]any) string { return SignToken(oidcKey(), "one", claims) }, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		method := "client_secret_basic"
		if p.post {
			method = "client_secret_post"
		}
		answer(w, http.StatusOK, map[string]any{
			"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token",
			"jwks_uri": p.Issuer + "/keys", "userinfo_endpoint": p.Issuer + "/userinfo",
			"token_endpoint_auth_methods_supported": []string{method},
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
			"n": base64.RawURLEncoding.EncodeToString(oidcKey().N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(oidcKey().E)).Bytes()),
		}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer access" {
			answer(w, http.StatusUnauthorized, nil)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		answer(w, http.StatusOK, p.info)
	})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		away := p.away
		p.mu.Unlock()
		if away {
			answer(w, http.StatusBadGateway, nil)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	// Another name than the servers of tests have, and so another site for browsers.
	p.Issuer = "http://" + strings.Replace(server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	p.info = map[string]any{"sub": "anna"}
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// Change changes what the provider says from now on.
func (p *OIDC) Change(change func(p *OIDCAnswers)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := OIDCAnswers{p.claims, p.info, p.sign, p.post, p.away}
	change(&a)
	p.claims, p.info, p.sign, p.post, p.away = a.Claims, a.Info, a.Sign, a.Post, a.Away
}

// OIDCAnswers are what a provider says.
type OIDCAnswers struct {
	Claims map[string]any                     // in each token, besides the usual ones and in place of them
	Info   map[string]any                     // when it is asked about the person
	Sign   func(claims map[string]any) string // makes a token
	Post   bool                               // it takes the client's secret in the body alone
	Away   bool                               // it says nothing but 502
}

// authorize leads back at once, with a code.
func (p *OIDC) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != OIDCClient || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 22 || len(q.Get("nonce")) < 22 || !strings.Contains(" "+q.Get("scope")+" ", " openid ") {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.Issuer}}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// token gives tokens for a code, once, to who had it made.
func (p *OIDC) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, escaped, _ := r.BasicAuth()
	secret, err := url.QueryUnescape(escaped)
	if p.post {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != OIDCClient || secret != OIDCSecret || err != nil {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	asked, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || r.FormValue("grant_type") != "authorization_code" || r.FormValue("redirect_uri") != asked.Get("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge") {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{
		"iss": p.Issuer, "sub": "anna", "aud": OIDCClient, "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	for claim, value := range p.claims {
		claims[claim] = value
	}
	answer(w, http.StatusOK, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(claims)})
}

// SignToken makes a JSON Web Token by RS256.
func SignToken(key *rsa.PrivateKey, name string, claims map[string]any) string {
	text := TokenText(map[string]any{"alg": "RS256", "typ": "JWT", "kid": name}, claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // it is long enough for the sum
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// TokenText is a token without its signature.
func TokenText(header, claims map[string]any) string {
	parts := make([]string, 2)
	for i, part := range []any{header, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			panic(err) // a test's own
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(text)
	}
	return strings.Join(parts, ".")
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
