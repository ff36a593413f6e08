package api_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cuepoint/cuepoint/models"
)

// golden compares an answer with a file of the testdata folder. With
// CUEPOINT_UPDATE set it writes the file.
func golden(t *testing.T, name string, a answer) {
	t.Helper()
	if a.Code != http.StatusOK {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	got := a.JSON(t)
	path := filepath.Join("testdata", name)
	if os.Getenv("CUEPOINT_UPDATE") != "" {
		if err := os.WriteFile(path, indent(t, got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changing := cmpopts.IgnoreMapEntries(func(key string, _ any) bool { return key == "updateTime" })
	if diff := cmp.Diff(answer{Body: string(want)}.JSON(t), got, changing); diff != "" {
		t.Errorf("the answer is not %s (-want +got):\n%s", path, diff)
	}
}

func TestRESTAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	for name, path := range map[string]string{
		"video.json":      "/v1/videos/tides",
		"videos.json":     "/v1/videos",
		"transcript.json": "/v1/videos/tides/transcripts/-",
		"moments.json":    "/v1/moments:search?query=MAREES+%22d%27ete%22&kinds=speech&video=videos/tides",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := b.get(t, path)
			golden(t, name, a)
			if got := a.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
			for header := range a.Header {
				if len(header) > 5 && header[:5] == "Grpc-" {
					t.Errorf("header %s of the inner call came out", header)
				}
			}
		})
	}
}

func TestAVideoThatHasJustArrived(t *testing.T) {
	t.Parallel()
	b := setup(t)
	err := b.Library.CreateVideo(t.Context(), &models.Video{ID: "new", State: models.VideoQueued, SHA256: "new", Created: created, Updated: created})
	if err != nil {
		t.Fatal(err)
	}
	v := b.get(t, "/v1/videos/new").JSON(t)
	if v["state"] != "STATE_QUEUED" || v["playback"] != nil || v["media"] != nil || v["duration"] != nil {
		t.Errorf("video %v", v)
	}
	a := b.get(t, "/v1/videos/new/transcripts/-")
	if a.Code != http.StatusNotFound {
		t.Errorf("transcript: %d %s", a.Code, a.Body)
	}
	contains(t, a.Body, "no transcript yet")
}

func TestATranscriptThatCannotBeSaysWhy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.Library.CreateVideo(t.Context(), &models.Video{ID: "mute", SHA256: "mute"}); err != nil {
		t.Fatal(err)
	}
	run := models.StageRun{ID: "run1", Stage: "speech", Status: models.StageSkipped, Error: models.Errorf(models.CodeModelMissing, "run cuepoint models pull")}
	if err := b.Library.SetRun(t.Context(), "mute", run); err != nil {
		t.Fatal(err)
	}
	contains(t, b.get(t, "/v1/videos/mute/transcripts/-").Body, "run cuepoint models pull")
	b.add(t, "tides")
	contains(t, b.get(t, "/v1/videos/tides/transcripts/de").Body, "videos/tides/transcripts/en")
}

func TestPagesOfVideos(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 5 {
		id := fmt.Sprintf("v%d", i)
		at := created.Add(time.Duration(i) * time.Second)
		if err := b.Library.CreateVideo(t.Context(), &models.Video{ID: id, SHA256: id, Created: at, Updated: at}); err != nil {
			t.Fatal(err)
		}
	}
	var names []any
	path, pages := "/v1/videos?page_size=2", 0
	for next := ""; pages == 0 || next != ""; pages++ {
		page := b.get(t, path+"&page_token="+next).JSON(t)
		for _, v := range page["videos"].([]any) {
			names = append(names, v.(map[string]any)["name"])
		}
		next, _ = page["nextPageToken"].(string)
	}
	if diff := cmp.Diff([]any{"videos/v4", "videos/v3", "videos/v2", "videos/v1", "videos/v0"}, names); diff != "" || pages != 3 {
		t.Errorf("%d pages (-want +got):\n%s", pages, diff)
	}
	if all := b.get(t, "/v1/videos?page_size=2000000000").JSON(t); len(all["videos"].([]any)) != 5 {
		t.Error("a size above the limit is not the limit")
	}
	full := b.get(t, "/v1/videos?view=VIDEO_VIEW_FULL&page_size=1")
	if full.Code != http.StatusOK {
		t.Errorf("full view: %d %s", full.Code, full.Body)
	}
}
