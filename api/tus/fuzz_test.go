package tus_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzRequest sends whatever somebody may send: each request is answered, and
// never with an error of ours.
func FuzzRequest(f *testing.F) {
	for _, method := range []string{"OPTIONS", "POST", "HEAD", "PATCH", "DELETE", "GET", "PUT"} {
		f.Add(method, "", "Upload-Length: 1000\r\nTus-Resumable: 1.0.0", "")
		f.Add(method, "UPLOAD", "Upload-Offset: 0\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream", "fLaC")
		f.Add(method, "SECRET", "Upload-Offset: 0\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nOrigin: https://shop.example", "fLaC")
		f.Add(method, "SECRET/complete", "", "")
	}
	f.Add("POST", "UPLOAD", "X-HTTP-Method-Override: PATCH\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 00\r\nContent-Type: application/offset+octet-stream; a=b\r\nUpload-Checksum: sha1 AAAA", "f")
	f.Add("POST", "", "Tus-Resumable: 1.0.0\r\nUpload-Defer-Length: 1\r\nUpload-Metadata: filename Li4vLi4vAA==,title 4oCu,language ZW4,label.a Yg==,label. YQ==,sha256 YQ==\r\nContent-Type: application/offset+octet-stream", "#EXTM3U")
	f.Add("POST", "", "Tus-Resumable: 1.0.0\r\nUpload-Length: 99999999999999999999999999\r\nUpload-Length: 1", "")
	f.Add("PATCH", "UPLOAD", "Tus-Resumable: 1.0.0\r\nUpload-Offset: -1\r\nUpload-Length: 5\r\nContent-Type: application/offset+octet-stream\r\nExpect: 100-continue", "")
	f.Add("GET", "/..%2f.%00", "X-Api-Key: \x7f\r\nCookie: cuepoint=cs_0", "")
	b := setup(f)
	f.Fuzz(func(t *testing.T, method, path, more, body string) {
		path = strings.NewReplacer("UPLOAD", b.create(t, headers{"Upload-Length": "1000"}), "SECRET", b.delegate(t, nil)).Replace(path)
		if !strings.HasPrefix(path, "/uploads") {
			path = "/uploads" + path
		}
		conn, err := net.Dial("tcp", b.Server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n\r\n%s",
			method, path, b.Key, len(body), more, body); err != nil {
			return // it was refused before all was sent
		}
		for r := bufio.NewReader(conn); ; {
			resp, err := http.ReadResponse(r, &http.Request{Method: method})
			if err != nil {
				return // what is no HTTP is not answered
			}
			resp.Body.Close()
			if resp.StatusCode >= 500 {
				t.Fatalf("%s %s is answered %s\n%s", method, path, resp.Status, more)
			}
			if resp.StatusCode >= 200 {
				return
			}
		}
	})
}
