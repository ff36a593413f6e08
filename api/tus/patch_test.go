package tus_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

func TestPatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	patch := func(offset string, body string, more headers) request {
		all := headers{"Upload-Offset": offset}
		for name, value := range more {
			all[name] = value
		}
		return request{method: http.MethodPatch, path: "PATH", headers: all, body: body}
	}
	first, second := content(size)[:half], content(size)[half:]
	twice := patch("500", second, nil)
	twice.twice = []string{"Upload-Offset"}
	table(t, b, []row{
		{rule: "adds bytes and answers 204 with the new offset", given: fresh, request: patch("0", first, nil),
			status: 204, want: headers{"Upload-Offset": "500", "Upload-Expires": "*", "Cuepoint-Video": ""}, then: stands(half)},
		{rule: "of the last bytes says what the upload has become", given: begun, request: patch("500", second, nil),
			status: 204, want: headers{"Upload-Offset": "1000", "Upload-Expires": "", "Cuepoint-Video": "*"}, then: stands(size)},
		{rule: "of no bytes changes nothing", given: begun, request: patch("500", "", nil), status: 204, want: headers{"Upload-Offset": "500"}, then: stands(half)},
		{rule: "at an offset that is too low is 409, and changes nothing", given: begun, request: patch("499", second, nil),
			status: 409, reason: models.CodeConflict, want: headers{"Upload-Offset": ""}, then: stands(half)},
		{rule: "at an offset that is too high is 409, and changes nothing", given: begun, request: patch("501", second, nil), status: 409, reason: models.CodeConflict, then: stands(half)},
		{rule: "at an offset over what a number holds is 409", given: begun, request: patch("99999999999999999999", second, nil), status: 409, reason: models.CodeConflict, then: stands(half)},
		{rule: "MUST have an offset", given: begun, request: patch("", second, nil), status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "MUST not have a negative offset", given: begun, request: patch("-1", second, nil), status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "MUST not have an offset in words", given: begun, request: patch("0x1f4", second, nil), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST not have two offsets", given: begun, request: twice, status: 400, reason: models.CodeInvalidArgument},
		{rule: "of another type is 415", given: begun, request: patch("500", second, headers{"Content-Type": "application/octet-stream"}), status: 415, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "of no type is 415", given: begun, request: patch("500", second, headers{"Content-Type": ""}), status: 415, reason: models.CodeInvalidArgument},
		{rule: "of another version is 412, and not processed", given: begun, request: patch("500", second, headers{"Tus-Resumable": "2.0.0"}),
			status: 412, reason: models.CodeInvalidArgument, want: headers{"Tus-Version": "1.0.0"}, then: stands(half)},
		{rule: "of more bytes than there is room for is 413, and changes nothing", given: begun, request: patch("500", second+"!", nil),
			status: 413, reason: models.CodeSourceTooLarge, then: stands(half)},
		{rule: "to an upload that there is not is 404", request: request{method: http.MethodPatch, path: "/uploads/none", headers: headers{"Upload-Offset": "0"}},
			status: 404, reason: models.CodeNotFound},
		{rule: "to one that is done, with nothing more, is answered again", given: done, request: patch("1000", "", nil),
			status: 204, want: headers{"Upload-Offset": "1000", "Cuepoint-Video": "*"}},
		{rule: "to one that is done, with more, is 409", given: done, request: patch("1000", "!", nil), status: 409, reason: models.CodeConflict, then: stands(size)},
		{rule: "to one that was canceled is 410", given: canceled, request: patch("500", second, nil), status: 410, reason: models.CodeNotFound},
		{rule: "to one that has expired is 410", given: expired, request: patch("500", second, nil), status: 410, reason: models.CodeNotFound},
		{rule: "to one that has failed is 410 and says why", given: failed, request: patch("0", first, nil), status: 410, reason: models.CodeContainerNotAllowed},
		{rule: "of what is no media fails, and says so", given: fresh, request: patch("0", strings.Repeat("#EXTM3U\n", size/8), nil), status: 415, reason: models.CodeContainerNotAllowed},
		{rule: "of the first byte alone does not tell yet what it is", given: fresh, request: patch("0", first[:1], nil), status: 204, want: headers{"Upload-Offset": "1"}},
		{rule: "does not change a length", given: begun, request: patch("500", second, headers{"Upload-Length": "1001"}), status: 400, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "without a key is 401", given: begun, request: patch("500", second, headers{"Authorization": ""}), status: 401, reason: models.CodeUnauthenticated, then: stands(half)},
		{rule: "with a key that may not write is 403", given: begun, request: patch("500", second, headers{"Authorization": "Bearer " + b.key(t, models.DefaultWorkspace, models.ScopeRead)}),
			status: 403, reason: models.CodePermissionDenied},
		{rule: "with a key of another workspace is 404", given: begun, request: patch("500", second, headers{"Authorization": "Bearer " + b.key(t, "other", models.ScopeAdmin)}),
			status: 404, reason: models.CodeNotFound, then: stands(half)},
	})
}

// TestBytesComeInAnyPieces sends a file in pieces of every kind of size, and
// without saying how long each is.
func TestBytesComeInAnyPieces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path, whole := fresh(t, b), content(size)
	for offset, next := 0, 1; offset < size; next *= 3 {
		end := min(offset+next, size)
		resp, err := b.client.Do(b.request(t, request{method: http.MethodPatch, path: path, headers: headers{"Upload-Offset": itoa(offset)}}, chunked(whole[offset:end])))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		answer{resp.StatusCode, resp.Header, ""}.check(t, http.StatusNoContent, "", headers{"Upload-Offset": itoa(end)})
		offset = end
	}
	b.wantFile(t, path, whole)
}
