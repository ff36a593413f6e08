package main

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
)

// shell runs commands in a library with one video, v1.
func shell(t *testing.T) func(args ...string) (status int, stdout, stderr string) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	a, err := app.Open(t.Context(), app.Config{Data: data, Log: slog.New(slog.DiscardHandler)}, true)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	err = a.Store.CreateVideo(t.Context(), &models.Video{ID: "v1", Title: "Tides", Source: "/v/tides.mp4", SHA256: "1", State: models.VideoReady, Created: now, Updated: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) (status int, stdout, stderr string) {
		var out, says bytes.Buffer
		status = run(t.Context(), append([]string{"--data", data}, args...), &out, &says)
		return status, out.String(), says.String()
	}
}

func TestUpdateAndList(t *testing.T) {
	t.Parallel()
	sh := shell(t)
	status, out, says := sh("update", "v1", "--title", "Ebb; flow", "--label", "course=a;b=c", "--label", "draft=", "--external-id", "x1")
	if status != exitOK || out != "v1 Ebb; flow\n" {
		t.Fatalf("status %d, prints %q, says %q", status, out, says)
	}
	sh("update", "v1", "--unlabel", "draft")
	if _, out, _ := sh("list", "--json", "--filter", "title:FLOW AND NOT labels:draft", "--order-by", "title desc"); !strings.Contains(out, `"labels":{"course":"a;b=c"},"external_id":"x1"`) {
		t.Errorf("list prints %q", out)
	}
	if _, out, says := sh("list", "--filter", "labels:draft"); out != "" || says != "" {
		t.Errorf("list of what there is not prints %q, says %q", out, says)
	}
	for _, args := range [][]string{{"update", "v1"}, {"update", "v1", "--language", "deutsch"}} {
		if status, _, says := sh(args...); status != exitUsage {
			t.Errorf("%q: status %d, says %q", args, status, says)
		}
	}
	for _, args := range [][]string{{"update", "v1", "--label", "UP=1"}, {"list", "--filter", "nice = 1"}, {"list", "--order-by", "nice"}} {
		if status, _, says := sh(args...); status != exitFailed || !strings.Contains(says, "INVALID_ARGUMENT") {
			t.Errorf("%q: status %d, says %q", args, status, says)
		}
	}
}

func TestDeleteAndUndelete(t *testing.T) {
	t.Parallel()
	sh := shell(t)
	brought := "v1 deleted; `cuepoint undelete v1` brings it back until 20"
	if status, out, says := sh("delete", "v1"); status != exitOK || !strings.HasPrefix(out, brought) {
		t.Errorf("delete: status %d, prints %q, says %q", status, out, says)
	}
	if _, out, _ := sh("list"); out != "" {
		t.Errorf("list prints %q", out)
	}
	if _, out, _ := sh("list", "--deleted"); !strings.HasPrefix(out, "v1  deleted") {
		t.Errorf("list --deleted prints %q", out)
	}
	if status, out, says := sh("undelete", "v1"); status != exitOK || out != "v1 ready\n" {
		t.Errorf("undelete: status %d, prints %q, says %q", status, out, says)
	}
	if _, out, _ := sh("--keep-deleted", "1h", "delete", "--json", "v1"); !strings.Contains(out, time.Now().UTC().Add(time.Hour).Format(`"until":"2006-01-02T`)) {
		t.Errorf("delete --json prints %q", out)
	}
	if status, out, _ := sh("delete", "--purge", "v1"); status != exitOK || out != "v1 purged\n" {
		t.Errorf("delete --purge: status %d, prints %q", status, out)
	}
	if status, _, says := sh("undelete", "v1"); status != exitFailed || !strings.Contains(says, "NOT_FOUND") {
		t.Errorf("undelete after that: status %d, says %q", status, says)
	}
	if status, _, says := sh("--keep-deleted", "0s", "list"); status != exitUsage {
		t.Errorf("kept for no time: status %d, says %q", status, says)
	}
}
