package ingest

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

const ok = "HTTP/1.1 200 OK\r\n"

func TestAnImportBecomesAVideo(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	i.run()
	content := film(100_000)
	for name, answer := range map[string]http.HandlerFunc{
		"of a known length":    offers(content, `"a"`, 1<<20),
		"of an unknown length": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, content) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := i.in(t)
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.RawQuery != "sig="+signature {
					t.Errorf("asked for %s", r.URL)
				}
				w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''bees%E2%80%AE.flac")
				answer(w, r)
			})
			up := i.begin(address + "/films/1?sig=" + signature)
			if up.Source != address+"/films/1" {
				t.Errorf("its source is shown as %s", up.Source)
			}
			up = i.untilEnded(up.ID)
			i.wantFilm(up, content)
			if up.Filename != "bees\uFFFD.flac" {
				t.Errorf("it is called %q", up.Filename)
			}
			i.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadReceived, models.EventUploadDone)
		})
	}
}

func TestAnImportGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	i.run()
	content := film(500_000)
	answer := offers(content, `"a"`, 60_000)
	var whole atomic.Int64
	up := i.begin(serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "" {
			whole.Add(1)
		}
		answer(w, r)
	}) + "/film.flac")
	i.wantFilm(i.untilEnded(up.ID), content)
	if n := whole.Load(); n != 1 {
		t.Errorf("asked for all of it %d times", n)
	}
}

func TestAFileThatChangesComesAnew(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	i.run()
	before, after := film(500_000), film(300_000)
	for name, second := range map[string]http.HandlerFunc{
		"as its host knows": offers(after, `"b"`, 1<<20),
		"as we find out": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"b"`)
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", "bytes 60000-499999/500000")
				w.WriteHeader(http.StatusPartialContent)
			}
			fmt.Fprint(w, after)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := i.in(t)
			first := offers(before, `"a"`, 60_000)
			var asked atomic.Int64
			up := i.begin(serve(t, func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 {
					first(w, r)
				}
				second(w, r)
			}) + "/film.flac")
			i.wantFilm(i.untilEnded(up.ID), after)
		})
	}
}

func TestAnImportOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	i := newImporter(t, func(c *Config) { c.Alone, c.Importer.Limits.Idle = true, time.Minute })
	content := film(500_000)
	answer := offers(content, `"a"`, 1<<20)
	var asked, whole atomic.Int64
	up := i.begin(serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "" {
			whole.Add(1)
		}
		if asked.Add(1) > 1 {
			answer(w, r)
			return
		}
		stall(w, r, content, 100_000)
	}) + "/film.flac")
	stop := i.run()
	i.untilSome(up.ID)
	stop()
	up = i.get(up.ID)
	if up.Due.After(time.Now()) || up.Attempts != 0 || up.Error != nil {
		t.Errorf("a server that ended in peace left %+v", up)
	}
	// Another takes it, and dies at once.
	if _, err := (&rounds{Uploads: i.uploads}).claim(t.Context(), up, time.Now()); err != nil {
		t.Fatal(err)
	}
	i.restart()
	i.run()
	i.wantFilm(i.untilEnded(up.ID), content)
	if n := whole.Load(); n != 1 {
		t.Errorf("asked for all of it %d times", n)
	}
}

// stall serves the beginning of a film, and then nothing until nobody waits for it.
func stall(w http.ResponseWriter, r *http.Request, content string, bytes int) {
	w.Header().Set("Etag", `"a"`)
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	fmt.Fprint(w, content[:bytes])
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestACanceledImportEndsAtOnce(t *testing.T) {
	t.Parallel()
	i := newImporter(t, func(c *Config) { c.Importer.Limits.Idle = time.Hour })
	i.run()
	left := make(chan struct{})
	up := i.begin(serve(t, func(w http.ResponseWriter, r *http.Request) {
		stall(w, r, film(500_000), 100_000)
		close(left)
	}))
	i.untilSome(up.ID)
	if _, err := i.uploads.Delete(t.Context(), workspace, up.ID); err != nil {
		t.Fatal(err)
	}
	<-left
	up = i.untilEnded(up.ID)
	if up.State != models.UploadCanceled || up.Error != nil || up.Download != nil {
		t.Errorf("%+v", up)
	}
	i.wantNothing(up)
}

func TestFourImportsComeAtOnce(t *testing.T) {
	t.Parallel()
	i := newImporter(t, func(c *Config) { c.Importer.Limits.Idle = time.Minute })
	i.run()
	var mu sync.Mutex
	var now, most int
	full, release := make(chan struct{}), make(chan struct{})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		if most = max(most, now); now == 4 {
			close(full)
		}
		mu.Unlock()
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		fmt.Fprint(w, film(1000)+r.URL.Path)
	})
	var ids []string
	for n := range 7 {
		ids = append(ids, i.begin(fmt.Sprintf("%s/%d", address, n)).ID)
	}
	<-full
	mu.Lock()
	full = make(chan struct{}) // once more may close it
	mu.Unlock()
	close(release)
	for _, id := range ids {
		if up := i.untilEnded(id); up.State != models.UploadDone {
			t.Errorf("%+v", up)
		}
	}
	if most != 4 {
		t.Errorf("%d came at once", most)
	}
}

func TestAnImportWaitsForRoom(t *testing.T) {
	t.Parallel()
	i := newImporter(t, func(c *Config) { c.Limits.Quota = 150_000 })
	i.run()
	other := i.create(100_000)
	content := film(100_000)
	up := i.begin(serve(t, offers(content, `"a"`, 1<<20)) + "/film.flac")
	waiting := i.until(up.ID, "refused", func(up models.Upload) bool { return up.Error != nil })
	if waiting.Error.Code != models.CodeQuotaExceeded || waiting.State != models.UploadReceiving || waiting.Attempts != 0 {
		t.Errorf("%+v", waiting)
	}
	if _, err := i.uploads.Delete(t.Context(), workspace, other.ID); err != nil {
		t.Fatal(err)
	}
	i.wantFilm(i.untilEnded(up.ID), content)
}

func TestWhateverAHostDoesAnImportEndsWithATypedReasonAndLeavesNothing(t *testing.T) {
	t.Parallel()
	i := newImporter(t, nil)
	i.run()
	content := film(300_000)
	forever := func(bit string) func(net.Conn) {
		return func(conn net.Conn) {
			for _, err := conn.Write([]byte(bit)); err == nil; {
				_, err = conn.Write([]byte(bit))
			}
		}
	}
	drip := func(conn net.Conn) {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for _, err := conn.Write([]byte("fLaC")); err == nil; {
			<-ticker.C
			_, err = conn.Write([]byte("x"))
		}
	}
	reset := func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }
	trap := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the trap was reached") })
	trap = strings.Replace(trap, "127.0.0.1", "[::ffff:127.0.0.1]", 1)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		code   models.Code
	}{
		"an endless body":                {says(ok+"\r\nfLaC", forever(strings.Repeat("x", 4096))), models.CodeSourceTooLarge},
		"too much, as announced":         {says(ok+"Content-Length: 9999999\r\n\r\nfLaC", nil), models.CodeSourceTooLarge},
		"a byte now and then":            {says(ok+"Content-Length: 99999\r\n\r\n", drip), models.CodeSourceUnavailable},
		"too little":                     {says(ok+"Content-Length: 99999\r\n\r\n"+content[:50_000], nil), models.CodeSourceUnavailable},
		"resets":                         {says(ok+"Content-Length: 99999\r\n\r\n"+content[:50_000], reset), models.CodeSourceUnavailable},
		"too little again and again":     {offers(content, "", 60_000), models.CodeSourceUnavailable},
		"gzip":                           {says(ok+"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nfLaC", nil), models.CodeSourceUnavailable},
		"nothing":                        {says(ok+"Content-Length: 0\r\n\r\n", nil), models.CodeEmptyFile},
		"nothing, unannounced":           {says(ok+"\r\n", nil), models.CodeEmptyFile},
		"not found":                      {http.NotFound, models.CodeSourceUnavailable},
		"unavailable":                    {says("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", nil), models.CodeSourceUnavailable},
		"no HTTP":                        {says("220 mail.example.org ESMTP\r\n", nil), models.CodeSourceUnavailable},
		"a loop":                         {http.RedirectHandler("/", http.StatusFound).ServeHTTP, models.CodeSourceUnavailable},
		"a way to what is blocked":       {http.RedirectHandler("http://[::1]/", http.StatusFound).ServeHTTP, models.CodeSourceBlocked},
		"a way to a file":                {http.RedirectHandler("file:///etc/passwd", http.StatusFound).ServeHTTP, models.CodeSourceBlocked},
		"a way to a number":              {http.RedirectHandler("http://2130706433/", http.StatusFound).ServeHTTP, models.CodeSourceBlocked},
		"a playlist":                     {says(ok+"\r\n#EXTM3U\n#EXTINF:1,\n"+trap+"/a.ts\n", nil), models.CodeContainerNotAllowed},
		"a page":                         {says(ok+"\r\n<!doctype html><video src="+trap+">", nil), models.CodeContainerNotAllowed},
		"another part than asked for":    {otherPart(content), models.CodeSourceUnavailable},
		"a head without end":             {says(ok, forever("X-Flood: x\r\n")), models.CodeSourceUnavailable},
		"bytes that hash to what is not": {offers(content, `"a"`, 1<<20), models.CodeChecksumMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := i.in(t)
			want := New{Method: models.UploadImport, Length: -1, Source: serve(t, test.answer) + "/?sig=" + signature}
			if test.code == models.CodeChecksumMismatch {
				want.SHA256 = sha([]byte("another film"))
			}
			up := i.untilEnded(i.createAs(want).ID)
			if up.State != models.UploadFailed || models.ErrorCode(up.Error) != test.code {
				t.Errorf("%s, %v, want %s", up.State, up.Error, test.code)
			}
			if up.Error != nil && strings.Contains(up.Error.Message, signature) {
				t.Errorf("it tells a secret: %s", up.Error.Message)
			}
			i.wantNothing(up)
			if test.code == models.CodeChecksumMismatch || test.code == models.CodeContainerNotAllowed {
				i.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadReceived, models.EventUploadFailed)
			} else {
				i.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadFailed)
			}
		})
	}
}

// otherPart answers with the beginning whatever part is asked for.
func otherPart(content string) http.HandlerFunc {
	begin := offers(content, `"a"`, 60_000)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "" {
			begin(w, r)
			return
		}
		w.Header().Set("Content-Range", "bytes 0-99/300000")
		w.WriteHeader(http.StatusPartialContent)
		fmt.Fprint(w, content[:100])
	}
}

func TestWhatIsNoAddressIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	u := Open(Config{Importer: &fetch.Client{}})
	for _, test := range []struct {
		n    New
		code models.Code
	}{
		{New{Source: ""}, models.CodeInvalidArgument},
		{New{Source: "film.mp4"}, models.CodeInvalidArgument},
		{New{Source: "https://example.org/" + strings.Repeat("x", 5000)}, models.CodeInvalidArgument},
		{New{Source: "https://example.org/", Delegated: true}, models.CodeInvalidArgument},
		{New{Source: "https://example.org/", Length: 100}, models.CodeInvalidArgument},
		{New{Source: "file:///etc/passwd"}, models.CodeSourceBlocked},
		{New{Source: "http://me:" + signature + "@example.org/"}, models.CodeSourceBlocked},
	} {
		test.n.Method = models.UploadImport
		if test.n.Length == 0 {
			test.n.Length = -1
		}
		if _, err := u.Create(t.Context(), workspace, test.n); models.ErrorCode(err) != test.code {
			t.Errorf("%+v: %v, want %s", test.n, err, test.code)
		}
	}
	u.Importer = nil
	_, err := u.Create(t.Context(), workspace, New{Method: models.UploadImport, Length: -1, Source: "https://example.org/"})
	if models.ErrorCode(err) != models.CodeUnimplemented {
		t.Error(err)
	}
}
