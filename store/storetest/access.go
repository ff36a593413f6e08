package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func newKey(id, workspace string, age time.Duration) models.Key {
	return models.Key{ID: id, Workspace: workspace, Title: "CI of " + id, Scopes: []models.Scope{models.ScopeRead, models.ScopePlay},
		Hash: "hash of " + id, Created: moment.Add(-age)}
}

func createKey(t *testing.T, db store.Store, k models.Key) {
	t.Helper()
	if err := db.In(k.Workspace).CreateKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
}

func wantKey(t *testing.T, db store.Store, want models.Key) {
	t.Helper()
	got, err := db.Key(t.Context(), want.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("key %s, %v (-want +got):\n%s", want.ID, err, diff)
	}
}

func wantHasKeys(t *testing.T, db store.Store, want bool) {
	t.Helper()
	if has, err := db.HasKeys(t.Context()); err != nil || has != want {
		t.Errorf("there are keys: %v, %v, want %v", has, err, want)
	}
}

func testKeys(t *testing.T, db store.Store) {
	wantHasKeys(t, db, false)
	older, newer, other := newKey("a", "ours", time.Hour), newKey("b", "ours", 0), newKey("c", "theirs", 0)
	older.Expires, newer.Scopes = moment.Add(time.Hour), nil
	for _, k := range []models.Key{older, newer, other} {
		createKey(t, db, k)
	}
	wantHasKeys(t, db, true)
	claimed := other
	claimed.ID, claimed.Workspace = "d", "ours" // is not the caller's to say
	if err := db.In("theirs").CreateKey(t.Context(), claimed); err != nil {
		t.Fatal(err)
	}
	claimed.Workspace = "theirs"
	for _, k := range []models.Key{older, newer, other, claimed} {
		wantKey(t, db, k)
	}
	wantCode(t, db.In("theirs").CreateKey(t.Context(), older), models.CodeAlreadyExists) // ids are everybody's

	ours := db.In("ours")
	wantCode(t, ours.RevokeKey(t.Context(), other.ID, moment), models.CodeNotFound)
	wantCode(t, ours.RevokeKey(t.Context(), "none", moment), models.CodeNotFound)
	for i := range 2 {
		if err := ours.RevokeKey(t.Context(), older.ID, moment.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	older.Revoked = moment
	wantKey(t, db, other)
	for workspace, want := range map[string][]models.Key{"ours": {newer, older}, "theirs": {claimed, other}, "": nil} {
		got, err := db.In(workspace).Keys(t.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("keys of %q, %v (-want +got):\n%s", workspace, err, diff)
		}
	}
	for _, id := range []string{"none", "", "\x00", "' OR TRUE --"} {
		_, err := db.Key(t.Context(), id)
		wantCode(t, err, models.CodeNotFound)
	}
}

func testTouchKey(t *testing.T, db store.Store) {
	k, other := newKey("a", "ours", 0), newKey("b", "ours", 0)
	createKey(t, db, k)
	createKey(t, db, other)
	for _, after := range []time.Duration{time.Minute, time.Hour, time.Second} {
		if err := db.TouchKey(t.Context(), k.ID, moment.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	k.LastUsed = moment.Add(time.Hour)
	wantKey(t, db, k)
	wantKey(t, db, other)
	if err := db.TouchKey(t.Context(), "none", moment); err != nil {
		t.Errorf("a key that is not there: %v", err)
	}
}

func testSessions(t *testing.T, db store.Store) {
	ctx := t.Context()
	k := newKey("a", "ours", 0)
	createKey(t, db, k)
	session := func(hash, key string, lasts time.Duration) models.Session {
		return models.Session{Hash: hash, Workspace: "ours", Scopes: []models.Scope{models.ScopeAdmin}, Key: key,
			Created: moment, Expires: moment.Add(lasts)}
	}
	ofKey, long, ofNone := session("1", k.ID, time.Minute), session("2", "", time.Hour), session("3", "none", time.Hour)
	long.Person = "anna@example.com"
	for _, one := range []models.Session{ofKey, long, ofNone} {
		if err := db.CreateSession(ctx, one); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, db.CreateSession(ctx, long), models.CodeAlreadyExists)
	wantSessions := func(want ...models.Session) {
		t.Helper()
		for _, one := range []models.Session{ofKey, long, ofNone} {
			got, err := db.Session(ctx, one.Hash)
			if !slices.ContainsFunc(want, func(w models.Session) bool { return w.Hash == one.Hash }) {
				wantCode(t, err, models.CodeNotFound)
			} else if diff := cmp.Diff(one, got); err != nil || diff != "" {
				t.Errorf("session %s, %v (-want +got):\n%s", one.Hash, err, diff)
			}
		}
	}
	wantSessions(ofKey, long)
	if err := db.DropSessions(ctx, ofKey.Expires); err != nil {
		t.Fatal(err)
	}
	wantSessions(ofKey, long)
	if err := db.DropSessions(ctx, ofKey.Expires.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	wantSessions(long)

	if err := db.CreateSession(ctx, ofKey); err != nil {
		t.Fatal(err)
	}
	if err := db.In("ours").RevokeKey(ctx, k.ID, moment); err != nil {
		t.Fatal(err)
	}
	wantSessions(long)
	for range 2 {
		if err := db.EndSession(ctx, long.Hash); err != nil {
			t.Fatal(err)
		}
	}
	wantSessions()
}
