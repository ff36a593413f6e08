package api_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// put adds a video of which nothing but its owner's words are known.
func (b *bundle) put(t *testing.T, id, title string, labels map[string]string, at time.Time) {
	t.Helper()
	err := b.Library.CreateVideo(t.Context(), &models.Video{ID: id, SHA256: id, Title: title, Labels: labels, State: models.VideoReady, Created: at, Updated: at})
	if err != nil {
		t.Fatal(err)
	}
}

func TestListsAreFilteredAndOrdered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	for i, title := range []string{"Äpfel", "Birnen", "apes"} {
		b.put(t, fmt.Sprintf("v%d", i), title, map[string]string{"n": fmt.Sprint(i)}, created.Add(time.Duration(i+1)*time.Hour))
	}
	if err := b.Library.DeleteVideo(t.Context(), "v2", time.Time{}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":                             "v1 v0 tides",
		"order_by=create_time":         "tides v0 v1",
		"order_by=title desc":          "tides v1 v0",
		"order_by=duration desc":       "tides v1 v0",
		"show_deleted=true":            "v2 v1 v0 tides",
		"filter=state = STATE_DELETED": "",
		"filter=state = STATE_DELETED&show_deleted=true":           "v2",
		"filter=title:APFEL OR duration > 60s":                     "v0 tides",
		"filter=labels.n:* AND NOT labels.n = 1":                   "v0",
		"filter=create_time > 2026-11-20T13:00:00Z&order_by=title": "v1",
		"filter=source:tides AND language_code = en":               "tides",
	} {
		name, value, _ := strings.Cut(query, "=")
		values, err := url.ParseQuery(strings.ReplaceAll(query, " ", "+"))
		if err != nil || name != "" && value == "" {
			t.Fatal(query, err)
		}
		a := b.get(t, "/v1/videos?"+values.Encode())
		var ids []string
		for _, v := range a.JSON(t)["videos"].([]any) {
			ids = append(ids, strings.TrimPrefix(v.(map[string]any)["name"].(string), "videos/"))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// Each page goes on behind the one before although videos come and go meanwhile.
func TestPagesWhileVideosComeAndGo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := cuepointv1.NewVideoServiceClient(b.dial(t))
	want := map[string]bool{}
	for i := range 10 {
		id := fmt.Sprintf("old%d", i)
		b.put(t, id, fmt.Sprintf("t%02d", 2*i), nil, created)
		want["videos/"+id] = true
	}
	for _, order := range []string{"title", "create_time desc"} {
		got := map[string]int{}
		req := &cuepointv1.ListVideosRequest{PageSize: 3, OrderBy: order, Filter: "title:t"}
		for n := 0; ; n++ {
			page, err := client.ListVideos(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.GetVideos() {
				got[v.GetName()]++
			}
			b.put(t, fmt.Sprintf("new%d%c", n, order[0]), fmt.Sprintf("t%02d", 2*n+1), nil, created.Add(time.Duration(n-2)*time.Second))
			last := page.GetVideos()[len(page.GetVideos())-1]
			if err := b.Library.PurgeVideo(t.Context(), strings.TrimPrefix(last.GetName(), "videos/")); err != nil {
				t.Fatal(err)
			}
			delete(want, last.GetName()) // for the next order
			if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
			req.PageSize++ // which may change
		}
		for name, times := range got {
			if times != 1 {
				t.Errorf("by %s: %s was listed %d times", order, name, times)
			}
		}
		for name := range want {
			if got[name] == 0 {
				t.Errorf("by %s: %s was left out", order, name)
			}
		}
	}
}

func TestPageTokensAreGoodForTheirQuestionAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 3 {
		b.put(t, fmt.Sprintf("v%d", i), strings.Repeat(string(rune('a'+i)), 1024), nil, created)
	}
	client := cuepointv1.NewVideoServiceClient(b.dial(t))
	first := &cuepointv1.ListVideosRequest{PageSize: 1, OrderBy: "title", Filter: "title:a OR title:b OR title:c"}
	page, err := client.ListVideos(t.Context(), first)
	if err != nil || page.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", page, err)
	}
	token := page.GetNextPageToken()
	for name, req := range map[string]*cuepointv1.ListVideosRequest{
		"another filter": {OrderBy: "title", Filter: "title:a"},
		"another order":  {OrderBy: "title desc", Filter: first.GetFilter()},
		"deleted ones":   {OrderBy: "title", Filter: first.GetFilter(), ShowDeleted: true},
		"half a token":   {OrderBy: "title", Filter: first.GetFilter(), PageToken: token[:len(token)/2]},
		"a made up one":  {OrderBy: "title", Filter: first.GetFilter(), PageToken: base64.RawURLEncoding.EncodeToString([]byte(`{"q":"x","k":"' OR 1=1 --","i":"v1"}`))},
		"a long one":     {OrderBy: "title", Filter: first.GetFilter(), PageToken: strings.Repeat("a", 40_000)},
	} {
		if req.GetPageToken() == "" {
			req.PageToken = token
		}
		_, err := client.ListVideos(t.Context(), req)
		if s := status.Convert(err); s.Code() != codes.InvalidArgument || !strings.HasPrefix(s.Message(), "page") {
			t.Errorf("%s: %v", name, s)
		}
	}
	other := cuepointv1.NewVideoServiceClient(b.dialWith(t, b.key(t, "other", models.ScopeRead)))
	first.PageToken = token
	if page, err := other.ListVideos(t.Context(), first); status.Code(err) != codes.InvalidArgument {
		t.Errorf("in another workspace: %v, %v", page, err)
	}
	if page, err := client.ListVideos(t.Context(), first); err != nil || cmp.Diff("videos/v1", page.GetVideos()[0].GetName()) != "" {
		t.Errorf("the token itself: %v, %v", page, err)
	}
}

func TestFiltersThatCannotBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for query, field := range map[string]string{
		"filter=nice+=+1":                               "filter",
		"filter=duration+%3E+NaN":                       "filter",
		"filter=" + strings.Repeat("(", 4000):           "filter",
		"filter=" + strings.Repeat("title:a+AND+", 400): "filter",
		"order_by=nice":                                 "order_by",
		"order_by=title,duration":                       "order_by",
	} {
		a := b.get(t, "/v1/videos?"+query)
		if reason, about := details(t, a); a.Code != 400 || reason != "INVALID_ARGUMENT" || about != field {
			t.Errorf("%.50s: %d %s", query, a.Code, a.Body)
		}
	}
	contains(t, b.get(t, "/v1/videos?filter=nice+=+1").Body, "those there are: create_time, duration")
}
