package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// A reply is read once while nothing changes, and anew after a change, which the
// next reply shows; it is its workspace's own.
func TestRepliesAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	read := 0
	b.Library.before("tides", func(context.Context) error { read++; return nil })
	client := cuepointv1.NewVideoServiceClient(b.dial(t))
	title := func(want string) {
		t.Helper()
		for range 3 {
			v, err := client.GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"})
			if err != nil || v.GetTitle() != want {
				t.Fatalf("%q, want %q, error %v", v.GetTitle(), want, err)
			}
			if a := b.get(t, "/v1/videos/tides"); !strings.Contains(a.Body, `"`+want+`"`) {
				t.Fatalf("REST: %s", a.Body)
			}
		}
	}
	title("Tides")
	if read != 1 {
		t.Errorf("read %d times", read)
	}
	changed := "Ebb"
	if err := b.Store.In(models.DefaultWorkspace).UpdateVideo(t.Context(), "tides", store.VideoUpdate{Title: &changed}); err != nil {
		t.Fatal(err)
	}
	title("Ebb")
	if read != 2 {
		t.Errorf("read %d times after a change", read)
	}
	other := b.dialWith(t, b.key(t, "other", models.ScopeAdmin))
	if v, err := cuepointv1.NewVideoServiceClient(other).GetVideo(t.Context(), &cuepointv1.GetVideoRequest{Name: "videos/tides"}); err == nil {
		t.Errorf("another workspace got %v", v)
	}
}
