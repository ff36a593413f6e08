package browser_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
)

// What people do to bring videos in, one step after the other.
func TestUploads(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	small := testenv.Clip(t, "small.mp4", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:d=1",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
	large := testenv.Clip(t, "large.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:d=3,noise=alls=60:allf=t",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p")

	video, err := os.ReadFile(small)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "deep", "inside.mp4"), string(video))
	write(t, filepath.Join(folder, ".hidden"), "of some program")
	write(t, filepath.Join(folder, "notes.txt"), "of somebody")
	fake := filepath.Join(dir, "<b>RLO\u202e4pm.mp4")
	write(t, fake, strings.Repeat("this is no video\n", 20_000))
	many := make([]string, 40)
	for i := range many {
		many[i] = filepath.Join(dir, fmt.Sprintf("many-%02d.mp4", i))
		write(t, many[i], "neither is this")
	}

	host := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(small))))
	t.Cleanup(host.Close)
	link := serve(t, data, "--import-allow=127.0.0.1")
	key := func(scopes string) string {
		return string(regexp.MustCompile(`ck_\S+`).Find(cuepoint(t, "keys", "create", "--data", data, "--scopes="+scopes)))
	}
	files, err := json.Marshal(map[string]any{
		"small": small, "address": host.URL + "/" + filepath.Base(small), "large": large, "sha256": hash(t, large), "fake": fake, "folder": folder, "many": many,
		"reader": key("read,play"), "writer": key("read,write"),
	})
	if err != nil {
		t.Fatal(err)
	}
	steps(t, script(t, "uploads.mjs", link, string(files), t.ArtifactDir()))
}

func hash(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
