package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

// TestTricksFoolWhoIsNotOnGuard shows that the tricks are some, and that the trap
// notices.
func TestTricksFoolWhoIsNotOnGuard(t *testing.T) {
	t.Parallel()
	tr := setTrap(t)
	path := filepath.Join(t.TempDir(), "trick.mp4")
	for _, trick := range tricks(t, tr) {
		if trick.fooled == nil {
			continue
		}
		if err := os.WriteFile(path, []byte(trick.content), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-nostdin", "-loglevel", "error", "-protocol_whitelist", "file,http,tcp,crypto"}, trick.fooled...)
		// What it makes of what it reads is all one.
		err := proc.Run(t.Context(), proc.Command{
			Path: testenv.FFmpeg(t).FFmpeg, Args: append(args, "-i", path, "-t", "1", "-f", "null", "-"), Limits: proc.Limits{Wall: time.Minute},
		})
		if !tr.sprung() {
			t.Errorf("%s fools nobody: %v", trick.name, err)
		}
	}
}

// TestNoFileGetsTheServerToReadAnother sends every trick as a film, by tus and by
// import, to a server that may download from where the trap is: what is not refused
// before FFmpeg sees it is worked on without anything else being read.
func TestNoFileGetsTheServerToReadAnother(t *testing.T) {
	t.Parallel()
	tr := setTrap(t)
	all := tricks(t, tr)
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d.mp4", &n); err != nil || n >= len(all) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "video/mp4")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(all[n].content))
	}))
	t.Cleanup(host.Close)
	data := t.TempDir()
	p, server := startServer(t, data, "--rate=0", "--import-allow=127.0.0.1")
	v := visitor{t, server}
	videos, became := map[string]string{}, map[string]int{}
	for i, trick := range all {
		for way, name := range map[string]string{
			"by tus":    v.send("film.mp4", trick.content),
			"by import": v.begin(map[string]any{"source_uri": fmt.Sprintf("%s/%d.mp4", host.URL, i)}),
		} {
			switch a := v.ended(name); {
			case a.State == "STATE_FAILED" && a.reason() == string(models.CodeContainerNotAllowed):
				became["refused"]++
				if trick.media {
					t.Logf("%s is refused", trick.name)
				}
			case a.State == "STATE_DONE" && trick.media:
				videos[a.Video] = trick.name
			default:
				t.Errorf("%s, %s: %+v", trick.name, way, a)
			}
		}
	}
	for name, trick := range videos {
		var video struct{ State string }
		eventually(t, trick+" is worked on", func() bool {
			v.get(name, &video)
			return video.State == "STATE_READY" || video.State == "STATE_FAILED"
		})
		became[video.State]++
		t.Logf("%s: %s", trick, video.State)
	}
	t.Logf("%d tricks, each in two ways: %v", len(all), became)
	texts := []string{p.Stdout.String(), p.Stderr.String()}
	for _, path := range []string{"/v1/uploads?page_size=1000", "/v1/videos?page_size=1000"} {
		_, _, text := v.ask(http.MethodGet, path, nil, "")
		texts = append(texts, text)
	}
	for name := range videos {
		_, _, text := v.ask(http.MethodGet, "/v1/"+name, nil, "")
		texts = append(texts, text)
	}
	tr.wantUntouched(t, data, texts...)
}
