package tus_test

import (
	"net/http"
	"testing"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	all := headers{
		"Tus-Version": "1.0.0", "Tus-Max-Size": "1048576", "Tus-Checksum-Algorithm": "*",
		"Tus-Extension":               "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination",
		"Access-Control-Allow-Origin": "",
	}
	table(t, setup(t), []row{
		{rule: "tells what can be done, to everybody", request: request{method: http.MethodOptions, path: "/uploads", headers: headers{"Authorization": ""}}, status: 204, want: all},
		{rule: "MUST not look at the version", request: request{method: http.MethodOptions, path: "/uploads", headers: headers{"Tus-Resumable": "0.0.1"}}, status: 204, want: all},
		{rule: "does not take one", request: request{method: http.MethodOptions, path: "/uploads", headers: headers{"Tus-Resumable": ""}}, status: 204, want: all},
		{rule: "tells the same of an upload", given: fresh, request: request{method: http.MethodOptions, path: "PATH"}, status: 204, want: all},
		{rule: "tells other origins the same, and lets them do nothing", request: request{method: http.MethodOptions, path: "/uploads", headers: headers{
			"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}}, status: 204, want: all},
	})
}
