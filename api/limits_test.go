package api_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

func TestEachKeyHasARateOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *api.Config, g *access.Config) { g.PerCaller = access.Rate{PerSecond: 0.01, Burst: 3} })
	for i := range 3 {
		if a := b.get(t, "/v1/videos"); a.Code != http.StatusOK {
			t.Fatalf("request %d: %d %s", i, a.Code, a.Body)
		}
	}
	a := b.get(t, "/v1/videos")
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); a.Code != http.StatusTooManyRequests || err != nil || seconds < 1 || seconds > 100 {
		t.Errorf("REST: %d, Retry-After %q", a.Code, a.Header.Get("Retry-After"))
	}
	contains(t, a.Body, `"reason":"RATE_LIMITED"`)
	_, err := cuepointv1.NewVideoServiceClient(b.dial(t)).ListVideos(t.Context(), &cuepointv1.ListVideosRequest{})
	s := status.Convert(err)
	var delay time.Duration
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			delay = info.GetRetryDelay().AsDuration()
		}
	}
	if s.Code() != codes.ResourceExhausted || reasonOf(s) != "RATE_LIMITED" || delay <= 0 || delay > 100*time.Second {
		t.Errorf("gRPC: %v, delay %v", s, delay)
	}
	other := b.key(t, models.DefaultWorkspace, models.ScopeRead)
	if a := b.ask(t, http.MethodGet, "/v1/videos", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+other) }); a.Code != http.StatusOK {
		t.Errorf("another key: %d %s", a.Code, a.Body)
	}
	if a := b.get(t, "/healthz"); a.Code != http.StatusOK {
		t.Errorf("health: %d", a.Code)
	}
}

func TestStrangersHaveARate(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *api.Config, g *access.Config) {
		g.PerAddress = access.Rate{PerSecond: 0.01, Burst: 5}
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	guess := func(i int, from string) answer {
		key := "ck_0123456789abcdef_" + strings.Repeat(strconv.Itoa(i%10), 32)
		return b.ask(t, http.MethodGet, "/v1/videos", nil, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+key)
			r.Header.Set("X-Forwarded-For", from)
		})
	}
	for i := range 5 {
		if a := guess(i, fmt.Sprintf("2001:db8::%d", i)); a.Code != http.StatusUnauthorized { // one network
			t.Fatalf("guess %d: %d %s", i, a.Code, a.Body)
		}
	}
	if a := guess(5, "2001:db8::beef"); a.Code != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("a sixth: %d %s", a.Code, a.Body)
	}
	if a := b.ask(t, http.MethodPost, "/login", strings.NewReader(`{"token":"`+b.Key+`"}`), func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", "2001:db8::7")
	}); a.Code != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("signing in: %d %s", a.Code, a.Body)
	}
	if a := guess(6, "2001:db8:0:1::1"); a.Code != http.StatusUnauthorized {
		t.Errorf("from elsewhere: %d %s", a.Code, a.Body)
	}
	for range 20 { // who shows a good key does not pay
		if a := b.ask(t, http.MethodGet, "/v1/videos", nil, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }); a.Code != http.StatusOK {
			t.Fatalf("with a key: %d %s", a.Code, a.Body)
		}
	}
}

func TestARevokedKeyIsRefusedSoon(t *testing.T) {
	t.Parallel()
	b := &browser{bundle: setup(t)}
	key := b.key(t, models.DefaultWorkspace, models.ScopeRead)
	b.signIn(t, key, nil)
	client := cuepointv1.NewVideoServiceClient(b.dialWith(t, key))
	refused := func() bool {
		_, err := client.ListVideos(t.Context(), &cuepointv1.ListVideosRequest{})
		a := b.do(t, http.MethodGet, "/v1/videos", "", nil)
		if code := status.Code(err); code != codes.OK && code != codes.Unauthenticated || a.Code != 200 && a.Code != 401 {
			t.Fatalf("gRPC: %v, REST: %d %s", err, a.Code, a.Body)
		}
		return err != nil && a.Code == 401
	}
	if refused() {
		t.Fatal("a good key is refused")
	}
	stream, err := cuepointv1.NewEventServiceClient(b.dialWith(t, key)).StreamEvents(t.Context(), &cuepointv1.StreamEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := stream.Recv(); err != nil {
				ended <- err
				return
			}
		}
	}()
	revoked, err := cuepointv1.NewKeyServiceClient(b.dial(t)).RevokeKey(t.Context(), &cuepointv1.RevokeKeyRequest{Name: "keys/" + strings.Split(key, "_")[1]})
	if err != nil || revoked.GetRevokeTime() == nil {
		t.Fatalf("revoke: %v, error %v", revoked, err)
	}
	limit := time.Now().Add(5 * time.Second)
	for !refused() {
		if time.Now().After(limit) {
			t.Fatal("a revoked key is good after five seconds")
		}
	}
	select {
	case err := <-ended:
		if s := status.Convert(err); s.Code() != codes.Unauthenticated || reasonOf(s) != "UNAUTHENTICATED" {
			t.Errorf("the stream ended with %v", err)
		}
	case <-time.After(time.Until(limit)):
		t.Error("a revoked key's stream goes on after five seconds")
	}
}
