package fetch_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

func nobody() *log.Logger { return log.New(io.Discard, "", 0) }

// film is served by net/http's own idea of ranges.
func film(t *testing.T, header http.Header) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/film.mp4?sig=" + secret
}

func TestADownloadGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	for _, header := range []http.Header{
		{"Etag": {`"a"`}},
		{"Etag": {`"a"`}, "Last-Modified": {"Fri, 31 Dec 1999 23:59:59 GMT"}},
	} {
		address := film(t, header)
		first, body, err := all(t, impatient(), fetch.Request{URL: address})
		if err != nil || body != "0123456789" || first.Start != 0 || first.Length != 10 || first.Validator != `"a"` {
			t.Fatalf("%+v, %q, %v", first, body, err)
		}
		for offset, want := range map[int64]string{4: "456789", 9: "9", 10: "", 0: "0123456789"} {
			d, body, err := all(t, impatient(), fetch.Request{URL: address, Offset: offset, Length: first.Length, Validator: first.Validator})
			if err != nil || body != want || d.Start != offset || d.Length != 10 || d.Validator != `"a"` {
				t.Errorf("from %d: %+v, %q, %v", offset, d, body, err)
			}
		}
	}
}

func TestAFileThatChangedComesFromTheStart(t *testing.T) {
	t.Parallel()
	address := film(t, http.Header{"Etag": {`"b"`}})
	d, body, err := all(t, impatient(), fetch.Request{URL: address, Offset: 4, Length: 10, Validator: `"a"`})
	if err != nil || d.Start != 0 || body != "0123456789" || d.Validator != `"b"` {
		t.Errorf("%+v, %q, %v", d, body, err)
	}
}

func TestWithoutAStrongValidatorAFileComesFromTheStart(t *testing.T) {
	t.Parallel()
	for _, header := range []http.Header{
		{},
		{"Etag": {`W/"a"`}, "Last-Modified": {"Fri, 31 Dec 1999 23:59:59 GMT"}},
		{"Etag": {`"`}},
		{"Etag": {`"` + strings.Repeat("x", 2000) + `"`}},
		{"Last-Modified": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}},
		{"Last-Modified": {"yesterday"}},
	} {
		address := film(t, header)
		first, _, err := all(t, impatient(), fetch.Request{URL: address})
		if err != nil || first.Validator != "" {
			t.Fatalf("%v: %+v, %v", header, first, err)
		}
		d, body, err := all(t, impatient(), fetch.Request{URL: address, Offset: 4, Length: 10})
		if err != nil || d.Start != 0 || body != "0123456789" {
			t.Errorf("%v: %+v, %q, %v", header, d, body, err)
		}
	}
}

func TestAnAnswerThatIsNotTheRestIsRefused(t *testing.T) {
	t.Parallel()
	part := func(head, body string) conversation {
		return says("HTTP/1.1 206 Partial Content\r\n" + head + "\r\n\r\n" + body)
	}
	tests := map[string]conversation{
		"from elsewhere":           part("Content-Range: bytes 3-9/10\r\nContent-Length: 7", "3456789"),
		"of another length":        part("Content-Range: bytes 4-10/11\r\nContent-Length: 7", "456789x"),
		"of no length":             part("Content-Range: bytes 4-9/*\r\nContent-Length: 6", "456789"),
		"with another tag":         part("ETag: \"b\"\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6", "456789"),
		"past its end":             part("Content-Range: bytes 4-10/10\r\nContent-Length: 7", "456789x"),
		"backwards":                part("Content-Range: bytes 4-3/10\r\nContent-Length: 0", ""),
		"longer than its range":    part("Content-Range: bytes 4-9/10\r\nContent-Length: 7", "456789x"),
		"negative":                 part("Content-Range: bytes -4-9/10\r\nContent-Length: 6", "456789"),
		"in other units":           part("Content-Range: lines 4-9/10\r\nContent-Length: 6", "456789"),
		"nowhere":                  part("Content-Length: 6", "456789"),
		"in several parts":         part("Content-Type: multipart/byteranges; boundary=x\r\nContent-Length: 6", "456789"),
		"none, as it is shorter":   says("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */3\r\nContent-Length: 0\r\n\r\n"),
		"none, for no reason":      says("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"),
		"none, and it was longer":  says("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */4\r\nContent-Length: 0\r\n\r\n"),
		"a length beyond numbers":  part("Content-Range: bytes 4-9/99999999999999999999\r\nContent-Length: 6", "456789"),
		"a length without a total": part("Content-Range: bytes 4-9\r\nContent-Length: 6", "456789"),
	}
	for name, talk := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, body, err := all(t, impatient(), fetch.Request{URL: host(t, talk), Offset: 4, Length: 10, Validator: `"a"`})
			wantError(t, err, models.CodeSourceUnavailable, true)
			if !errors.Is(err, fetch.ErrChanged) || body != "" {
				t.Errorf("%q, %v", body, err)
			}
		})
	}
}

func TestAPartThatIsLongerOrShorterThanAnnouncedPasses(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nTransfer-Encoding: chunked\r\n\r\n"
	for chunks, want := range map[string]string{"7\r\n456789x\r\n0\r\n\r\n": "456789", "2\r\n45\r\n0\r\n\r\n": "45"} {
		_, body, err := all(t, impatient(), fetch.Request{URL: host(t, says(head+chunks)), Offset: 4, Length: 10, Validator: `"a"`})
		wantError(t, err, models.CodeSourceUnavailable, true)
		if body != want || errors.Is(err, fetch.ErrChanged) {
			t.Errorf("%q, %v", body, err)
		}
	}
}

func TestADateIsAValidatorWhereThereIsNoTag(t *testing.T) {
	t.Parallel()
	const changed = "Fri, 31 Dec 1999 23:59:59 GMT"
	asked := make(chan *http.Request, 2)
	address := host(t, func(ctx context.Context, conn net.Conn, r *http.Request) {
		asked <- r
		says(ok+"Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nLast-Modified: "+changed+"\r\nContent-Length: 0\r\n\r\n")(ctx, conn, r)
	})
	d, _, err := all(t, impatient(), fetch.Request{URL: address})
	if err != nil || d.Validator != changed {
		t.Fatalf("%+v, %v", d, err)
	}
	if _, _, err := all(t, impatient(), fetch.Request{URL: address, Offset: 4, Validator: d.Validator}); err != nil {
		t.Fatal(err)
	}
	if first := <-asked; first.Header.Get("Range") != "" || first.Header.Get("If-Range") != "" {
		t.Errorf("asked first with %v", first.Header)
	}
	second := <-asked
	if second.Header.Get("Range") != "bytes=4-" || second.Header.Get("If-Range") != changed {
		t.Errorf("asked again with %v", second.Header)
	}
}
