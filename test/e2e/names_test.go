package e2e

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"
)

// evilNames are what no file should be called.
var evilNames = map[string]string{
	"a way up":              "../../../../../../../../../../tmp/outside.mp4",
	"a way up on Windows":   `..\..\..\outside.mp4`,
	"a path":                "/outside/of/it.mp4",
	"an encoded way up":     "%2e%2e%2f%2e%2e%2foutside.mp4",
	"a directory":           "outside/",
	"here":                  ".",
	"above":                 "..",
	"a NUL":                 "out\x00side.mp4",
	"lines":                 "out\r\nside: yes\n.mp4",
	"a terminal's commands": "\x1b]0;outside\x07\x1b[2J\x1b[31m.mp4",
	"turned around":         "outside\u202e4pm.exe",
	"marks of direction":    "\u2066out\u2069side\u200f.mp4",
	"no UTF-8":              "out\xff\xfe\xc0\xafside.mp4",
	"half a character":      "outside\xe2\x80",
	"4 kB":                  strings.Repeat("outside.", 512) + "mp4",
	"40 kB":                 strings.Repeat("\u00fcber", 8<<10),
	"an option":             "--outside=-rf",
	"a command":             "$(touch outside);`touch outside`|touch outside.mp4",
	"an address":            "concat:file:///outside|http://127.0.0.1:1/outside.mp4",
	"a place for formats":   "outside%d%s%n.mp4",
	"a page":                `"><script>outside()</script>.mp4`,
	"nothing":               "",
}

// TestWhatAFileIsCalledIsOnlyShown brings files in by every way, under names that
// mean harm.
func TestWhatAFileIsCalledIsOnlyShown(t *testing.T) {
	t.Parallel()
	around := t.TempDir()
	data, folder := filepath.Join(around, "a/b/c/data"), filepath.Join(around, "folder")
	for _, dir := range []string{data, folder} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	content := contents()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if said := r.URL.Query().Get("said"); said != "" {
			w.Header()["Content-Disposition"] = []string{said}
		}
		_, _ = w.Write([]byte(content()))
	}))
	t.Cleanup(host.Close)
	_, server := startServer(t, data, "--light=0", "--cpu=0", "--heavy=0", "--rate=0", "--import-allow=127.0.0.1",
		"--watch="+folder, "--watch-every=100ms", "--watch-settle=1ms")
	v := visitor{t, server}

	var began []string
	for _, name := range evilNames {
		if len(name) < 10<<10 { // what a header holds
			began = append(began, v.send(name, content()))
		}
		paths := []string{url.PathEscape(name), "?said=" + url.QueryEscape("attachment; filename*=UTF-8''"+url.PathEscape(name))}
		if !strings.ContainsFunc(name, unicode.IsControl) { // of which no answer is understood
			paths = append(paths, "?said="+url.QueryEscape(`attachment; filename="`+name+`"`), "?said="+url.QueryEscape("attachment; filename="+name))
		}
		for _, path := range paths {
			if len(path) < 4000 { // what an address holds
				began = append(began, v.begin(map[string]any{"source_uri": host.URL + "/" + path}))
			}
		}
		if utf8.ValidString(name) && len(name) <= 4<<10 { // what the API takes
			began = append(began, v.begin(map[string]any{"filename": name, "size": "10"}))
		}
	}
	found, sent := namedFiles(t, folder, content), namedFiles(t, t.TempDir(), content)
	if r := over(t, server, append([]string{"upload", "--json"}, sent...)...); r.status != 0 || strings.Count(r.stdout, "\n") != len(sent) || strings.ContainsFunc(strings.ReplaceAll(r.stderr, "\n", ""), strange) {
		t.Errorf("upload: status %d\n%s%q", r.status, r.stdout, r.stderr)
	}
	for _, name := range began {
		if a := v.find(name); !strings.Contains(a.State, "RECEIVING") || a.SourceURI != "" {
			if a = v.ended(name); a.State != "STATE_DONE" {
				t.Errorf("%+v", a)
			}
		}
	}
	all := func() (list struct {
		Uploads []arrival
		Videos  []struct{ Title, Filename string }
	}) {
		for _, path := range []string{"uploads", "videos"} {
			v.get(path+"?page_size=1000", &list)
		}
		return list
	}
	eventually(t, "what lies in the folder is taken in", func() bool { return len(all().Uploads) == len(began)+len(found)+len(sent) })

	list := all()
	shown := []string{cuepoint(t, "list", "--data", data).stdout}
	for _, a := range list.Uploads {
		shown = append(shown, a.Filename, a.SourceURI)
	}
	for _, video := range list.Videos {
		shown = append(shown, video.Title, video.Filename)
	}
	for _, text := range shown {
		if !utf8.ValidString(text) || strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), strange) && len(text) <= 4<<10 {
			t.Errorf("shown is %.200q", text)
		}
	}
	wantNamesOfOurs(t, around, data, folder)
}

// contents returns a function that makes another small file each time, which passes
// for sound. It may be called from many goroutines.
func contents() func() string {
	var n atomic.Int64
	return func() string { return "fLaC" + strconv.FormatInt(n.Add(1), 10) }
}

// strange tells whether a character is none that people read.
func strange(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// namedFiles puts files with those evil names into a directory that a file system
// takes, and returns their paths.
func namedFiles(t *testing.T, dir string, content func() string) (paths []string) {
	t.Helper()
	for _, name := range evilNames {
		name = strings.NewReplacer("/", "\u2215", "\x00", "").Replace(name)
		if strings.TrimLeft(name, ".") != name || name == "" {
			name = "dots" + name // hidden ones are left alone
		}
		path := filepath.Join(dir, name[:min(len(name), 240)]+".mp4")
		err := os.WriteFile(path, []byte(content()), 0o600)
		switch {
		case err == nil:
			paths = append(paths, path)
		case !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, syscall.EILSEQ):
			t.Fatal(err)
		}
	}
	return paths
}

var ourName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// wantNamesOfOurs fails where a file has a name that somebody else gave it, or lies
// outside of the data directory.
func wantNamesOfOurs(t *testing.T, around, data, folder string) {
	t.Helper()
	err := filepath.WalkDir(around, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == folder:
			return fs.SkipDir
		case path == around, strings.HasPrefix(data, path+"/"), path == data:
			return nil
		case !strings.HasPrefix(path, data+"/"), !ourName.MatchString(entry.Name()), strings.Contains(path, "outside"):
			t.Errorf("there is %q", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/tmp/outside.mp4"); err == nil {
		t.Error("there is /tmp/outside.mp4")
	}
}
