package fetch_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

// chain leads on n times: from /n to /0, where the film is.
func chain(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Referer() != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("%s is told %v", r.URL.Path, r.Header)
		}
		n, _ := strconv.Atoi(r.URL.Path[1:])
		if n == 0 {
			fmt.Fprint(w, "film")
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		w.Header().Set("Location", fmt.Sprintf("/%d?sig=%s", n-1, secret))
		w.WriteHeader([]int{301, 302, 303, 307, 308}[n%5])
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestARequestIsLedOnTenTimes(t *testing.T) {
	t.Parallel()
	address := chain(t)
	_, body, err := all(t, impatient(), fetch.Request{URL: address + "/10?sig=" + secret})
	if err != nil || body != "film" {
		t.Errorf("%q, %v", body, err)
	}
	for _, path := range []string{"/11", "/30"} {
		_, _, err = all(t, impatient(), fetch.Request{URL: address + path})
		wantError(t, err, models.CodeSourceUnavailable, false)
	}
}

func TestARequestIsNotLedOnForLong(t *testing.T) {
	t.Parallel()
	c := impatient()
	c.Limits.Answer, c.Limits.Redirects = 100*time.Millisecond, 1<<30
	_, _, err := all(t, c, fetch.Request{URL: host(t, says("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"))})
	wantError(t, err, models.CodeSourceUnavailable, true)
}

func TestARequestIsNotLedAstray(t *testing.T) {
	t.Parallel()
	trap := newCanary(t, "[::1]:0") // which the tests' guard does not allow
	tests := []struct {
		to   string
		code models.Code
	}{
		{"", models.CodeSourceUnavailable},
		{"/", models.CodeSourceUnavailable}, // for ever
		{"http://%zz/" + secret, models.CodeSourceUnavailable},
		{"//", models.CodeSourceUnavailable},
		{"file:///etc/passwd?" + secret, models.CodeSourceBlocked},
		{"ftp://127.0.0.1/", models.CodeSourceBlocked},
		{"gopher://127.0.0.1:70/_x", models.CodeSourceBlocked},
		{"javascript:alert(1)", models.CodeSourceBlocked},
		{"http://user:" + secret + "@127.0.0.1/", models.CodeSourceBlocked},
		{"http://" + trap.address + "/" + secret, models.CodeSourceBlocked},
		{"//" + trap.address + "/" + secret, models.CodeSourceBlocked},
		{"http://169.254.169.254/latest/meta-data", models.CodeSourceBlocked},
		{"http://2130706433/", models.CodeSourceBlocked},
		{"http://127.0.0.1:0/", models.CodeSourceBlocked},
	}
	for _, test := range tests {
		answer := "HTTP/1.1 302 Found\r\nContent-Length: 6\r\nLocation: " + test.to + "\r\n\r\n" + secret
		_, _, err := all(t, impatient(), fetch.Request{URL: host(t, says(answer))})
		if models.ErrorCode(err) != test.code {
			t.Errorf("to %q: %v, want %s", test.to, err, test.code)
		}
		if _, passes := fetch.MayPass(err); passes {
			t.Errorf("to %q: it may pass", test.to)
		}
	}
	trap.mustBeAlone(t)
}

func TestHTTPSIsNotLedToHTTP(t *testing.T) {
	t.Parallel()
	plain := newCanary(t, "127.0.0.1:0")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/down":
			http.Redirect(w, r, "http://"+plain.address, http.StatusFound)
		case "/up":
			http.Redirect(w, r, "/film", http.StatusFound)
		default:
			fmt.Fprint(w, r.Proto)
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	c := impatient()
	c.Guard.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
	c.Guard.TLS.RootCAs.AddCert(server.Certificate())
	_, body, err := all(t, c, fetch.Request{URL: server.URL + "/up"})
	if err != nil || body != "HTTP/2.0" {
		t.Errorf("%q, %v", body, err)
	}
	_, _, err = all(t, c, fetch.Request{URL: server.URL + "/down"})
	wantError(t, err, models.CodeSourceUnavailable, false)
	plain.mustBeAlone(t)
}
