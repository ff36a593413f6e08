package tus_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
)

// page is the origin of somebody's web site that lets people upload.
const page = "https://shop.example"

// lent is an upload for who has no key, from a page.
func lent(t *testing.T, b *bundle) string {
	t.Helper()
	return b.delegate(t, func(n *ingest.New) { n.Origin = page })
}

// own is one for this server's pages and other programs.
func own(t *testing.T, b *bundle) string {
	t.Helper()
	return b.delegate(t, nil)
}

func TestPagesOfOtherOrigins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	from := func(origin, method string, more headers) request {
		all := headers{"Authorization": "", "Origin": origin, "Sec-Fetch-Site": "cross-site"}
		for name, value := range more {
			all[name] = value
		}
		return request{method: method, path: "PATH", headers: all}
	}
	patch := from(page, http.MethodPatch, headers{"Upload-Offset": "0"})
	patch.body = content(half)
	elsewhere := patch
	elsewhere.headers = from("https://elsewhere.example", "", headers{"Upload-Offset": "0"}).headers
	preflight := headers{"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "tus-resumable,upload-offset,content-type", "Tus-Resumable": ""}
	allowed := headers{"Access-Control-Allow-Origin": page, "Access-Control-Expose-Headers": "*", "Vary": "Origin", "Access-Control-Allow-Credentials": ""}
	refused := headers{"Access-Control-Allow-Origin": "", "Access-Control-Expose-Headers": "", "Access-Control-Allow-Methods": "", "Access-Control-Allow-Headers": ""}
	table(t, b, []row{
		{rule: "a browser that asks beforehand is told what the page may do", given: lent, request: from(page, http.MethodOptions, preflight), status: 204,
			want: headers{"Access-Control-Allow-Origin": page, "Access-Control-Allow-Methods": "GET, HEAD, PATCH, POST, DELETE", "Access-Control-Allow-Headers": "*", "Access-Control-Max-Age": "*", "Vary": "Origin"}},
		{rule: "the page may send", given: lent, request: patch, status: 204, want: allowed},
		{rule: "the page may ask how far it is", given: lent, request: from(page, http.MethodHead, nil), status: 200, want: allowed},
		{rule: "the page may cancel", given: lent, request: from(page, http.MethodDelete, nil), status: 204, want: allowed},
		{rule: "the page may read how it stands", given: lent, request: from(page, http.MethodGet, nil), status: 200, want: allowed},
		{rule: "the page may read what is wrong", given: lent, request: from(page, http.MethodPatch, headers{"Upload-Offset": "7"}), status: 409, reason: models.CodeConflict, want: allowed},

		{rule: "another page is told nothing beforehand", given: lent, request: from("https://elsewhere.example", http.MethodOptions, preflight), status: 204, want: refused},
		{rule: "another page may not send", given: lent, request: elsewhere, status: 403, reason: models.CodePermissionDenied, want: refused},
		{rule: "another page may not cancel", given: lent, request: from("https://elsewhere.example", http.MethodDelete, nil), status: 403, reason: models.CodePermissionDenied, want: refused},
		{rule: "another page may not read", given: lent, request: from("https://elsewhere.example", http.MethodGet, nil), status: 200, want: refused},
		{rule: "an origin is compared as a whole", given: lent, request: from(page+".evil.example", http.MethodDelete, nil), status: 403, reason: models.CodePermissionDenied, want: refused},
		{rule: "an origin without encryption is another", given: lent, request: from("http://shop.example", http.MethodDelete, nil), status: 403, reason: models.CodePermissionDenied, want: refused},
		{rule: "a page without an origin may not send", given: lent, request: from("null", http.MethodDelete, nil), status: 403, reason: models.CodePermissionDenied, want: refused},
		{rule: "no page may send where the upload is for none", given: own, request: from(page, http.MethodDelete, nil), status: 403, reason: models.CodePermissionDenied, want: refused},
		{rule: "no page may send where the upload has an empty origin", given: own, request: from("null", http.MethodOptions, preflight), status: 204, want: refused},
		{rule: "a page may not use a key", given: fresh, request: from(page, http.MethodDelete, headers{"Authorization": "Bearer " + b.Key}), status: 403, reason: models.CodePermissionDenied, want: refused},
		{rule: "a page may not create", request: request{method: http.MethodPost, path: "/uploads", headers: headers{"Upload-Length": "1000", "Origin": page, "Sec-Fetch-Site": "cross-site"}},
			status: 403, reason: models.CodePermissionDenied, want: refused},

		{rule: "a page of this server may send", given: own, request: from(b.URL, http.MethodDelete, headers{"Sec-Fetch-Site": "same-origin"}), status: 204},
		{rule: "a page of this server may send what is for another origin", given: lent, request: from(b.URL, http.MethodDelete, headers{"Sec-Fetch-Site": "same-origin"}), status: 204},
		{rule: "a program may send", given: lent, request: request{method: http.MethodDelete, path: "PATH", headers: headers{"Authorization": ""}}, status: 204},
	})
}

func TestOnlyTheSecretOpens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := own(t, b)
	_, otherSecret, _ := strings.Cut(other, ".")
	told := map[string]bool{}
	for _, method := range []string{http.MethodHead, http.MethodPatch, http.MethodDelete, http.MethodGet} {
		path := own(t, b)
		id, secret, _ := strings.Cut(path, ".")
		for _, wrong := range []string{
			id + "." + secret[:len(secret)-1], id + "." + secret + "0", id + "." + otherSecret, id + ".us_", "/uploads/none." + secret, fresh(t, b) + "." + secret,
			id + "." + strings.ToUpper(secret),
		} {
			a := b.ask(t, request{method: method, path: wrong, headers: headers{"Upload-Offset": "0"}})
			a.check(t, http.StatusNotFound, models.CodeNotFound, headers{"Access-Control-Allow-Origin": ""})
			if method != http.MethodHead {
				told[a.body] = true
			}
		}
		if a := b.ask(t, request{method: http.MethodHead, path: path, headers: headers{"Authorization": ""}}); a.status != http.StatusOK {
			t.Errorf("the right one: %d %s", a.status, a.body)
		}
	}
	if len(told) != 1 {
		t.Errorf("what is wrong can be told: %v", told)
	}
}

// TestAPageOfThisServerSendsWithItsSession has a browser that signed in send a
// file: its cookie alone, which others can make it send, does nothing.
func TestAPageOfThisServerSendsWithItsSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cookie, _, err := b.Gate.SignIn(t.Context(), b.Key, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(b.Server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	from := func(method, path string, more headers) answer {
		t.Helper()
		all := headers{"Authorization": "", "Cookie": "cuepoint-" + port + "=" + cookie.Reveal(), "Origin": b.URL, "Sec-Fetch-Site": "same-origin"}
		for name, value := range more {
			all[name] = value
		}
		return b.ask(t, request{method: method, path: path, headers: all})
	}
	csrf := access.CSRF(cookie.Reveal())
	from(http.MethodPost, "/uploads", headers{"Upload-Length": "1000"}).check(t, http.StatusForbidden, models.CodePermissionDenied, nil)
	made := from(http.MethodPost, "/uploads", headers{"Upload-Length": "1000", api.CSRFHeader: csrf})
	made.check(t, http.StatusCreated, "", headers{"Location": "*"})
	path := made.headers.Get("Location")
	from(http.MethodHead, path, nil).check(t, http.StatusOK, "", headers{"Upload-Offset": "0"})
	from(http.MethodPatch, path, headers{"Upload-Offset": "0"}).check(t, http.StatusForbidden, models.CodePermissionDenied, nil)
	from(http.MethodPatch, path, headers{"Upload-Offset": "0", api.CSRFHeader: csrf}).check(t, http.StatusNoContent, "", nil)
	from(http.MethodPost, path, headers{"X-HTTP-Method-Override": "DELETE"}).check(t, http.StatusForbidden, models.CodePermissionDenied, nil)
	from(http.MethodDelete, path, headers{api.CSRFHeader: csrf}).check(t, http.StatusNoContent, "", nil)
}

func TestANameThatIsNotTheServersIsRefusedBeforeAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.request(t, request{method: http.MethodDelete, path: own(t, b)}, nil)
	made.Host = "rebound.example"
	resp, err := b.client.Do(made)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Error(resp.Status)
	}
}

// TestASecretIsNotLogged: setup looks for it in what was.
func TestASecretIsNotLogged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := own(t, b)
	b.Uploads.fault = errors.New("the cat sat on the disk")
	b.ask(t, request{method: http.MethodGet, path: path}).check(t, http.StatusInternalServerError, models.CodeInternal, nil)
	if !strings.Contains(b.Log.String(), "the cat sat on the disk") {
		t.Error("what went wrong is not logged")
	}
}

// TestWhoGuessesSecretsIsSlowedDown counts those who show no secret that is right,
// and not who does.
func TestWhoGuessesSecretsIsSlowedDown(t *testing.T) {
	t.Parallel()
	b := setup(t, limited(3))
	path := own(t, b)
	for range 10 {
		b.ask(t, request{method: http.MethodHead, path: path, headers: headers{"Authorization": ""}}).check(t, http.StatusOK, "", nil)
	}
	for range 3 {
		b.ask(t, request{method: http.MethodGet, path: "/uploads/none.us_0"}).check(t, http.StatusNotFound, models.CodeNotFound, nil)
	}
	b.ask(t, request{method: http.MethodGet, path: "/uploads/none.us_0"}).check(t, http.StatusTooManyRequests, models.CodeRateLimited, headers{"Retry-After": "*"})
}

// TestOnlyTheBeginningOfAnUploadCounts: a client that sends a file in many pieces
// has asked for one thing.
func TestOnlyTheBeginningOfAnUploadCounts(t *testing.T) {
	t.Parallel()
	b := setup(t, limited(3))
	path, whole := fresh(t, b), content(size)
	for i := range 10 {
		b.patch(t, path, i, whole[i:i+1], nil).check(t, http.StatusNoContent, "", nil)
	}
	fresh(t, b)
	fresh(t, b)
	b.ask(t, request{method: http.MethodPost, path: "/uploads", headers: headers{"Upload-Length": "1000"}}).
		check(t, http.StatusTooManyRequests, models.CodeRateLimited, headers{"Retry-After": "*"})
}
