package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
)

func TestADeletedVideoComesBackAsItWas(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	before := h.get(t, "/v1/videos/tides").JSON(t)
	gone := h.ask(t, http.MethodDelete, "/v1/videos/tides", nil, nil).JSON(t)
	deleted, err := time.Parse(time.RFC3339, gone["deleteTime"].(string))
	if err != nil {
		t.Fatal(err)
	}
	until, err := time.Parse(time.RFC3339, gone["purgeTime"].(string))
	if err != nil || gone["state"] != "STATE_DELETED" || until.Before(deleted.Add(analyzer.KeepDeleted-time.Minute)) || gone["playback"] != nil {
		t.Errorf("deleted: %v, %v", gone, err)
	}
	if got := h.get(t, "/v1/videos/tides").JSON(t); got["state"] != "STATE_DELETED" || got["title"] != "Tides" {
		t.Errorf("by its name: %v", got)
	}
	for path, want := range map[string]int{
		"/v1/videos/tides/transcripts/-": 404, "/v1/moments:search?query=tides&video=videos/tides": 404, "/v1/videos/tides/chapters": 404,
	} {
		if a := h.get(t, path); a.Code != want && !strings.Contains(a.Body, "[]") {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
	contains(t, h.get(t, "/v1/videos/tides/transcripts/-").Body, "is deleted")
	for _, call := range []string{"POST /v1/videos/tides:analyze", "POST /v1/videos/tides:cancel", "PATCH /v1/videos/tides", "DELETE /v1/videos/tides"} {
		verb, path, _ := strings.Cut(call, " ")
		if a := h.ask(t, verb, path, strings.NewReader(`{}`), nil); a.Code != 404 {
			t.Errorf("%s: %d %s", call, a.Code, a.Body)
		}
	}
	back := h.ask(t, http.MethodPost, "/v1/videos/tides:undelete", strings.NewReader("{}"), nil)
	after := h.get(t, "/v1/videos/tides").JSON(t)
	delete(before, "updateTime")
	delete(after, "updateTime")
	if diff := cmp.Diff(before, after); diff != "" || back.JSON(t)["state"] != before["state"] {
		t.Errorf("%d %s (-before +after):\n%s", back.Code, back.Body, diff)
	}
	again := h.ask(t, http.MethodPost, "/v1/videos/tides:undelete", strings.NewReader("{}"), nil)
	if reason, _ := details(t, again); again.Code != 409 || reason != "ALREADY_EXISTS" {
		t.Errorf("undeleted twice: %d %s", again.Code, again.Body)
	}
}

func TestDeletions(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	tides := func(change func(*cuepointv1.DeleteVideoRequest)) (*cuepointv1.Video, codes.Code) {
		req := &cuepointv1.DeleteVideoRequest{Name: "videos/tides"}
		change(req)
		v, err := h.Videos.DeleteVideo(t.Context(), req)
		return v, status.Code(err)
	}
	nothing := &cuepointv1.Video{Name: "videos/tides", State: cuepointv1.Video_STATE_DELETED}
	if _, code := tides(func(r *cuepointv1.DeleteVideoRequest) { r.Etag = `"7"` }); code != codes.Aborted {
		t.Errorf("at another etag: %v", code)
	}
	if v, code := tides(func(r *cuepointv1.DeleteVideoRequest) { r.Etag = `"0"` }); code != codes.OK || v.GetPurgeTime() == nil {
		t.Errorf("%v, %v", v, code)
	}
	if _, code := tides(func(*cuepointv1.DeleteVideoRequest) {}); code != codes.NotFound {
		t.Errorf("deleted twice: %v", code)
	}
	if v, code := tides(func(r *cuepointv1.DeleteVideoRequest) { r.AllowMissing = true }); code != codes.OK || v.GetPurgeTime() == nil {
		t.Errorf("though it may be: %v, %v", v, code)
	}
	for range 2 {
		v, code := tides(func(r *cuepointv1.DeleteVideoRequest) { r.Purge, r.AllowMissing, r.RequestId = true, true, requestID })
		if diff := cmp.Diff(nothing, v, protocmp.Transform()); code != codes.OK || diff != "" {
			t.Errorf("purged, %v (-want +got):\n%s", code, diff)
		}
	}
	if _, code := tides(func(r *cuepointv1.DeleteVideoRequest) { r.Purge = true }); code != codes.NotFound {
		t.Errorf("purged twice: %v", code)
	}
	if _, err := h.Videos.UndeleteVideo(t.Context(), &cuepointv1.UndeleteVideoRequest{Name: "videos/tides"}); status.Code(err) != codes.NotFound {
		t.Errorf("undeleted after that: %v", err)
	}
}
