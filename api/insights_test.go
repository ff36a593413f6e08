package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestInsightsAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	for name, path := range map[string]string{
		"cues.json":        "/v1/videos/tides/cues?kinds=chapter&kinds=speech&start_offset=2s&end_offset=30s",
		"shots.json":       "/v1/videos/tides/shots",
		"chapters.json":    "/v1/videos/tides/chapters",
		"document.json":    "/v1/videos/tides/document",
		"transcripts.json": "/v1/videos/tides/transcripts",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, b.get(t, path))
		})
	}
}

// found commits cues that begin at these seconds, named in their order.
func (b *bundle) found(t *testing.T, seconds ...int) {
	t.Helper()
	c := store.Commit{VideoID: "v", Run: models.StageRun{ID: models.NewID(), Stage: "shots", Status: models.StageDone}}
	for i, s := range seconds {
		cue := models.Shot{Start: time.Duration(s) * time.Second, End: time.Duration(s+1) * time.Second}.Cue()
		cue.ID, cue.VideoID, cue.Stage, cue.Text = models.NewUUID(), "v", "shots", fmt.Sprint(i)
		c.Cues = append(c.Cues, cue)
	}
	if err := b.Library.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestPagesOfCuesHoldEachOnceAlsoWhereTheyAreReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	seconds := []int{0, 1, 1, 1, 1, 1, 2, 3, 3}
	b.found(t, seconds...)
	for size := 1; size <= len(seconds)+1; size++ {
		var texts []string
		for token, more := "", true; more; more = token != "" {
			page := b.get(t, fmt.Sprintf("/v1/videos/v/cues?page_size=%d&page_token=%s", size, url.QueryEscape(token))).JSON(t)
			for _, cue := range page["cues"].([]any) {
				texts = append(texts, cue.(map[string]any)["text"].(string))
			}
			token = page["nextPageToken"].(string)
			b.found(t, seconds...) // with other ids
		}
		if want := strings.Split("0 1 2 3 4 5 6 7 8", " "); !slices.Equal(texts, want) {
			t.Errorf("pages of %d: %v", size, texts)
		}
	}
}

func TestInsightsRefuseWhatCannotBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	b.found(t, 0, 1, 2)
	token := url.QueryEscape(b.get(t, "/v1/videos/v/cues?page_size=1").JSON(t)["nextPageToken"].(string))
	for path, want := range map[string]struct {
		code  int
		field string
	}{
		"/v1/videos/v/cues?page_size=2&page_token=" + token:              {200, ""},
		"/v1/videos/v/cues?kinds=shot&page_token=" + token:               {400, "page_token"},
		"/v1/videos/v/shots?page_token=" + token:                         {400, "page_token"},
		"/v1/videos/v/chapters?page_token=" + token[:len(token)-1]:       {400, "page_token"},
		"/v1/videos/v/transcripts?page_token=" + token:                   {400, "page_token"},
		"/v1/videos/v/cues?page_token=" + token + token:                  {400, "page_token"},
		"/v1/videos/v/cues?page_size=-1":                                 {400, "page_size"},
		"/v1/videos/v/cues?kinds=Shot":                                   {400, "kinds[0]"},
		"/v1/videos/v/cues?start_offset=-1s":                             {400, "start_offset"},
		"/v1/videos/v/cues?start_offset=2s&end_offset=2s":                {400, "end_offset"},
		"/v1/videos/v/cues?start_offset=x":                               {400, ""},
		"/v1/videos/v/cues?start_offset=999999999999999s":                {400, ""},
		"/v1/videos/V/document":                                          {400, "name"},
		"/v1/videos/none/document":                                       {404, ""},
		"/v1/videos/none/cues":                                           {404, ""},
		"/v1/videos/none/transcripts":                                    {404, ""},
		"/v1/videos/v/transcripts/-:export":                              {404, ""},
		"/v1/videos/v/transcripts/-:export?format=9":                     {400, "format"},
		"/v1/videos/v/transcripts/-:export?format=TRANSCRIPT_FORMAT_PDF": {400, "format"},
	} {
		a := b.get(t, path)
		if a.Code != want.code {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
		if want.field != "" && !strings.Contains(a.Body, `"field":"`+want.field+`"`) {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
}

func TestTranscriptsAreFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	title := "Ebbe \"und\" Flut\r\nX: y/../z — " + strings.Repeat("ü", 200)
	if err := b.Library.UpdateVideo(t.Context(), "tides", store.VideoUpdate{Title: &title}); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]struct{ kind, end, part string }{
		"":     {"text/vtt", ".en.vtt", "WEBVTT\n\n00:00:01.500 --> 00:00:04.000\nTides are"},
		"SRT":  {"application/x-subrip", ".en.srt", "1\n00:00:01,500 --> 00:00:04,000\nTides"},
		"TTML": {"application/ttml+xml", ".en.ttml", "<p begin=\"00:00:01.500\""},
		"TXT":  {"text/plain; charset=utf-8", ".en.txt", "moon.\nDes marées d’été.\n"},
		"JSON": {"application/json", ".en.json", `"text": "Tides",`},
	} {
		path := "/v1/videos/tides/transcripts/en:export"
		if format != "" {
			path += "?format=TRANSCRIPT_FORMAT_" + format
		}
		a := b.get(t, path)
		if a.Code != http.StatusOK || a.Header.Get("Content-Type") != want.kind || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", format, a.Code, a.Header)
		}
		contains(t, a.Body, want.part)
		disposition := a.Header.Get("Content-Disposition")
		plain, extended, _ := strings.Cut(disposition, "; filename*=UTF-8''")
		name, err := url.PathUnescape(extended)
		if err != nil || !strings.HasPrefix(name, "Ebbe -und- Flut--X- y-..-z — üü") || !strings.HasSuffix(name, "ü"+want.end) || len(name) > 140 {
			t.Errorf("%s: saved as %q, %v", format, name, err)
		}
		if diff := cmp.Diff(`attachment; filename="tides`+want.end+`"`, plain); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}
