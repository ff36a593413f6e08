package tus_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

func TestPost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	post := func(h headers, body string) request {
		return request{method: http.MethodPost, path: "/uploads", headers: h, body: body}
	}
	twice := func(h headers, names ...string) request {
		r := post(h, "")
		r.twice = names
		return r
	}
	const bytes = "application/offset+octet-stream"
	table(t, b, []row{
		{rule: "answers 201 with where the upload is", request: post(headers{"Upload-Length": "1000"}, ""),
			status: 201, want: headers{"Location": "*", "Upload-Offset": "*", "Upload-Expires": "*", "Cache-Control": "no-store"},
			then: func(t *testing.T, b *bundle, _ string, a answer) { stands(0)(t, b, a.headers.Get("Location"), a) }},
		{rule: "takes the collection with a slash at its end, as clients write it",
			request: request{method: http.MethodPost, path: "/uploads/", headers: headers{"Upload-Length": "1000"}}, status: 201, want: headers{"Location": "*"}},
		{rule: "MUST have a length or say that it comes later", request: post(nil, ""), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST not have a length that also comes later",
			request: post(headers{"Upload-Length": "1000", "Upload-Defer-Length": "1"}, ""), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST say 1 where the length comes later", request: post(headers{"Upload-Defer-Length": "2"}, ""), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST not have a negative length", request: post(headers{"Upload-Length": "-1"}, ""), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST not have a length with a sign", request: post(headers{"Upload-Length": "+1"}, ""), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST not have a length in words", request: post(headers{"Upload-Length": "many"}, ""), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST not have two lengths", request: twice(headers{"Upload-Length": "1000"}, "Upload-Length"), status: 400, reason: models.CodeInvalidArgument},
		{rule: "MUST not have two lengths in one line", request: post(headers{"Upload-Length": "1000, 1000"}, ""), status: 400, reason: models.CodeInvalidArgument},
		{rule: "over Tus-Max-Size is 413", request: post(headers{"Upload-Length": "1048577"}, ""), status: 413, reason: models.CodeSourceTooLarge, want: headers{"Location": ""}},
		{rule: "over what a number holds is 413", request: post(headers{"Upload-Length": "99999999999999999999999"}, ""), status: 413, reason: models.CodeSourceTooLarge},
		{rule: "of no bytes is no video", request: post(headers{"Upload-Length": "0"}, ""), status: 422, reason: models.CodeEmptyFile},
		{rule: "of another version is 412 with those there are", request: post(headers{"Upload-Length": "1000", "Tus-Resumable": "0.2.2"}, ""),
			status: 412, reason: models.CodeInvalidArgument, want: headers{"Tus-Version": "1.0.0", "Location": ""}},
		{rule: "without a version is 412", request: post(headers{"Upload-Length": "1000", "Tus-Resumable": ""}, ""),
			status: 412, reason: models.CodeInvalidArgument, want: headers{"Tus-Version": "1.0.0"}},
		{rule: "with two versions is 412", request: twice(headers{"Upload-Length": "1000"}, "Tus-Resumable"), status: 412, reason: models.CodeInvalidArgument},
		{rule: "does not put uploads together", request: post(headers{"Upload-Length": "1000", "Upload-Concat": "partial"}, ""), status: 400, reason: models.CodeInvalidArgument},

		{rule: "with the whole file is done (creation-with-upload)", request: post(headers{"Upload-Length": "1000", "Content-Type": bytes}, content(size)),
			status: 201, want: headers{"Location": "*", "Upload-Offset": "1000", "Cuepoint-Video": "*", "Upload-Expires": ""}},
		{rule: "with a part of the file says how much came (creation-with-upload)", request: post(headers{"Upload-Length": "1000", "Content-Type": bytes}, content(size)[:half]),
			status: 201, want: headers{"Location": "*", "Upload-Offset": "500", "Upload-Expires": "*"},
			then: func(t *testing.T, b *bundle, _ string, a answer) { stands(half)(t, b, a.headers.Get("Location"), a) }},
		{rule: "with bytes of a length that comes later", request: post(headers{"Upload-Defer-Length": "1", "Content-Type": bytes}, content(size)[:half]),
			status: 201, want: headers{"Upload-Offset": "500"}},
		{rule: "with bytes of another type is 415", request: post(headers{"Upload-Length": "1000", "Content-Type": "video/mp4"}, content(size)),
			status: 415, reason: models.CodeInvalidArgument, want: headers{"Location": ""}},
		{rule: "with bytes of no type is 415", request: post(headers{"Upload-Length": "1000"}, content(size)), status: 415, reason: models.CodeInvalidArgument},
		{rule: "with a type but no bytes is as without", request: post(headers{"Upload-Length": "1000", "Content-Type": "text/plain"}, ""), status: 201, want: headers{"Upload-Offset": "0"}},
		{rule: "with what is no media is refused at once", request: post(headers{"Upload-Length": "1000", "Content-Type": bytes}, strings.Repeat("#EXTM3U\n", 125)),
			status: 415, reason: models.CodeContainerNotAllowed, want: headers{"Location": ""}},

		{rule: "without a key is 401", request: post(headers{"Upload-Length": "1000", "Authorization": ""}, ""), status: 401, reason: models.CodeUnauthenticated},
		{rule: "with a key that may only read is 403", request: post(headers{"Upload-Length": "1000", "Authorization": "Bearer " + b.key(t, models.DefaultWorkspace, models.ScopeRead)}, ""),
			status: 403, reason: models.CodePermissionDenied},
		{rule: "takes a key as X-Api-Key", request: post(headers{"Upload-Length": "1000", "Authorization": "", "X-Api-Key": b.Key}, ""), status: 201},
		{rule: "is for POST alone", request: request{method: http.MethodPut, path: "/uploads"}, status: 405, reason: models.CodeUnimplemented, want: headers{"Allow": "OPTIONS, POST"}},
		{rule: "is for addresses that there are", request: request{method: http.MethodPost, path: "/uploads/a/b"}, status: 404, reason: models.CodeNotFound},
	})
}
