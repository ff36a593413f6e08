package tus_test

import (
	"net/http"
	"testing"

	"github.com/cuepoint/cuepoint/models"
)

func TestMethodOverride(t *testing.T) {
	t.Parallel()
	as := func(method, meant string, h headers, body string) request {
		all := headers{"X-HTTP-Method-Override": meant}
		for name, value := range h {
			all[name] = value
		}
		return request{method: method, path: "PATH", headers: all, body: body}
	}
	bytes := headers{"Upload-Offset": "500", "Content-Type": "application/offset+octet-stream"}
	table(t, setup(t), []row{
		{rule: "POST may mean PATCH", given: begun, request: as("POST", "PATCH", bytes, content(size)[half:]), status: 204, want: headers{"Upload-Offset": "1000"}, then: stands(size)},
		{rule: "POST may mean DELETE", given: begun, request: as("POST", "DELETE", nil, ""), status: 204},
		{rule: "POST may mean HEAD", given: begun, request: as("POST", "HEAD", nil, ""), status: 200, want: headers{"Upload-Offset": "500"}},
		{rule: "GET may mean HEAD", given: begun, request: as("GET", "HEAD", nil, ""), status: 200, want: headers{"Upload-Offset": "500"}},
		{rule: "POST may mean OPTIONS", given: begun, request: as("POST", "OPTIONS", headers{"Tus-Resumable": ""}, ""), status: 204, want: headers{"Tus-Version": "1.0.0"}},
		{rule: "the method itself MUST be ignored", given: begun, request: as("DELETE", "HEAD", nil, ""), status: 200, want: headers{"Upload-Offset": "500"}, then: stands(half)},
		{rule: "there has to be such a method", given: begun, request: as("POST", "MOVE", nil, ""), status: 405, reason: models.CodeUnimplemented,
			want: headers{"Allow": "DELETE, GET, HEAD, OPTIONS, PATCH"}},
		{rule: "what is meant is let in as it would be itself", given: begun, request: as("GET", "DELETE", headers{"Authorization": ""}, ""),
			status: http.StatusUnauthorized, reason: models.CodeUnauthenticated, then: stands(half)},
		{rule: "what is meant is kept from pages of others as it would be itself", given: begun, request: as("GET", "DELETE", headers{"Sec-Fetch-Site": "cross-site"}, ""),
			status: http.StatusForbidden, reason: models.CodePermissionDenied, then: stands(half)},
	})
}
