package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/cuepoint/cuepoint/internal/ingest"
)

func TestSizesAreWrittenAsPeopleDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]size{"20GiB": 20 << 30, "500 MB": 500_000_000, "1048576": 1 << 20, "0": 0, "1.5KiB": 1536} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "20 apples", "99EiB"} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s: %d", text, got)
		}
	}
}

func TestWhatComesInIsBoundedByFlags(t *testing.T) {
	t.Parallel()
	var c serveCmd
	parser, err := kong.New(&c, kong.Vars{"rate": "1"}, kong.NamedMapper("path", pathMapper{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--max-upload=1GiB", "--quota=5GB", "--upload-lifetime=2h"}); err != nil {
		t.Fatal(err)
	}
	if got := c.Upload.limits(); c.Upload.Max != 1<<30 || got.Quota != 5_000_000_000 || got.Lifetime.Hours() != 2 {
		t.Errorf("%+v", c.Upload)
	}
	if _, err := parser.Parse(nil); err != nil || c.Upload.Max != ingest.UsualMaxSize || c.Upload.limits() != (ingest.Limits{Lifetime: ingest.UsualLifetime}) {
		t.Errorf("unless they say something: %+v, %v", c.Upload, err)
	}
	for flag, value := range map[string]string{"--max-upload": "0", "--quota": "much", "--upload-lifetime": "1s"} {
		var out bytes.Buffer
		if status := run(t.Context(), []string{"serve", "--data", t.TempDir(), flag, value}, &out, &out); status != exitUsage || !strings.Contains(out.String(), flag) {
			t.Errorf("%s=%s: status %d, said %q", flag, value, status, out.String())
		}
	}
}
