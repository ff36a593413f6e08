package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

const (
	sessionLife = 30 * 24 * time.Hour
	loginLife   = 15 * time.Minute
	loginPrefix = "cl_" // of the tokens of links to sign in with
)

// NewLogin returns a token with which somebody may sign in once, within a
// quarter of an hour, as the admin of the default workspace.
func (g *Gate) NewLogin() config.Secret {
	token := loginPrefix + models.RandomText(32)
	g.logins.add(token, g.cfg.Now())
	return config.NewSecret(token)
}

// SignIn makes a session for who shows the token of a key, or one of
// [Gate.NewLogin], and returns the cookie that shows it. The session may do what
// the key may, and ends with it. UNAUTHENTICATED; RATE_LIMITED.
func (g *Gate) SignIn(ctx context.Context, token, address string) (cookie config.Secret, s models.Session, err error) {
	now := g.cfg.Now()
	give, err := g.strangers.take(neighborhood(address), now)
	if err != nil {
		return cookie, s, err
	}
	if s, err = g.newSession(ctx, token, now); err != nil {
		return cookie, s, err
	}
	give()
	return g.keep(ctx, s)
}

// Attempt counts an attempt to sign in from an address elsewhere than by
// [Gate.SignIn]. succeeded makes it count for nothing. RATE_LIMITED.
func (g *Gate) Attempt(address string) (succeeded func(), err error) {
	return g.strangers.take(neighborhood(address), g.cfg.Now())
}

// Begin makes a session for who has shown elsewhere who they are, and returns
// the cookie that shows it. c says what it may do, and as whom.
func (g *Gate) Begin(ctx context.Context, c Caller, lasts time.Duration) (cookie config.Secret, s models.Session, err error) {
	now := g.cfg.Now()
	return g.keep(ctx, models.Session{Workspace: c.Workspace, Scopes: c.Scopes, Person: c.Person, Created: now, Expires: now.Add(lasts)})
}

// keep gives a session its cookie.
func (g *Gate) keep(ctx context.Context, s models.Session) (config.Secret, models.Session, error) {
	cookie := config.NewSecret("cs_" + models.RandomText(43))
	s.Hash = hash(cookie.Reveal())
	if err := g.cfg.Store.CreateSession(ctx, s); err != nil {
		return cookie, s, err
	}
	if err := g.cfg.Store.DropSessions(ctx, s.Created); err != nil {
		g.cfg.Log.WarnContext(ctx, "sessions that have expired are kept", "error", err)
	}
	return cookie, s, nil
}

// newSession is a session for who shows a token, without a cookie yet.
func (g *Gate) newSession(ctx context.Context, token string, now time.Time) (models.Session, error) {
	s := models.Session{
		Workspace: models.DefaultWorkspace, Scopes: []models.Scope{models.ScopeAdmin}, Created: now, Expires: now.Add(sessionLife),
	}
	if strings.HasPrefix(token, loginPrefix) {
		if !g.logins.take(token, now) {
			return s, models.Errorf(models.CodeUnauthenticated, "the link to sign in was used already or is too old; sign in with a key")
		}
		return s, nil
	}
	key, err := g.key(ctx, token, now)
	if err != nil {
		return s, err
	}
	s.Workspace, s.Scopes, s.Key = key.Workspace, key.Scopes, key.ID
	if !key.Expires.IsZero() && key.Expires.Before(s.Expires) {
		s.Expires = key.Expires
	}
	return s, nil
}

// SignOut ends the session of a cookie, if there is one.
func (g *Gate) SignOut(ctx context.Context, cookie string) error {
	if cookie == "" {
		return nil
	}
	g.forget(Shown{Session: cookie}.proof())
	return g.cfg.Store.EndSession(ctx, hash(cookie))
}

// CSRF returns what a page of ours has to send beside the cookie of a session
// with a request that changes something. A page of somebody else's can make a
// browser send the cookie, but cannot find this out.
func CSRF(cookie string) string {
	mac := hmac.New(sha256.New, []byte(cookie))
	mac.Write([]byte("cuepoint csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckCSRF tells whether a request came with what [CSRF] says.
func CheckCSRF(cookie, sent string) bool { return hmac.Equal([]byte(CSRF(cookie)), []byte(sent)) }

// logins are the tokens with which somebody may still sign in once.
type logins struct {
	mu   sync.Mutex
	open map[string]time.Time // until when, by the hash of the token
}

func (l *logins) add(token string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for token, until := range l.open {
		if !now.Before(until) {
			delete(l.open, token)
		}
	}
	l.open[hash(token)] = now.Add(loginLife)
}

func (l *logins) take(token string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	until, ok := l.open[hash(token)]
	delete(l.open, hash(token))
	return ok && now.Before(until)
}
