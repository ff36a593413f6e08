package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func TestABlobIsTakenInOverREST(t *testing.T) {
	t.Parallel()
	h := setupHeld(t)
	content := []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00")
	if _, err := h.Holder.Blobs.Put(t.Context(), "imports/default/talk.wav", bytes.NewReader(content), int64(len(content)), blob.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	writer := h.key(t, models.DefaultWorkspace, models.ScopeWrite)
	create := func(query, body string) answer {
		return h.ask(t, http.MethodPost, "/v1/videos?"+query, strings.NewReader(body), func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+writer) })
	}
	var first string
	for range 2 {
		a := create("blob=imports/default/talk.wav&request_id="+requestID, `{"title": "Talk", "labels": {"a": "1"}, "externalId": "x1"}`)
		v := a.JSON(t)
		if a.Code != 200 || v["title"] != "Talk" || v["externalId"] != "x1" || v["state"] != "STATE_QUEUED" || first != "" && a.Body != first {
			t.Errorf("%d %s, first %s", a.Code, a.Body, first)
		}
		first = a.Body
	}
	for query, want := range map[string]string{
		"":                                 "INVALID_ARGUMENT path",
		"blob=imports/default/none.wav":    "SOURCE_UNAVAILABLE ",
		"blob=imports/other/talk.wav":      "INVALID_ARGUMENT blob",
		"blob=../../etc/passwd":            "INVALID_ARGUMENT blob",
		"blob=" + strings.Repeat("a", 513): "INVALID_ARGUMENT blob",
		"path=L2V0Yy9wYXNzd2Q=":            "PERMISSION_DENIED ",
		"blob=imports/default/talk.wav&captions_path=L2V0Yy9wYXNzd2Q=": "PERMISSION_DENIED ",
	} {
		a := create(query, "{}")
		if reason, field := details(t, a); reason+" "+field != want || strings.Contains(a.Body, h.Data) {
			t.Errorf("%.60s: %d %s, want %s", query, a.Code, a.Body, want)
		}
	}
}
