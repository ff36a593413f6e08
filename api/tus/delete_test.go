package tus_test

import (
	"net/http"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	del := func(h headers) request { return request{method: http.MethodDelete, path: "PATH", headers: h} }
	isGone := func(t *testing.T, b *bundle, path string, _ answer) {
		for _, method := range []string{http.MethodHead, http.MethodPatch, http.MethodDelete} {
			a := b.ask(t, request{method: method, path: path, headers: headers{"Upload-Offset": "0"}})
			a.check(t, http.StatusGone, models.CodeNotFound, headers{"Upload-Offset": ""})
		}
	}
	table(t, b, []row{
		{rule: "ends an upload that has not begun, and later requests are 410", given: fresh, request: del(nil), status: 204, then: isGone},
		{rule: "ends an upload that is under way, and later requests are 410", given: begun, request: del(nil), status: 204, then: isGone},
		{rule: "ends one whose length is to come", given: deferred, request: del(nil), status: 204, then: isGone},
		{rule: "of one that is done is refused: the video is to be deleted", given: done, request: del(nil), status: 409, reason: models.CodeNotRunning, then: stands(size)},
		{rule: "of one that has expired is 410", given: expired, request: del(nil), status: 410, reason: models.CodeNotFound},
		{rule: "of one that has failed is 410", given: failed, request: del(nil), status: 410, reason: models.CodeContainerNotAllowed},
		{rule: "of none is 404", request: request{method: http.MethodDelete, path: "/uploads/none"}, status: 404, reason: models.CodeNotFound},
		{rule: "of another version is 412", given: begun, request: del(headers{"Tus-Resumable": ""}), status: 412, reason: models.CodeInvalidArgument, then: stands(half)},
		{rule: "without a key is 401", given: begun, request: del(headers{"Authorization": ""}), status: 401, reason: models.CodeUnauthenticated, then: stands(half)},
		{rule: "with a key of another workspace is 404", given: begun, request: del(headers{"Authorization": "Bearer " + b.key(t, "other", models.ScopeAdmin)}),
			status: 404, reason: models.CodeNotFound, then: stands(half)},
	})
}
