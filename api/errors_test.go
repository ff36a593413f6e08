package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	codepb "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

// allCodes reads the codes from the source of the models package, so that a
// new one cannot be forgotten.
func allCodes(t *testing.T) []models.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(testenv.Root(t), "models", "errors.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []models.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, models.Code(code))
		return true
	})
	if len(all) < 30 {
		t.Fatalf("only %d codes found", len(all))
	}
	return all
}

func TestEveryCodeHasItsAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewVideoServiceClient(b.dial(t))
	page, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := bytes.Cut(page, []byte("| reason |"))
	if told := bytes.Count(table, []byte("\n| `")); told != len(allCodes(t)) {
		t.Errorf("docs/api.md tells %d reasons, there are %d", told, len(allCodes(t)))
	}
	for _, code := range allCodes(t) {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			id := strings.ToLower(strings.ReplaceAll(string(code), "_", "-"))
			b.Library.before(id, func(context.Context) error {
				return models.Errorf(code, "what to do").Because(errors.New("secret cause"))
			})
			message := "what to do"
			if code == models.CodeInternal {
				message = "internal error"
			}
			_, err := client.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/" + id})
			s := status.Convert(err)
			internal := s.Code() == codes.Internal || s.Code() == codes.Unknown
			if s.Code() == codes.OK || internal != (code == models.CodeInternal) || s.Message() != message {
				t.Errorf("gRPC: %v %q", s.Code(), s.Message())
			}
			if got := reasonOf(s); got != string(code) {
				t.Errorf("gRPC: reason %q", got)
			}
			a := b.get(t, "/v1/videos/"+id)
			body := a.JSON(t)
			if a.Code < 400 || (a.Code == http.StatusInternalServerError) != internal || body["message"] != message || body["code"] != float64(s.Code()) {
				t.Errorf("REST: %d %s", a.Code, a.Body)
			}
			contains(t, a.Body, `"reason":"`+string(code)+`"`)
			if row := fmt.Sprintf("| `%s` | %s | %d |", code, codepb.Code(s.Code()), a.Code); !bytes.Contains(table, []byte(row)) {
				t.Errorf("docs/api.md lacks %s", row)
			}
			if strings.Contains(a.Body+s.String(), "secret") {
				t.Errorf("the cause came out: %s", a.Body)
			}
		})
	}
}

// reasonOf is the reason in the one ErrorInfo of a status.
func reasonOf(s *status.Status) string {
	var reasons []string
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == "cuepoint.dev" {
			reasons = append(reasons, info.GetReason())
		}
	}
	return strings.Join(reasons, " and ")
}

func TestUnknownErrorsSayNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewVideoServiceClient(b.dial(t))
	tests := []struct {
		name, id string
		fault    func(context.Context) error
	}{
		{"an error of no code", "plain", func(context.Context) error { return errors.New("secret of plain") }},
		{"a code that is not ours", "foreign", func(context.Context) error { return models.Errorf("SECRET", "secret of foreign") }},
		{"another server's status", "status", func(context.Context) error { return status.Error(codes.NotFound, "secret of status") }},
		{"a panic", "panic", func(context.Context) error { panic("secret of panic") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b.Library.before(tt.id, tt.fault)
			_, err := client.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/" + tt.id})
			if s := status.Convert(err); s.Code() != codes.Internal || s.Message() != "internal error" || reasonOf(s) != "INTERNAL" {
				t.Errorf("gRPC: %v", s)
			}
			a := b.get(t, "/v1/videos/"+tt.id)
			if a.Code != http.StatusInternalServerError || strings.Contains(a.Body, "secret") {
				t.Errorf("REST: %d %s", a.Code, a.Body)
			}
			contains(t, b.Log.String(), "secret of "+tt.id)
		})
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	tests := []struct {
		name, method, path string
		code               int
		reason, field      string
	}{
		{"no such video", "GET", "/v1/videos/nope", 404, "NOT_FOUND", ""},
		{"a video name in capitals", "GET", "/v1/videos/TIDES", 400, "INVALID_ARGUMENT", "name"},
		{"a video name with a dot", "GET", "/v1/videos/..tides", 400, "INVALID_ARGUMENT", "name"},
		{"a video name of 64 characters", "GET", "/v1/videos/" + strings.Repeat("a", 64), 400, "INVALID_ARGUMENT", "name"},
		{"a slash in disguise", "GET", "/v1/videos/a%2Fb", 404, "NOT_FOUND", ""},
		{"a view there is not", "GET", "/v1/videos/tides?view=NICE", 400, "INVALID_ARGUMENT", "view"},
		{"a view by an unknown number", "GET", "/v1/videos/tides?view=7", 400, "INVALID_ARGUMENT", "view"},
		{"a negative page size", "GET", "/v1/videos?page_size=-1", 400, "INVALID_ARGUMENT", "page_size"},
		{"a page size that is no number", "GET", "/v1/videos?page_size=many", 400, "INVALID_ARGUMENT", "page_size"},
		{"a page token of nobody's", "GET", "/v1/videos?page_token=made-up", 400, "INVALID_ARGUMENT", "page_token"},
		{"a transcript of no video", "GET", "/v1/videos/nope/transcripts/-", 404, "NOT_FOUND", ""},
		{"a transcript in no language", "GET", "/v1/videos/tides/transcripts/e", 400, "INVALID_ARGUMENT", "name"},
		{"a transcript in another language", "GET", "/v1/videos/tides/transcripts/de-CH", 404, "NOT_FOUND", ""},
		{"a search for nothing", "GET", "/v1/moments:search", 400, "INVALID_ARGUMENT", "query"},
		{"a search without a word", "GET", "/v1/moments:search?query=%22%20--%22", 400, "INVALID_ARGUMENT", "query"},
		{"a search of 30 kB", "GET", "/v1/moments:search?query=" + strings.Repeat("a+", 15_000), 400, "INVALID_ARGUMENT", "query"},
		{"a search in Latin-1", "GET", "/v1/moments:search?query=caf%E9", 400, "INVALID_ARGUMENT", ""},
		{"a search badly escaped", "GET", "/v1/moments:search?query=100%", 400, "INVALID_ARGUMENT", ""},
		{"a search in a malformed video", "GET", "/v1/moments:search?query=tides&video=tides", 400, "INVALID_ARGUMENT", "video"},
		{"a search in no video", "GET", "/v1/moments:search?query=tides&video=videos/nope", 404, "NOT_FOUND", ""},
		{"a search for malformed kinds", "GET", "/v1/moments:search?query=tides&kinds=a'b", 400, "INVALID_ARGUMENT", "kinds[0]"},
		{"a search for 33 kinds", "GET", "/v1/moments:search?query=tides" + strings.Repeat("&kinds=a", 33), 400, "INVALID_ARGUMENT", "kinds"},
		{"a search with a negative size", "GET", "/v1/moments:search?query=tides&page_size=-5", 400, "INVALID_ARGUMENT", "page_size"},
		{"an address there is not", "GET", "/v1/nothing", 404, "NOT_FOUND", ""},
		{"a method there is not", "PUT", "/v1/videos/tides", 405, "UNIMPLEMENTED", ""},
		{"a method in disguise", "POST", "/v1/videos/tides", 405, "UNIMPLEMENTED", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := b.ask(t, tt.method, tt.path, nil, func(r *http.Request) {
				r.Header.Set("X-HTTP-Method-Override", "GET")
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			})
			if a.Code != tt.code || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %s %s, want %d", a.Code, a.Header.Get("Content-Type"), a.Body, tt.code)
			}
			if allow := a.Header.Get("Allow"); (tt.code == http.StatusMethodNotAllowed) != (allow == "DELETE, GET, PATCH") {
				t.Errorf("Allow is %q", allow)
			}
			reason, field := details(t, a)
			if reason != tt.reason || field != tt.field {
				t.Errorf("reason %q about %q, want %q about %q: %s", reason, field, tt.reason, tt.field, a.Body)
			}
		})
	}
	t.Run("over gRPC", func(t *testing.T) {
		t.Parallel()
		client := cuepointv1.NewVideoServiceClient(b.dial(t))
		for _, req := range []*cuepointv1.GetVideoRequest{{}, {Name: "tides"}, {Name: "videos/-"}, {Name: "videos/tides", View: 7}} {
			_, err := client.GetVideo(t.Context(), req)
			if s := status.Convert(err); s.Code() != codes.InvalidArgument || len(s.Details()) != 2 {
				t.Errorf("%v: %v", req, s)
			}
		}
	})
}

// details are the reason and the field in an error of the REST API.
func details(t *testing.T, a answer) (reason, field string) {
	t.Helper()
	list, _ := a.JSON(t)["details"].([]any)
	for _, d := range list {
		detail := d.(map[string]any)
		switch detail["@type"] {
		case "type.googleapis.com/google.rpc.ErrorInfo":
			reason, _ = detail["reason"].(string)
		case "type.googleapis.com/google.rpc.BadRequest":
			field, _ = detail["fieldViolations"].([]any)[0].(map[string]any)["field"].(string)
		}
	}
	return reason, field
}

func TestRequestsHaveLimits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	t.Run("a body of more than a mebibyte", func(t *testing.T) {
		t.Parallel()
		a := b.ask(t, http.MethodPost, "/v1/videos", strings.NewReader(strings.Repeat("x", 1<<20+1)), nil)
		if reason, _ := details(t, a); a.Code != http.StatusRequestEntityTooLarge || reason != "REQUEST_TOO_LARGE" {
			t.Errorf("%d %s", a.Code, a.Body)
		}
	})
	t.Run("a message of more than four mebibytes", func(t *testing.T) {
		t.Parallel()
		client := cuepointv1.NewSearchServiceClient(b.dial(t))
		_, err := client.Search(t.Context(), &cuepointv1.SearchRequest{Query: strings.Repeat("x", 4<<20)})
		if status.Code(err) != codes.ResourceExhausted {
			t.Errorf("%v", err)
		}
	})
	t.Run("a header of more than 64 KiB", func(t *testing.T) {
		t.Parallel()
		a := b.ask(t, http.MethodGet, "/v1/videos", nil, func(r *http.Request) { r.Header.Set("X-Long", strings.Repeat("x", 128<<10)) })
		if a.Code != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%d %s", a.Code, a.Body)
		}
	})
}

func TestProblems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.get(t, "/play/tides/package@run1/none.m3u8")
	want := map[string]any{"type": "about:blank", "title": "Not Found", "status": 404.0, "detail": "there is no such file", "reason": "NOT_FOUND"}
	if diff := cmp.Diff(want, a.JSON(t)); diff != "" || a.Code != 404 || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s (-want +got):\n%s", a.Code, a.Header.Get("Content-Type"), diff)
	}
	a = b.ask(t, http.MethodPut, "/play/tides/package@run1/master.m3u8", nil, nil)
	if a.Code != http.StatusMethodNotAllowed || a.JSON(t)["reason"] != "UNIMPLEMENTED" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	for _, path := range []string{"/play/tides/package@run1/%2e%2e/cuepoint.db", "/play/%2e%2e/package@run1/master.m3u8", "/play/tides/" + url.PathEscape("../library.txt")} {
		if a := b.get(t, path); a.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}
