package access_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
)

// start is when the clock of a test begins.
var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// remembered is a store in memory that counts what it is asked.
type remembered struct {
	mu       sync.Mutex
	keys     map[string]models.Key
	sessions map[string]models.Session
	asked    int
	touched  int
	fault    error
}

func (r *remembered) Key(_ context.Context, id string) (models.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.fault != nil {
		return models.Key{}, r.fault
	}
	key, ok := r.keys[id]
	if !ok {
		return key, models.Errorf(models.CodeNotFound, "no key")
	}
	return key, nil
}

func (r *remembered) TouchKey(_ context.Context, id string, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched++
	key := r.keys[id]
	key.LastUsed = at
	r.keys[id] = key
	return nil
}

func (r *remembered) CreateSession(_ context.Context, s models.Session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions[s.Hash] = s
	return nil
}

func (r *remembered) Session(_ context.Context, hash string) (models.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	s, ok := r.sessions[hash]
	if !ok {
		return s, models.Errorf(models.CodeNotFound, "no session")
	}
	return s, nil
}

func (r *remembered) EndSession(_ context.Context, hash string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, hash)
	return nil
}

func (r *remembered) DropSessions(_ context.Context, before time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for hash, s := range r.sessions {
		if s.Expires.Before(before) {
			delete(r.sessions, hash)
		}
	}
	return nil
}

// bundle is a gate with a clock that stands still.
type bundle struct {
	*access.Gate
	store *remembered
	mu    sync.Mutex
	now   time.Time
}

func setup(t testing.TB, change func(*access.Config)) *bundle {
	t.Helper()
	b := &bundle{now: start, store: &remembered{keys: map[string]models.Key{}, sessions: map[string]models.Session{}}}
	c := access.Config{Store: b.store, Streams: 2, Log: slog.New(slog.DiscardHandler), Now: func() time.Time {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.now
	}}
	if change != nil {
		change(&c)
	}
	b.Gate = access.NewGate(c)
	return b
}

func (b *bundle) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// add makes a key and returns its id and token.
func (b *bundle) add(t testing.TB, r access.KeyRequest) (id, token string) {
	t.Helper()
	if r.Scopes == nil {
		r.Scopes = []models.Scope{models.ScopeRead}
	}
	key, secret, err := access.NewKey(r, b.now)
	if err != nil {
		t.Fatal(err)
	}
	key.Workspace = "w"
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	b.store.keys[key.ID] = key
	return key.ID, secret.Reveal()
}

func code(err error) models.Code { return models.ErrorCode(err) }

func TestAKeyOpensItsWorkspace(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	id, token := b.add(t, access.KeyRequest{})
	caller, err := b.Admit(t.Context(), access.Shown{Key: token})
	if err != nil || caller.Workspace != "w" || caller.Key != id || caller.Session || caller.Local ||
		!caller.May(models.ScopeRead) || caller.May(models.ScopeWrite) || caller.May(models.ScopeAdmin) {
		t.Errorf("%+v, error %v", caller, err)
	}
	if nobody := access.From(t.Context()); nobody.Workspace != "" || nobody.May(models.ScopeRead) {
		t.Errorf("without a caller: %+v", nobody)
	}
}

// Whatever is changed in a token, it opens nothing, and the answer does not say
// what was wrong.
func TestOnlyTheTokenItselfIsGood(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, token := b.add(t, access.KeyRequest{})
	_, other := b.add(t, access.KeyRequest{})
	var refusal string
	rapid.Check(t, func(t *rapid.T) {
		changed := []byte(token)
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			changed[rapid.IntRange(0, len(changed)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		case 1:
			changed = changed[:rapid.IntRange(1, len(changed)-1).Draw(t, "length")]
		case 2:
			changed = append(changed, rapid.Byte().Draw(t, "byte"))
		case 3:
			changed = append([]byte(other)[:20], changed[20:]...)
		}
		_, err := b.Identify(t.Context(), access.Shown{Key: string(changed)})
		if string(changed) == token {
			return
		}
		if code(err) != models.CodeUnauthenticated || strings.Contains(err.Error(), string(changed)) {
			t.Fatalf("%q: %v", changed, err)
		}
		if refusal == "" {
			refusal = err.Error()
		}
		if err.Error() != refusal {
			t.Fatalf("%q: %q instead of %q", changed, err, refusal)
		}
	})
}

func TestTokensDoNotPrint(t *testing.T) {
	t.Parallel()
	key, token, err := access.NewKey(access.KeyRequest{Scopes: []models.Scope{models.ScopeRead}}, start)
	if err != nil {
		t.Fatal(err)
	}
	secret := token.Reveal()[20:]
	if printed := fmt.Sprintf("%v %+v %#v", token, key, []config.Secret{token}); strings.Contains(printed, secret) {
		t.Errorf("printed %s", printed)
	}
	if len(secret) != 32 || len(key.ID) != 16 || strings.Contains(key.Hash, secret) {
		t.Errorf("a secret of %d characters, an id of %d", len(secret), len(key.ID))
	}
}

func TestWhatWasGoodIsLookedUpAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	id, token := b.add(t, access.KeyRequest{Expires: start.Add(time.Hour)})
	shown := access.Shown{Key: token}
	for range 10 {
		if _, err := b.Admit(t.Context(), shown); err != nil {
			t.Fatal(err)
		}
	}
	if b.store.asked != 1 {
		t.Errorf("the database was asked %d times", b.store.asked)
	}
	b.store.mu.Lock()
	key := b.store.keys[id]
	key.Revoked = start
	b.store.keys[id] = key
	b.store.mu.Unlock()
	b.pass(2 * time.Second)
	if _, err := b.Admit(t.Context(), shown); code(err) != models.CodeUnauthenticated {
		t.Errorf("revoked two seconds ago: %v", err)
	}
}

func TestAKeyEndsOnTime(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, token := b.add(t, access.KeyRequest{Expires: start.Add(time.Second)})
	cookie, session, err := b.SignIn(t.Context(), token, "192.0.2.1")
	if err != nil || !session.Expires.Equal(start.Add(time.Second)) {
		t.Fatalf("session %+v, error %v", session, err)
	}
	for _, shown := range []access.Shown{{Key: token}, {Session: cookie.Reveal()}} {
		if _, err := b.Identify(t.Context(), shown); err != nil {
			t.Errorf("before: %v", err)
		}
	}
	b.pass(time.Second) // which is less than what is remembered
	for _, shown := range []access.Shown{{Key: token}, {Session: cookie.Reveal()}} {
		if _, err := b.Identify(t.Context(), shown); code(err) != models.CodeUnauthenticated {
			t.Errorf("after: %v", err)
		}
	}
}

func TestUseIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, token := b.add(t, access.KeyRequest{})
	for range 100 {
		if _, err := b.Admit(t.Context(), access.Shown{Key: token}); err != nil {
			t.Fatal(err)
		}
		b.pass(3 * time.Second)
	}
	if b.store.touched != 5 {
		t.Errorf("noted %d times in five minutes", b.store.touched)
	}
}

func TestADatabaseThatIsAwayRefusesNobody(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, token := b.add(t, access.KeyRequest{})
	b.store.fault = models.Errorf(models.CodeDatabaseUnavailable, "away")
	if _, err := b.Admit(t.Context(), access.Shown{Key: token}); code(err) != models.CodeDatabaseUnavailable {
		t.Errorf("%v, want DATABASE_UNAVAILABLE: the key may be good", err)
	}
}

func TestALinkIsGoodOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	once, late := b.NewLogin().Reveal(), b.NewLogin().Reveal()
	_, session, err := b.SignIn(t.Context(), once, "")
	if err != nil || session.Workspace != models.DefaultWorkspace || !models.Allows(session.Scopes, models.ScopeAdmin) {
		t.Errorf("%+v, error %v", session, err)
	}
	if _, _, err := b.SignIn(t.Context(), once, ""); code(err) != models.CodeUnauthenticated {
		t.Errorf("again: %v", err)
	}
	b.pass(15 * time.Minute)
	if _, _, err := b.SignIn(t.Context(), late, ""); code(err) != models.CodeUnauthenticated {
		t.Errorf("after a quarter of an hour: %v", err)
	}
}

func TestALinkIsGoodForOneOfMany(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	token := b.NewLogin().Reveal()
	results := make(chan error, 20)
	for range cap(results) {
		go func() {
			_, _, err := b.SignIn(context.Background(), token, "")
			results <- err
		}()
	}
	in := 0
	for range cap(results) {
		if <-results == nil {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%d signed in with one link", in)
	}
}

func TestSessionsEndAndAreForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	first, _, err := b.SignIn(t.Context(), b.NewLogin().Reveal(), "")
	if err != nil {
		t.Fatal(err)
	}
	shown := access.Shown{Session: first.Reveal()}
	if _, err := b.Identify(t.Context(), shown); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.SignOut(t.Context(), first.Reveal()), b.SignOut(t.Context(), first.Reveal()), b.SignOut(t.Context(), "")); err != nil {
		t.Error(err)
	}
	if _, err := b.Identify(t.Context(), shown); code(err) != models.CodeUnauthenticated {
		t.Errorf("signed out: %v", err)
	}
	old, _, err := b.SignIn(t.Context(), b.NewLogin().Reveal(), "")
	if err != nil {
		t.Fatal(err)
	}
	b.pass(31 * 24 * time.Hour)
	if _, err := b.Identify(t.Context(), access.Shown{Session: old.Reveal()}); code(err) != models.CodeUnauthenticated {
		t.Errorf("after a month: %v", err)
	}
	if _, _, err := b.SignIn(t.Context(), b.NewLogin().Reveal(), ""); err != nil {
		t.Fatal(err)
	}
	if n := len(b.store.sessions); n != 1 {
		t.Errorf("%d sessions are kept", n)
	}
}

func TestCSRFIsTheSessionsOwn(t *testing.T) {
	t.Parallel()
	if !access.CheckCSRF("a", access.CSRF("a")) || access.CheckCSRF("b", access.CSRF("a")) || access.CheckCSRF("a", "") || access.CSRF("a") == "a" {
		t.Error("what a page shows is not bound to its session")
	}
}
