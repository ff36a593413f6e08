package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// TestNoAcknowledgedByteIsLost has tus-js-client, the one that the page has,
// upload a large file over a network that cuts its connections, and to a server
// that is killed and comes back: what was acknowledged is never asked for again,
// and the same file arrives.
func TestNoAcknowledgedByteIsLost(t *testing.T) {
	t.Parallel()
	_, err := os.Stat(filepath.Join(testenv.Root(t), "streaming/player/node_modules/tus-js-client"))
	testenv.Require(t, "the page's modules (make player)", err == nil)
	node, err := proc.Look("node")
	testenv.Require(t, "Node", err == nil)
	const size = 200 << 20
	file, sum := large(t, size)
	begin := func(t *testing.T, data string, way *cutter, key string) *testenv.Process {
		return testenv.Start(t, data, nil, node, filepath.Join(testenv.Root(t), "test/e2e/tus.mjs"), "http://"+way.listener.Addr().String()+"/uploads", key, file)
	}
	idle := []string{"--light=0", "--cpu=0", "--heavy=0"}
	t.Run("where connections are cut", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		_, server := startServer(t, data, idle...)
		way := startCutter(t, hostOf(t, server), 17<<20)
		wantSent(t, begin(t, data, way, server.Key), fileSize(t, file))
		if way.cuts < 10 {
			t.Errorf("%d cuts", way.cuts)
		}
		wantBlob(t, data, sum)
	})
	t.Run("where the server is killed", func(t *testing.T) {
		t.Parallel()
		data := t.TempDir()
		p, server := startServer(t, data, idle...)
		way := startCutter(t, hostOf(t, server), 2*size, size/2)
		client := begin(t, data, way, server.Key)
		way.at(t, client, func() {
			p.Kill()
			startServer(t, data, append(idle, "--listen", hostOf(t, server))...)
		})
		wantSent(t, client, fileSize(t, file))
		wantBlob(t, data, sum)
	})
}

func hostOf(t *testing.T, s served) string {
	t.Helper()
	at, err := url.Parse(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	return at.Host
}

// wantSent waits until a client has sent a file, and compares what it was told on
// the way.
func wantSent(t *testing.T, client *testenv.Process, size int64) {
	t.Helper()
	if status := client.Wait(t, deadline); status != 0 {
		t.Fatalf("status %d\n%s%s", status, client.Stdout.String(), client.Stderr.String())
	}
	var acknowledged int64
	var video string
	resumed := 0
	for line := range strings.Lines(client.Stdout.String()) {
		var told struct {
			Method, Offset, Video string
			Status                int
		}
		if err := json.Unmarshal([]byte(line), &told); err != nil {
			t.Fatal(err)
		}
		if told.Method == http.MethodHead {
			resumed++
		}
		switch told.Status {
		case http.StatusConflict, http.StatusServiceUnavailable: // it goes on by itself
		case http.StatusOK, http.StatusCreated, http.StatusNoContent:
			offset, err := strconv.ParseInt(told.Offset, 10, 64)
			if err != nil || offset < acknowledged {
				t.Errorf("%d bytes were acknowledged, and then: %s", acknowledged, line)
			}
			acknowledged, video = offset, told.Video
		default:
			t.Errorf("an answer that nobody expects: %s", line)
		}
	}
	if acknowledged != size || !strings.HasPrefix(video, "videos/") || resumed == 0 {
		t.Errorf("%d bytes were sent of %d, gone on with %d times, and became %q\n%s", acknowledged, size, resumed, video, client.Stdout.String())
	}
}
