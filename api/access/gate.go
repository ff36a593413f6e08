package access

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

const (
	// trust is for how long a key or session that was found good is not looked
	// up again, and so how long one that is revoked may go on.
	trust = 2 * time.Second
	// maxTrusted bounds how many are remembered.
	maxTrusted = 10_000
	// touchEvery is how exactly it is known when a key was last used, and
	// touchPatience how long a caller waits for that to be noted.
	touchEvery    = time.Minute
	touchPatience = 250 * time.Millisecond
)

// Store remembers keys and sessions. A store.Store is one, and says what the
// methods promise.
type Store interface {
	Key(ctx context.Context, id string) (models.Key, error)
	TouchKey(ctx context.Context, id string, at time.Time) error
	CreateSession(ctx context.Context, s models.Session) error
	Session(ctx context.Context, hash string) (models.Session, error)
	EndSession(ctx context.Context, hash string) error
	DropSessions(ctx context.Context, before time.Time) error
}

// Config says whom a gate lets in.
type Config struct {
	Store Store
	// Anonymous is who asks without showing anything; nil where nobody may.
	Anonymous *Caller
	PerCaller Rate // of each key and each session
	// PerAddress is of those who have not shown anything good, by where they
	// come from. What they show may cost a question to the database.
	PerAddress Rate
	Streams    int // at a time, of each caller
	Now        func() time.Time
	Log        *slog.Logger
}

// Shown is what a request shows of its caller.
type Shown struct {
	Key     string // the token of a key; empty for none
	Session string // the cookie of a session, where there is no key; empty for none
	Address string // where the request comes from: an IP address
}

// proof is what is shown and as what, since a key is no cookie; empty for nothing.
func (s Shown) proof() string {
	switch {
	case s.Key != "":
		return "key " + s.Key
	case s.Session != "":
		return "session " + s.Session
	}
	return ""
}

// Gate lets callers in. Any number of goroutines may use one.
type Gate struct {
	cfg       Config
	callers   *limiter
	strangers *limiter
	streams   *counter
	logins    logins

	mu      sync.Mutex
	trusted map[string]trusted // by the hash of what was shown
}

// trusted is a caller who was let in a moment ago.
type trusted struct {
	caller Caller
	until  time.Time
}

// NewGate returns a gate.
func NewGate(c Config) *Gate {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Gate{
		cfg: c, callers: newLimiter(c.PerCaller), strangers: newLimiter(c.PerAddress),
		streams: &counter{most: c.Streams, now: map[string]int{}},
		logins:  logins{open: map[string]time.Time{}}, trusted: map[string]trusted{},
	}
}

// Admit returns who asks, and counts the request. UNAUTHENTICATED where what is
// shown is not good, or nothing is; RATE_LIMITED, as a [LimitedError].
func (g *Gate) Admit(ctx context.Context, s Shown) (Caller, error) {
	caller, err := g.Identify(ctx, s)
	if err != nil {
		return Caller{}, err
	}
	if _, err := g.callers.take(caller.name(s), g.cfg.Now()); err != nil {
		return Caller{}, err
	}
	return caller, nil
}

// Identify is Admit for requests of which one need not count those of good
// callers: players send many.
func (g *Gate) Identify(ctx context.Context, s Shown) (Caller, error) {
	shown := s.proof()
	now := g.cfg.Now()
	if caller, ok := g.recall(shown, now); ok {
		return caller, nil
	}
	if shown == "" && g.cfg.Anonymous != nil {
		return *g.cfg.Anonymous, nil
	}
	give, err := g.strangers.take(neighborhood(s.Address), now)
	if err != nil {
		return Caller{}, err
	}
	caller, expires, err := g.look(ctx, s, now)
	if s.Key == "" && g.cfg.Anonymous != nil && models.ErrorCode(err) == models.CodeUnauthenticated {
		return *g.cfg.Anonymous, nil // a cookie that was left over
	}
	if err != nil {
		return Caller{}, err
	}
	give()
	g.remember(shown, caller, now, expires)
	return caller, nil
}

// Stream counts a stream of a caller's, of which only so many may be open. The
// caller of Stream calls end once. RATE_LIMITED.
func (g *Gate) Stream(c Caller, s Shown) (end func(), err error) {
	return g.streams.begin(c.name(s))
}

// name is what a caller's requests count as.
func (c Caller) name(s Shown) string {
	switch {
	case c.Session:
		return "session " + hash(s.Session)
	case c.Key != "":
		return "key " + c.Key
	}
	return "address " + neighborhood(s.Address)
}

// look asks the database who shows this, and until when that is good at most,
// the zero time where it has no end.
func (g *Gate) look(ctx context.Context, s Shown, now time.Time) (Caller, time.Time, error) {
	switch {
	case s.Key != "":
		key, err := g.key(ctx, s.Key, now)
		if err != nil {
			return Caller{}, time.Time{}, err
		}
		return Caller{Workspace: key.Workspace, Scopes: key.Scopes, Key: key.ID}, key.Expires, nil
	case s.Session != "":
		session, err := g.cfg.Store.Session(ctx, hash(s.Session))
		if models.ErrorCode(err) == models.CodeNotFound || err == nil && !session.Active(now) {
			return Caller{}, time.Time{}, models.Errorf(models.CodeUnauthenticated, "the session has ended; sign in again")
		}
		if err != nil {
			return Caller{}, time.Time{}, err
		}
		return Caller{Workspace: session.Workspace, Scopes: session.Scopes, Key: session.Key, Person: session.Person, Session: true}, session.Expires, nil
	}
	return Caller{}, time.Time{}, models.Errorf(models.CodeUnauthenticated,
		"a key is needed, as `Authorization: Bearer ck_…`; `cuepoint keys create` makes one on the server's machine")
}

// key returns the key that a token shows. UNAUTHENTICATED, in the same words
// whatever is wrong with it.
func (g *Gate) key(ctx context.Context, token string, now time.Time) (models.Key, error) {
	refused := models.Errorf(models.CodeUnauthenticated, "the key is not good: it may be mistyped, expired or revoked")
	id, secret, ok := parseToken(token)
	if !ok {
		return models.Key{}, refused
	}
	key, err := g.cfg.Store.Key(ctx, id)
	if err != nil && models.ErrorCode(err) != models.CodeNotFound {
		return models.Key{}, err
	}
	if err != nil || !matches(secret, key.Hash) || !key.Active(now) {
		return models.Key{}, refused
	}
	if now.Sub(key.LastUsed) >= touchEvery {
		g.touch(ctx, key.ID, now)
	}
	return key, nil
}

// touch notes that a key is used. Where the database has no time for that, the
// key is as good.
func (g *Gate) touch(ctx context.Context, id string, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	if err := g.cfg.Store.TouchKey(ctx, id, now); err != nil {
		g.cfg.Log.DebugContext(ctx, "the use of a key was not noted", "key", id, "error", err)
	}
}

func (g *Gate) recall(shown string, now time.Time) (Caller, bool) {
	if shown == "" {
		return Caller{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.trusted[hash(shown)]
	return t.caller, ok && now.Before(t.until)
}

func (g *Gate) remember(shown string, c Caller, now, expires time.Time) {
	until := now.Add(trust)
	if !expires.IsZero() && expires.Before(until) {
		until = expires
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.trusted) >= maxTrusted {
		for shown, t := range g.trusted {
			if len(g.trusted) < maxTrusted*3/4 && now.Before(t.until) {
				break
			}
			delete(g.trusted, shown)
		}
	}
	g.trusted[hash(shown)] = trusted{c, until}
}

// forget makes what is shown be looked up again.
func (g *Gate) forget(shown string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.trusted, hash(shown))
}
