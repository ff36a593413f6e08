package tus_test

import (
	"net/http"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

func TestHead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	head := func(h headers) request { return request{method: http.MethodHead, path: "PATH", headers: h} }
	const said = "filename dGFsa3MubXA0,filetype dmlkZW8vbXA0,private"
	described := func(t *testing.T, b *bundle) string {
		t.Helper()
		return b.create(t, headers{"Upload-Length": "1000", "Upload-Metadata": said})
	}
	table(t, b, []row{
		{rule: "MUST tell the offset, also where that is 0, and the length", given: fresh, request: head(nil),
			status: 200, want: headers{"Upload-Offset": "0", "Upload-Length": "1000", "Upload-Defer-Length": "", "Upload-Expires": "*", "Upload-Metadata": ""}},
		{rule: "MUST not be kept by caches", given: begun, request: head(nil), status: 200, want: headers{"Cache-Control": "no-store", "Upload-Offset": "500"}},
		{rule: "tells that the length comes later", given: deferred, request: head(nil),
			status: 200, want: headers{"Upload-Offset": "0", "Upload-Length": "", "Upload-Defer-Length": "1"}},
		{rule: "tells the metadata as it was sent", given: described, request: head(nil), status: 200, want: headers{"Upload-Metadata": said}},
		{rule: "of one that is done tells an offset as the length", given: done, request: head(nil),
			status: 200, want: headers{"Upload-Offset": "1000", "Upload-Length": "1000", "Upload-Expires": "", "Cuepoint-Video": "*"}},
		{rule: "of one that was canceled is 410 without an offset", given: canceled, request: head(nil), status: 410, reason: models.CodeNotFound, want: headers{"Upload-Offset": ""}},
		{rule: "of one that has expired is 410 without an offset", given: expired, request: head(nil), status: 410, reason: models.CodeNotFound},
		{rule: "of one whose time is over is 410 without an offset", given: overdue, request: head(nil), status: 410, reason: models.CodeNotFound},
		{rule: "of one that has failed is 410 without an offset", given: failed, request: head(nil), status: 410, reason: models.CodeContainerNotAllowed},
		{rule: "of none is 404 without an offset", request: request{method: http.MethodHead, path: "/uploads/none"}, status: 404, reason: models.CodeNotFound},
		{rule: "of another version is 412", given: fresh, request: head(headers{"Tus-Resumable": "1.0"}), status: 412, reason: models.CodeInvalidArgument, want: headers{"Tus-Version": "1.0.0"}},
		{rule: "without a key is 401", given: fresh, request: head(headers{"Authorization": ""}), status: 401, reason: models.CodeUnauthenticated},
		{rule: "with a key of another workspace is 404", given: fresh, request: head(headers{"Authorization": "Bearer " + b.key(t, "other", models.ScopeAdmin)}),
			status: 404, reason: models.CodeNotFound},
		{rule: "of all uploads is not to be had", request: request{method: http.MethodHead, path: "/uploads"}, status: 405, reason: models.CodeUnimplemented},
	})
}
