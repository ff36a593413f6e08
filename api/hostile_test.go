package api_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// ours are words of the libraries below, which are nobody's business.
var ours = regexp.MustCompile(`proto:|proto_|grpc|http: |json: |goroutine|\.go:|rpc error|(?i)sql|panic`)

// isTyped fails the test where an answer is a fault of the server's, or an error
// that programs and people cannot make out.
func isTyped(t *testing.T, what string, a answer) {
	t.Helper()
	if a.Code < 400 {
		return
	}
	reason, _ := details(t, a)
	message, _ := a.JSON(t)["message"].(string)
	if a.Code >= 500 || a.Header.Get("Content-Type") != "application/json" || reason == "" || message == "" || ours.MatchString(message) {
		t.Errorf("%s: %d %s %.500s", what, a.Code, a.Header.Get("Content-Type"), a.Body)
	}
}

// bodies are what no client of ours sends, and none of them is good.
func bodies() map[string]string {
	deep := strings.Repeat
	return map[string]string{
		"no JSON":                "<html>",
		"a form":                 "title=a&name=b",
		"a list":                 "[]",
		"null":                   "null",
		"a number":               "1",
		"cut off":                `{"title":`,
		"with a byte order mark": "\ufeff{}",
		"Latin-1":                "{\"title\":\"caf\xe9\",\"name\":\"caf\xe9\"}",
		"half a pair":            `{"title":"\ud800","name":"\ud800"}`,
		"the same field twice":   `{"name":"a","name":"b","title":"a","title":"b"}`,
		"NaN":                    `{"name":NaN}`,
		"infinity":               `{"name":-Infinity}`,
		"a huge number":          `{"name":1e999,"title":1e999}`,
		"lists 100,000 deep":     `{"name":` + deep("[", 100_000) + deep("]", 100_000) + `}`,
		"objects 100,000 deep":   deep(`{"name":`, 100_000) + "1" + deep("}", 100_000),
		"depth without end":      deep(`{"unknown":[`, 50_000),
		"unknown and deep":       `{"unknown":` + deep("[", 100_000) + deep("]", 100_000) + `}`,
	}
}

func TestNoBodyIsAFaultOfTheServers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	posts := 0
	for _, m := range methods() {
		if m.rest().GetBody() == "" {
			continue
		}
		posts++
		verb, path, _ := m.request(t, b.asked(m, b.Key))
		for name, body := range bodies() {
			for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "text/xml", "application/grpc", "a/b/c;d"} {
				a := b.ask(t, verb, path, strings.NewReader(body), func(r *http.Request) { r.Header.Set("Content-Type", kind) })
				if isTyped(t, path+": "+name, a); a.Code != http.StatusBadRequest {
					t.Errorf("%s: %s: %d %.200s", path, name, a.Code, a.Body)
				}
			}
		}
		if posts == 1 { // the way there is the same for all
			for name, size := range map[string]int64{"20 MB whose length is said": 20 << 20, "20 MB in chunks": -1, "without end": -1} {
				t.Run(name, func(t *testing.T) { b.flood(t, verb, path, size) })
			}
		}
	}
	if given := b.Commands.Given(); given != nil || posts < 5 {
		t.Errorf("%d methods, commands %q", posts, given)
	}
	if log := b.Log.String(); strings.Contains(log, "call failed") {
		t.Errorf("log:\n%s", log)
	}
}

// flood sends a body that does not end, of a size that is said unless negative.
func (b *bundle) flood(t *testing.T, verb, path string, size int64) {
	t.Helper()
	body := &spaces{}
	a := b.ask(t, verb, path, body, func(r *http.Request) {
		r.ContentLength = size
		r.Header.Set("Content-Type", "application/json")
	})
	if isTyped(t, path, a); a.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if reason, _ := details(t, a); reason != "REQUEST_TOO_LARGE" {
		t.Errorf("reason %s", reason)
	}
}

// spaces is JSON that has not begun, for ever.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestNoAddressIsAFaultOfTheServers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	spare := b.key(t, models.DefaultWorkspace, models.ScopeRead) // to be revoked
	values := []string{
		"NaN", "1e999", "-1", "99999999999999999999", "\x00", "'; DROP TABLE videos; --", "9999999999999s", "1e99s", strings.Repeat("a", 30_000), "../../..", "{}",
	}
	for _, m := range methods() {
		if m.rest() == nil || m.IsStreamingServer() {
			continue
		}
		verb, path, _ := m.request(t, b.asked(m, spare))
		path, _, _ = strings.Cut(path, "?")
		for i := range m.Input().Fields().Len() {
			name := string(m.Input().Fields().Get(i).Name())
			queries := []url.Values{{name: {"1", "1"}}, {name + ".seconds": {"9999999999999"}}, {name + ".a.b": {"1"}}}
			for _, value := range values {
				queries = append(queries, url.Values{name: {value}})
			}
			for _, query := range queries {
				isTyped(t, verb+" "+path+" "+name, b.ask(t, verb, path+"?"+query.Encode(), nil, nil))
			}
		}
		for _, change := range []string{"%00", "%2e%2e", "/", "//", "%2f..", ":", ":x", "%F0%9F%92%A9", strings.Repeat("a", 30_000)} {
			isTyped(t, verb+" "+path+change, b.ask(t, verb, path+change, nil, nil))
		}
		b.Commands.Given()
		for _, other := range []string{"TRACE", "OPTIONS", "CONNECT", "PROPFIND", "GET", "HEAD", "get"} {
			a := b.ask(t, other, path, nil, func(r *http.Request) {
				for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
					r.Header.Set(header, verb)
				}
			})
			if other != http.MethodHead { // which has no body
				isTyped(t, other+" "+path, a)
			} else if a.Code >= 500 {
				t.Errorf("HEAD %s: %d", path, a.Code)
			}
		}
		if given := b.Commands.Given(); given != nil {
			t.Errorf("%s %s in disguise: given %q", verb, path, given)
		}
	}
	if log := b.Log.String(); strings.Contains(log, "call failed") {
		t.Errorf("log:\n%s", log)
	}
}

func TestRoutesByHandAnswerWithProblems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for route, code := range map[string]int{
		"POST /session": 405, "PUT /logout": 405, "GET /logout": 405, "GET /login/oidc": 405, "DELETE /login/callback": 405,
		"POST /login": 400, "POST /login/oidc": 405, "POST /play/tides/package@run1/master.m3u8": 405, "GET /play/..%2f..": 404, "GET /play/%00": 404,
	} {
		verb, path, _ := strings.Cut(route, " ")
		a := b.ask(t, verb, path, strings.NewReader(strings.Repeat("[", 100_000)), nil)
		if a.Code != code || a.Header.Get("Content-Type") != "application/problem+json" || a.JSON(t)["reason"] == "" || ours.MatchString(a.Body) {
			t.Errorf("%s: %d %s %s, want %d", route, a.Code, a.Header.Get("Content-Type"), a.Body, code)
		}
	}
}

// What panics takes nobody with it, and says nothing.
func TestTheServerOutlivesAPanic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	b.add(t, "other")
	b.Library.before("tides", func(context.Context) error { panic("secret") })
	client := cuepointv1.NewVideoServiceClient(b.dial(t))
	stream, err := client.WatchVideo(t.Context(), &cuepointv1.WatchVideoRequest{Name: "videos/tides"})
	if err == nil {
		_, err = stream.Recv()
	}
	if s := status.Convert(err); s.Code() != codes.Internal || s.Message() != "internal error" || reasonOf(s) != "INTERNAL" {
		t.Errorf("a stream over gRPC: %v", err)
	}
	a := b.get(t, "/v1/videos/tides:watch")
	if reason, _ := details(t, a); a.Code != http.StatusInternalServerError || reason != "INTERNAL" || strings.Contains(a.Body, "secret") {
		t.Errorf("a stream over REST: %d %s", a.Code, a.Body)
	}
	if a := b.get(t, "/v1/videos/other"); a.Code != http.StatusOK {
		t.Errorf("after: %d %s", a.Code, a.Body)
	}
}

// A caller may have so many streams, in either protocol, and then has to end one.
func TestStreamsHaveALimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	client := cuepointv1.NewEventServiceClient(b.dial(t))
	open := func(ctx context.Context) error {
		stream, err := client.StreamEvents(ctx, &cuepointv1.StreamEventsRequest{})
		if err != nil {
			return err
		}
		_, err = stream.Recv()
		return err
	}
	first, end := context.WithCancel(t.Context())
	for i := range 10 {
		ctx := t.Context()
		if i == 0 {
			ctx = first
		}
		if err := open(ctx); err != nil {
			t.Fatalf("stream %d: %v", i, err)
		}
	}
	if s := status.Convert(open(t.Context())); s.Code() != codes.ResourceExhausted || reasonOf(s) != "RATE_LIMITED" {
		t.Errorf("one too many, gRPC: %v", s)
	}
	a := b.get(t, "/v1/events:stream")
	if reason, _ := details(t, a); a.Code != http.StatusTooManyRequests || reason != "RATE_LIMITED" {
		t.Errorf("one too many, REST: %d %s", a.Code, a.Body)
	}
	end()
	for limit := time.Now().Add(20 * time.Second); ; {
		err := open(t.Context())
		if err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("one has ended, and none can begin: %v", err)
		}
	}
}
