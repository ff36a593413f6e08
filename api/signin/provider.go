package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

const (
	// patience is how long the provider gets for each of its answers.
	patience = 10 * time.Second
	// respite is how long a provider that did not answer is not asked again.
	respite = 5 * time.Second
)

// Config says whom to ask who people are, and what they may do.
type Config struct {
	Issuer string        // the provider's URL, exactly as its tokens name it
	Client string        // what the provider knows us as
	Secret config.Secret // that it gave us; empty for none
	Scopes []string      // what to ask for besides openid
	Rules  []Rule        // the first that fits decides; who fits none stays outside
	Name   string        // of the provider, for people; the host of Issuer unless set
	Lasts  time.Duration // how long somebody is in at most
	Now    func() time.Time
}

// Provider asks an OpenID Connect provider who people are. Any number of
// goroutines may use one.
type Provider struct {
	cfg     Config
	client  *http.Client
	asking  chan struct{} // holds one while the provider is asked where things are
	known   *known        // nil until it has answered
	refused error         // why it has not
	until   time.Time     // when it is asked again
}

// known is what a provider says of itself.
type known struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier
	endpoint oauth2.Endpoint
}

// New returns a provider, which it does not ask yet: that one is away keeps
// nothing from starting. INVALID_ARGUMENT says what is wrong with c.
func New(c Config) (*Provider, error) {
	issuer, err := url.Parse(c.Issuer)
	if err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil ||
		issuer.Scheme != "https" && (issuer.Scheme != "http" || !config.IsLoopback(issuer.Hostname())) {
		return nil, models.Errorf(models.CodeInvalidArgument,
			"%q is no issuer; want its address as https://…, and http:// on this machine alone", c.Issuer)
	}
	if c.Client == "" {
		return nil, models.Errorf(models.CodeInvalidArgument, "the provider knows us by a client id; give the one that it made")
	}
	if len(c.Rules) == 0 {
		return nil, models.Errorf(models.CodeInvalidArgument, "without a rule nobody is let in; give some, such as email=anna@example.com:default:read,play")
	}
	if c.Lasts <= 0 {
		return nil, models.Errorf(models.CodeInvalidArgument, "want sessions to last for some time, not %v", c.Lasts)
	}
	c.Name = cmp.Or(c.Name, issuer.Host)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{cfg: c, client: &http.Client{Timeout: patience}, asking: make(chan struct{}, 1)}, nil
}

// Name is what people know the provider by.
func (p *Provider) Name() string { return p.cfg.Name }

// Lasts is how long somebody is in at most before the provider is asked again.
func (p *Provider) Lasts() time.Duration { return p.cfg.Lasts }

// Begin returns the address to send a browser to, which comes back to redirect.
// SIGN_IN_UNAVAILABLE.
func (p *Provider) Begin(ctx context.Context, f Flow, redirect string) (string, error) {
	known, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(known, redirect).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// Person is who has shown at the provider who they are, and may come in.
type Person struct {
	Subject string // what the provider knows them by
	Name    string // what others know them by: an address that the provider has verified, else the subject
	Rule    Rule
}

// Finish returns who has come back with an answer, on a flow and to the redirect
// that Begin was given. UNAUTHENTICATED where that proves nothing; CANCELED by
// them or the provider; PERMISSION_DENIED where no rule lets them in;
// SIGN_IN_UNAVAILABLE.
func (p *Provider) Finish(ctx context.Context, f Flow, redirect string, answer url.Values) (Person, error) {
	if !f.Matches(answer.Get("state")) {
		return Person{}, models.Errorf(models.CodeUnauthenticated, "this is not where the sign-in began, or it took too long; begin again")
	}
	if issuer := answer.Get("iss"); issuer != "" && issuer != p.cfg.Issuer { // RFC 9207
		return Person{}, p.doubt(fmt.Errorf("the answer is of issuer %q", issuer))
	}
	if reason := answer.Get("error"); reason != "" {
		return Person{}, models.Errorf(models.CodeCanceled, "%s has let nobody in", p.cfg.Name).Because(fmt.Errorf("its reason is %.100q", reason))
	}
	known, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.oauth(known, redirect).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Person{}, p.exchanged(err)
	}
	subject, said, err := p.verify(ctx, known, tokens, f.Nonce)
	if err != nil {
		return Person{}, err
	}
	more, err := p.ask(ctx, known, tokens, subject, said)
	if err != nil {
		return Person{}, err
	}
	rule, ok := find(p.cfg.Rules, said, more)
	if !ok {
		return Person{}, models.Errorf(models.CodePermissionDenied,
			"%s knows you, but nobody here has let you in; ask who runs this server", p.cfg.Name).Because(fmt.Errorf("no rule for subject %.100q", subject))
	}
	return Person{subject, cmp.Or(said.address(), more.address(), subject), rule}, nil
}

// verify returns what the ID token says of whom, if the provider made it, for us,
// on this flow, and it has not expired.
func (p *Provider) verify(ctx context.Context, known *known, tokens *oauth2.Token, nonce string) (subject string, said claims, err error) {
	raw, _ := tokens.Extra("id_token").(string)
	token, err := known.verifier.Verify(ctx, raw)
	if err != nil {
		return "", nil, p.doubt(err)
	}
	if err := token.Claims(&said); err != nil {
		return "", nil, p.doubt(err)
	}
	if token.Nonce != nonce {
		return "", nil, p.doubt(errors.New("the token has another nonce"))
	}
	if party, named := said["azp"]; (named || len(token.Audience) > 1) && party != p.cfg.Client {
		return "", nil, p.doubt(fmt.Errorf("the token was made for %v", party))
	}
	return token.Subject, said, nil
}

// ask returns what the provider says of somebody only when it is asked, where
// the token leaves out what a rule is about: some tell of groups only so.
func (p *Provider) ask(ctx context.Context, known *known, tokens *oauth2.Token, subject string, said claims) (claims, error) {
	missing := func(r Rule) bool { _, ok := said[r.Claim]; return !ok }
	if known.UserInfoEndpoint() == "" || !slices.ContainsFunc(p.cfg.Rules, missing) {
		return nil, nil
	}
	info, err := known.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return nil, p.away(err)
	}
	var more claims
	if err := info.Claims(&more); err != nil {
		return nil, p.doubt(err)
	}
	if info.Subject != subject {
		return nil, p.doubt(errors.New("it tells of somebody else than the token"))
	}
	return more, nil
}

func (p *Provider) oauth(known *known, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.cfg.Client, ClientSecret: p.cfg.Secret.Reveal(), Endpoint: known.endpoint, RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...),
	}
}

// discover asks the provider where its parts are, until it has said so once.
func (p *Provider) discover(ctx context.Context) (*known, error) {
	select {
	case p.asking <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.asking }()
	if p.known != nil {
		return p.known, nil
	}
	if p.refused != nil && p.cfg.Now().Before(p.until) {
		return nil, p.refused
	}
	// Who waits for the answer may not be who has asked.
	found, err := p.look(context.WithoutCancel(ctx))
	if err != nil {
		p.refused, p.until = p.away(err), p.cfg.Now().Add(respite)
		return nil, p.refused
	}
	p.known = found
	return found, nil
}

// look reads what the provider says of itself.
func (p *Provider) look(ctx context.Context) (*known, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.Issuer)
	if err != nil {
		return nil, err
	}
	var also struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&also); err != nil {
		return nil, err
	}
	k := &known{found, found.Verifier(&oidc.Config{ClientID: p.cfg.Client, Now: p.cfg.Now}), found.Endpoint()}
	// Trying which one it likes would cost the code, which is good once.
	k.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	basic := len(also.Methods) == 0 || slices.Contains(also.Methods, "client_secret_basic")
	if p.cfg.Secret.Reveal() == "" || !basic {
		k.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return k, nil
}

// exchanged is the error of a code that was not exchanged for tokens.
func (p *Provider) exchanged(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		return p.doubt(err)
	}
	return p.away(err)
}

func (p *Provider) doubt(cause error) error {
	return models.Errorf(models.CodeUnauthenticated, "what came back from %s does not prove who you are; begin again", p.cfg.Name).Because(cause)
}

func (p *Provider) away(cause error) error {
	return models.Errorf(models.CodeSignInUnavailable, "%s cannot be asked who you are; try again later, or sign in with a key", p.cfg.Name).Because(cause)
}
