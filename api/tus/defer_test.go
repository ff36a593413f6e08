package tus_test

import (
	"net/http"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

func TestDeferredLength(t *testing.T) {
	t.Parallel()
	b := setup(t)
	patch := func(offset, length, body string) request {
		return request{method: http.MethodPatch, path: "PATH", headers: headers{"Upload-Offset": offset, "Upload-Length": length}, body: body}
	}
	first, second := content(size)[:half], content(size)[half:]
	halfway := func(t *testing.T, b *bundle) string {
		t.Helper()
		path := deferred(t, b)
		b.patch(t, path, 0, first, nil).check(t, http.StatusNoContent, "", headers{"Upload-Offset": "500"})
		return path
	}
	known := func(t *testing.T, b *bundle) string {
		t.Helper()
		path := deferred(t, b)
		b.patch(t, path, 0, first, headers{"Upload-Length": "1000"}).check(t, http.StatusNoContent, "", headers{"Upload-Offset": "500"})
		return path
	}
	length := func(want string) func(*testing.T, *bundle, string, answer) {
		return func(t *testing.T, b *bundle, path string, _ answer) {
			a := b.ask(t, request{method: http.MethodHead, path: path})
			deferred := ""
			if want == "" {
				deferred = "1"
			}
			a.check(t, http.StatusOK, "", headers{"Upload-Length": want, "Upload-Defer-Length": deferred})
		}
	}
	table(t, b, []row{
		{rule: "takes bytes before the length is known", given: deferred, request: patch("0", "", first), status: 204, want: headers{"Upload-Offset": "500"}, then: length("")},
		{rule: "is set with bytes", given: halfway, request: patch("500", "2000", second), status: 204, want: headers{"Upload-Offset": "1000"}, then: length("2000")},
		{rule: "is set without bytes", given: halfway, request: patch("500", "1000", ""), status: 204, want: headers{"Upload-Offset": "500"}, then: length("1000")},
		{rule: "is set with the last bytes", given: halfway, request: patch("500", "1000", second), status: 204, want: headers{"Upload-Offset": "1000", "Cuepoint-Video": "*"}, then: length("1000")},
		{rule: "is set after the last bytes", given: halfway, request: patch("500", "500", ""), status: 204, want: headers{"Upload-Offset": "500", "Cuepoint-Video": "*"}, then: length("500")},
		{rule: "may be said again", given: known, request: patch("500", "1000", second), status: 204, want: headers{"Upload-Offset": "1000", "Cuepoint-Video": "*"}},
		{rule: "MUST not be changed", given: known, request: patch("500", "1001", second), status: 400, reason: models.CodeInvalidArgument, then: length("1000")},
		{rule: "cannot be less than what is there", given: halfway, request: patch("500", "499", ""), status: 400, reason: models.CodeInvalidArgument, then: length("")},
		{rule: "has room for the bytes it comes with", given: halfway, request: patch("500", "700", second), status: 413, reason: models.CodeSourceTooLarge, then: stands(half)},
		{rule: "over Tus-Max-Size is 413", given: halfway, request: patch("500", "1048577", second), status: 413, reason: models.CodeSourceTooLarge, then: length("")},
		{rule: "is a number", given: halfway, request: patch("500", "1e3", second), status: 400, reason: models.CodeInvalidArgument, then: length("")},
		{rule: "leaves the upload alone where the offset is wrong", given: halfway, request: patch("400", "1000", second), status: 409, reason: models.CodeConflict, then: length("")},
	})
}
