package events

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

func TestPagesOfRareEventsMayBeEmptyWithMoreToCome(t *testing.T) {
	t.Parallel()
	source := newOutbox()
	source.record(slices.Repeat([]string{"b"}, 3*mostReads+1)...)
	source.record("a", "a", "b")
	f := New(source, slog.New(slog.DiscardHandler))
	f.page = 3
	var got []int
	cursor := int64(0)
	for more := true; more; {
		page, err := f.Page(t.Context(), cursor, Filter{VideoID: "a"}, 1)
		if err != nil || page.Cursor <= cursor && page.More {
			t.Fatalf("%+v after %d: %v", page, cursor, err)
		}
		got = append(got, len(page.Events))
		cursor, more = page.Cursor, page.More
	}
	if diff := cmp.Diff([]int{0, 1, 1, 0}, got); diff != "" || cursor != source.last {
		t.Errorf("events on pages up to %d of %d (-want +got):\n%s", cursor, source.last, diff)
	}
}

func TestWhoIsNotPatientIsToldThatThereIsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		f := start(t, source, slog.New(slog.DiscardHandler))
		s := subscribe(t, f, Now, Filter{VideoID: "a"})
		synctest.Wait()
		source.record("b", "b")
		asked := time.Now()
		if e, some, err := s.NextWithin(t.Context(), 5*time.Second); some || err != nil || time.Since(asked) != 5*time.Second {
			t.Errorf("%+v, %t, %v after %v", e, some, err, time.Since(asked))
		}
		if after, at := s.Cursor(); after != 4 || at.Before(asked) {
			t.Errorf("at %d, %v", after, at)
		}
		source.record("a", "a")
		if e, some, err := s.NextWithin(t.Context(), 5*time.Second); e.Cursor != 6 || !some || err != nil {
			t.Errorf("%+v, %t, %v", e, some, err)
		}
		if after, _ := s.Cursor(); after < 6 || after >= 8 {
			t.Errorf("between two events: %d", after)
		}
	})
}

// What happens to an upload that is no video yet is for those who ask for all,
// and for none who ask for a video.
func TestEventsOfUploadsAreOfNoVideo(t *testing.T) {
	t.Parallel()
	source := newOutbox()
	source.record("a", "b")
	want := models.Event{Cursor: 5, Workspace: "ours", UploadID: "u", Type: models.EventUploadCreated}
	done := models.Event{Cursor: 6, Workspace: "ours", UploadID: "u", VideoID: "a", Type: models.EventUploadDone}
	source.events = append(source.events, want, done)
	source.last = done.Cursor
	f := New(source, slog.New(slog.DiscardHandler))
	for name, test := range map[string]struct {
		filter Filter
		want   []models.Event
	}{
		"all":     {Filter{Workspace: "ours"}, source.events},
		"a video": {Filter{VideoID: "a"}, []models.Event{source.events[0], done}},
		"a type":  {Filter{Types: []models.EventType{models.EventUploadCreated}}, []models.Event{want}},
		"others":  {Filter{Workspace: "theirs"}, nil},
	} {
		page, err := f.Page(t.Context(), 0, test.filter, 10)
		if diff := cmp.Diff(test.want, page.Events); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", name, err, diff)
		}
	}
}
