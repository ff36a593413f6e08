package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/postgres"
)

// The server outlives its database, says meanwhile that it is away, and goes on
// by itself when it is back.
func TestADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	server := testenv.NewPostgres(t)
	db, err := postgres.Open(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	lib := &library{Library: db.In(models.DefaultWorkspace), faults: map[string]func(context.Context) error{}}
	b := &browser{bundle: setup(t, func(c *api.Config, g *access.Config) {
		c.Libraries, c.Feed, c.Uploads, g.Store = db, events.New(db, c.Log), uploads(t, db, t.TempDir()), db
		c.Commands = func(string) api.Commands {
			return &commands{library: lib, store: db, workspace: models.DefaultWorkspace}
		}
	})}
	b.Store, b.Library = db, lib
	b.Key = b.key(t, models.DefaultWorkspace, models.ScopeAdmin)
	b.add(t, "tides")
	b.signIn(t, b.Key, nil)
	unused := b.key(t, models.DefaultWorkspace, models.ScopeAdmin)
	conn := b.dial(t)
	ask := func(verb, path string, body io.Reader) answer {
		return b.ask(t, verb, path, body, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") })
	}
	if a := b.get(t, "/v1/videos/tides"); a.Code != http.StatusOK {
		t.Fatalf("before: %d %s", a.Code, a.Body)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, m := range methods() {
		msg := b.asked(m, b.Key)
		if m.Name() == "CreateKey" { // which is to be good
			msg.Set(m.Input().Fields().ByName("key"), protoreflect.ValueOf((&cuepointv1.Key{Scopes: []cuepointv1.Scope{cuepointv1.Scope_SCOPE_READ}}).ProtoReflect()))
		}
		known := m.Parent().Name() == "SystemService" || m.Parent().Name() == "ModelService" // without the database
		s := m.call(t.Context(), conn, msg)
		if known && s.Code() != codes.OK || !known && (s.Code() != codes.Unavailable || reasonOf(s) != "DATABASE_UNAVAILABLE") {
			t.Errorf("gRPC: %s: %v", m.path(), s)
		}
		if m.rest() == nil || known || m.Name() == "CreateKey" {
			continue
		}
		verb, path, body := m.request(t, msg)
		if a := ask(verb, path, body); a.Code != http.StatusServiceUnavailable || a.JSON(t)["message"] != s.Message() {
			t.Errorf("REST: %s %s: %d %s, gRPC: %v", verb, path, a.Code, a.Body, s)
		}
	}
	for path, a := range map[string]answer{
		"who has not been seen": b.ask(t, http.MethodGet, "/v1/videos", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+unused) }),
		"signing in":            b.do(t, http.MethodPost, "/login", `{"token":"`+unused+`"}`, nil),
		"a session":             b.do(t, http.MethodGet, "/session", "", nil),
		"media":                 b.do(t, http.MethodGet, "/play/tides/package@run1/master.m3u8", "", nil),
	} {
		if a.Code != http.StatusServiceUnavailable || !strings.Contains(a.Body, `"reason":"DATABASE_UNAVAILABLE"`) || cookies(a)["session"] != nil {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; {
		a := b.get(t, "/v1/videos/tides")
		if a.Code == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("back: %d %s", a.Code, a.Body)
		}
	}
	if a := b.do(t, http.MethodGet, "/session", "", nil); a.JSON(t)["signedIn"] != true {
		t.Errorf("the session is gone: %s", a.Body)
	}
	if log := b.Log.String(); strings.Contains(log, "call failed") || strings.Contains(log, testenv.PostgresPassword) {
		t.Errorf("log:\n%s", log)
	}
}
