package fetch_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

const ok = "HTTP/1.1 200 OK\r\n"

func TestWhateverAHostDoesEndsInTimeWithATypedReason(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		talk   conversation
		code   models.Code
		passes bool
	}{
		{"a body without end", pours(ok+"\r\n", strings.Repeat("x", 4096)), models.CodeSourceTooLarge, false},
		{"chunks without end", pours(ok+"Transfer-Encoding: chunked\r\n\r\n", "4\r\nabcd\r\n"), models.CodeSourceTooLarge, false},
		{"too long as announced", says(ok + "Content-Length: 1048577\r\n\r\n"), models.CodeSourceTooLarge, false},
		{"a byte now and then", drips(ok+"Content-Length: 100000\r\n\r\n", "x"), models.CodeSourceUnavailable, true},
		{"silence in the body", stops(ok + "Content-Length: 10\r\n\r\nabc"), models.CodeSourceUnavailable, true},
		{"silence", stops(""), models.CodeSourceUnavailable, true},
		{"a slow head", drips(ok+"X-Slow: ", "x"), models.CodeSourceUnavailable, true},
		{"a head without end", pours(ok, "X-Flood: "+secret+"\r\n"), models.CodeSourceUnavailable, true},
		{"a header without end", pours(ok+"X-Flood: ", secret), models.CodeSourceUnavailable, true},
		{"a head too long", says(ok + "X-Flood: " + strings.Repeat("x", 70<<10) + "\r\nContent-Length: 0\r\n\r\n"), models.CodeSourceUnavailable, true},
		{"preliminary answers without end", pours("", "HTTP/1.1 103 Early Hints\r\n\r\n"), models.CodeSourceUnavailable, true},
		{"trailers without end", pours(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X-Flood: x\r\n"), models.CodeSourceUnavailable, true},
		{"less than announced", says(ok + "Content-Length: 10\r\n\r\nabc"), models.CodeSourceUnavailable, true},
		{"less than its chunks announced", says(ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n"), models.CodeSourceUnavailable, true},
		{"a reset in the body", resets(ok + "Content-Length: 10\r\n\r\nabc"), models.CodeSourceUnavailable, true},
		{"gzip", says(ok + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), models.CodeSourceUnavailable, false},
		{"a part that nobody asked for", says("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3\r\n\r\nabc"), models.CodeSourceUnavailable, false},
		{"no content", says("HTTP/1.1 204 No Content\r\n\r\n"), models.CodeSourceUnavailable, false},
		{"another protocol", says("SSH-2.0-OpenSSH_9.2\r\n"), models.CodeSourceUnavailable, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := all(t, impatient(), fetch.Request{URL: host(t, test.talk) + "/film?sig=" + secret})
			wantError(t, err, test.code, test.passes)
		})
	}
}

// stops says something and then nothing more.
func stops(text string) conversation {
	return func(ctx context.Context, conn net.Conn, r *http.Request) {
		says(text)(ctx, conn, r)
		_, _ = io.Copy(io.Discard, conn) // until the other end has had enough
	}
}

// resets ends the connection by RST.
func resets(text string) conversation {
	return func(ctx context.Context, conn net.Conn, r *http.Request) {
		says(text)(ctx, conn, r)
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
}

func TestOnlyWhatWasAnnouncedIsRead(t *testing.T) {
	t.Parallel()
	_, body, err := all(t, impatient(), fetch.Request{URL: host(t, pours(ok+"Content-Length: 3\r\n\r\n", "abc"))})
	if err != nil || body != "abc" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestAFileOfTheLargestSizeIsRead(t *testing.T) {
	t.Parallel()
	film := strings.Repeat("x", sizeLimit)
	for _, head := range []string{ok + "Content-Length: 1048576\r\n\r\n", ok + "\r\n"} {
		_, body, err := all(t, impatient(), fetch.Request{URL: host(t, says(head+film))})
		if err != nil || body != film {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	}
}

func TestAStatusIsFinalOrPasses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status, header string
		passes         bool
		after          time.Duration
		says           string
	}{
		{"404 " + secret, "", false, 0, "404 Not Found"},
		{"410 x", "", false, 0, "410 Gone"},
		{"401 x", "", false, 0, "401 Unauthorized"},
		{"403 x", "", false, 0, "403 Forbidden"},
		{"418 x", "", false, 0, "418"},
		{"999 " + secret, "", true, 0, "999"},
		{"304 x", "", false, 0, "304"},
		{"429 x", "Retry-After: 7\r\n", true, 7 * time.Second, "429"},
		{"503 x", "Retry-After: 86400\r\n", true, time.Hour, "503"},
		{"503 x", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", true, time.Hour, "503"},
		{"503 x", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", true, 0, "503"},
		{"500 x", "Retry-After: -5\r\n", true, 0, "500"},
		{"502 x", "Retry-After: " + secret + "\r\n", true, 0, "502"},
	}
	for _, test := range tests {
		answer := "HTTP/1.1 " + test.status + "\r\n" + test.header + "Content-Length: 6\r\n\r\n" + secret
		_, _, err := all(t, impatient(), fetch.Request{URL: host(t, says(answer)) + "/film?sig=" + secret})
		wantError(t, err, models.CodeSourceUnavailable, test.passes)
		if after, _ := fetch.MayPass(err); after != test.after {
			t.Errorf("%s %s: after %v, want %v", test.status, test.header, after, test.after)
		}
		if message := models.AsError(err).Message; !strings.Contains(message, test.says) || !strings.Contains(message, "/film") {
			t.Errorf("%s: %q", test.status, message)
		}
	}
}

func TestAHostThatDoesNotProveWhoItIs(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = nobody()
	server.StartTLS()
	t.Cleanup(server.Close)
	_, _, err := all(t, impatient(), fetch.Request{URL: server.URL})
	wantError(t, err, models.CodeSourceUnavailable, false)
}

func TestATooLongDownloadEnds(t *testing.T) {
	t.Parallel()
	c := impatient()
	c.Limits.Total = 200 * time.Millisecond
	c.Limits.Rate = 1
	_, _, err := all(t, c, fetch.Request{URL: host(t, drips(ok+"Content-Length: 100000\r\n\r\n", "0123456789"))})
	wantError(t, err, models.CodeSourceUnavailable, false)
}

func TestACanceledDownloadEndsAsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	d, err := impatient().Get(ctx, fetch.Request{URL: host(t, stops(ok+"Content-Length: 10\r\n\r\nabc"))})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := io.ReadFull(d, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.ReadAll(d)
	wantError(t, err, models.CodeCanceled, false)
	if _, err := impatient().Get(ctx, fetch.Request{URL: "http://127.0.0.1:1/"}); models.ErrorCode(err) != models.CodeCanceled {
		t.Error(err)
	}
}

func TestAHostThatIsNotThere(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, _, err := all(t, impatient(), fetch.Request{URL: gone.URL + "/film?sig=" + secret})
	wantError(t, err, models.CodeSourceUnavailable, true)
}
