package ingest

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

// signature is in addresses, and nobody may see it.
const signature = "s1gn4tur3"

// importer is a bench that downloads from hosts on this machine and does not wait
// long for anything.
type importer struct {
	*bench
	dir string // of the blobs
}

func newImporter(t *testing.T, change func(*Config)) *importer {
	t.Helper()
	dir := t.TempDir()
	i := &importer{newBench(t, openSQLite, openDisk(t, dir)), filepath.Join(dir, "blobs")}
	i.config.Limits.MaxSize = 1 << 20
	i.config.Importer = &fetch.Client{
		Guard:  fetch.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Patience: time.Second},
		Limits: fetch.Limits{Idle: 500 * time.Millisecond, Rate: 1000, Window: 200 * time.Millisecond},
	}
	if change != nil {
		change(&i.config)
	}
	i.restart()
	return i
}

// in is the same for a subtest.
func (i *importer) in(t *testing.T) *importer {
	sub := *i.bench
	sub.t = t
	return &importer{&sub, i.dir}
}

func (i *importer) begin(address string) models.Upload {
	i.t.Helper()
	return i.createAs(New{Method: models.UploadImport, Length: -1, Source: address}).Upload
}

func (i *importer) untilEnded(id string) models.Upload {
	i.t.Helper()
	return i.until(id, "ended", func(up models.Upload) bool { return up.State.Ended() })
}

// untilSome waits for some of an import to have come.
func (i *importer) untilSome(id string) {
	i.t.Helper()
	i.until(id, "under way", func(up models.Upload) bool { return up.Offset > 0 })
}

// wantFilm checks that an import has become a video, and needs its address no more.
func (i *importer) wantFilm(up models.Upload, content string) {
	i.t.Helper()
	i.wantVideo(up, []byte(content))
	if up.Download != nil || up.Growth != nil || up.Error != nil {
		i.t.Errorf("%+v (error %v)", up, up.Error)
	}
}

// wantNothing waits until nothing is left of what came of an upload.
func (i *importer) wantNothing(up models.Upload) {
	i.t.Helper()
	if up.Growth != nil || up.Download != nil {
		i.t.Errorf("there is still %+v", up)
	}
	i.until(up.ID, "gone", func(up models.Upload) bool {
		growing, err := filepath.Glob(filepath.Join(i.dir, "*", up.Key))
		return err == nil && len(growing) == 0 && i.read(up.Key) == nil
	})
}

// film is something that looks like a video.
func film(bytes int) string { return string(media(1, bytes)) }

// serve answers as a function says, and returns where.
func serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// says answers with a text, by hand, and then as more does.
func says(text string, more func(conn net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, text); err == nil && more != nil {
			more(conn)
		}
	}
}

// offers serves a film by ranges, and breaks off each answer after some bytes.
func offers(content string, tag string, bytes int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if tag != "" {
			w.Header().Set("Etag", tag)
		}
		http.ServeContent(&breaking{w, bytes}, r, "", time.Time{}, strings.NewReader(content))
	}
}

type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if len(p) <= b.left {
		b.left -= len(p)
		return b.ResponseWriter.Write(p)
	}
	_, _ = b.ResponseWriter.Write(p[:b.left])
	_ = http.NewResponseController(b.ResponseWriter).Flush()
	panic(http.ErrAbortHandler) // as net/http wants it
}
