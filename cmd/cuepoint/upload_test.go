package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/client"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

func TestUploadAddsToTheLibraryOfThisMachine(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	a, err := app.Open(t.Context(), app.Config{Data: data, Log: slog.New(slog.DiscardHandler)}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Dir.Lock(); err != nil {
		t.Fatal(err)
	}
	h := hold(t, data)
	upload := func(args ...string) (status int, stdout, stderr string) {
		var out, says bytes.Buffer
		status = run(t.Context(), append([]string{"upload", "--data", data}, args...), &out, &says)
		return status, out.String(), says.String()
	}
	if status, out, says := upload("--title", "Tides", "--label", "a=b;c=d", "--language", "en", "--external-id", "x", "/v/caf\xe9.mp4"); status != exitOK ||
		!strings.HasPrefix(out, "v1 /v/caf\uFFFD.mp4 (added to the library in "+data) {
		t.Errorf("status %d, prints %q, says %q", status, out, says)
	}
	want := []any{[]any{api.CreateRequest{Path: "/v/caf\xe9.mp4", Options: analyzer.Options{
		Title: "Tides", Language: "en", Labels: map[string]string{"a": "b;c=d"}, ExternalID: "x",
	}}}}
	if diff := cmp.Diff(want, h.given); diff != "" {
		t.Errorf("given (-want +got):\n%s", diff)
	}
	if _, out, _ := upload("--json", "/v/a.mp4"); out != `{"file":"/v/a.mp4","video":"v1","duplicate":false}`+"\n" {
		t.Errorf("prints %q", out)
	}
	h.wait = func(context.Context) error { return models.Errorf(models.CodeStorageFull, "no room") }
	if status, out, says := upload("--json", "/v/a.mp4", "/v/b.mp4"); status != exitFailed || strings.Count(out, `"error":{"code":"STORAGE_FULL","message":"no room"}`) != 2 ||
		says != "/v/a.mp4: failed: STORAGE_FULL: no room\n/v/b.mp4: failed: STORAGE_FULL: no room\n" {
		t.Errorf("status %d, prints %q, says %q", status, out, says)
	}
}

func TestWrongUploads(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"--title and":       {"--title", "x", "a", "b"},
		"--external-id go":  {"--external-id", "x", "a", "b"},
		"--allow-duplicate": {"--allow-duplicate", "a"},
		"no language tag":   {"--language", "??", "a"},
		"expected \"<file>": {},
	} {
		var out, says bytes.Buffer
		if status := run(t.Context(), append([]string{"upload", "--data", t.TempDir()}, args...), &out, &says); status != exitUsage || !strings.Contains(says.String(), want) {
			t.Errorf("%q: status %d, says %q, want %q", args, status, says.String(), want)
		}
	}
}

func TestAnAddressNeedsAServer(t *testing.T) {
	t.Parallel()
	var out, says bytes.Buffer
	code := run(t.Context(), []string{"upload", "--data", filepath.Join(t.TempDir(), "data"), "https://example.org/a.mp4"}, &out, &says)
	if code != exitFailed || !strings.Contains(says.String(), "SERVER_UNAVAILABLE") || !strings.Contains(says.String(), "cuepoint serve") {
		t.Errorf("status %d, says %q", code, says.String())
	}
}

func TestWhatIsSaidOfAnUpload(t *testing.T) {
	t.Parallel()
	gone := status.Error(codes.Unavailable, "connection refused")
	var out bytes.Buffer
	show := newSendProgress(&out, "a.mp4")
	for _, p := range []client.UploadProgress{
		{Sent: 0, Size: 100}, {Sent: 10, Size: 100}, {Sent: 20, Size: 100, Waiting: gone}, {Sent: 20, Size: 100, Waiting: errors.New("again")},
		{Sent: 20, Size: 100}, {Sent: 30, Size: 100}, {Sent: 30, Waiting: gone}, {Sent: 1536},
	} {
		show.Tell(p)
	}
	show.Close()
	want := "a.mp4: sending\na.mp4: waiting: connection refused\na.mp4: going on at 20%\na.mp4: waiting: connection refused\na.mp4: going on at 1.5KiB\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatToDoAboutAnUpload(t *testing.T) {
	t.Parallel()
	e := models.AsError(explainUpload(models.Errorf(models.CodeServerUnavailable, "connection refused")))
	if e.Code != models.CodeServerUnavailable || e.Message != "connection refused; run the same command again to go on where it stopped" {
		t.Errorf("%v", e)
	}
}
